import Bytes
import Synchronization
import TraceModel

extension TraceStore {
    /// What a read reads: all of one moment.
    struct View {
        /// Newest first.
        var generations: [Generation]
        /// Newest first.
        var segments: [TraceSegment]
    }

    private func view() throws(TraceStoreError) -> View {
        let view: View? = state.withLock { state in
            guard !state.isClosed else { return nil }
            return View(generations: [state.active] + state.retired.reversed(), segments: state.segments.reversed())
        }
        guard let view else { throw .closed }
        return view
    }

    package func services() throws(TraceStoreError) -> [String] {
        let view = try view()
        var names: Set<String> = []
        for generation in view.generations { names.formUnion(generation.services) }
        for operations in view.segments.map({ rollUp(of: $0) }) { names.formUnion(operations.keys) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func operations(service: String, kind: Span.Kind?) throws(TraceStoreError) -> [TraceOperation] {
        let view = try view()
        var operations: Set<TraceOperation> = []
        for generation in view.generations { operations.formUnion(generation.operations(of: service)) }
        for known in view.segments.compactMap({ rollUp(of: $0)[service] }) { operations.formUnion(known) }
        return operations.filter { kind == nil || $0.kind == kind }.sorted { a, b in
            a.name == b.name ? a.kind.rawValue < b.kind.rawValue : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
        }
    }

    private func rollUp(of segment: TraceSegment) -> [String: Set<TraceOperation>] {
        do throws(TraceStoreError) {
            return try segment.operations()
        } catch {
            noteDamage(error)
            return [:]
        }
    }

    package func trace(_ id: TraceID) throws(TraceStoreError) -> Trace? { try trace(id, in: view()) }

    /// Fragments from the oldest to the newest, so that of a trace that is too large the oldest spans are kept.
    private func trace(_ id: TraceID, in view: View) throws(TraceStoreError) -> Trace? {
        let key = TraceKey(id)
        var assembler = TraceAssembler()
        var (kept, total) = (0, 0)
        for segment in view.segments.reversed() {
            guard let number = segment.find(key) else { continue }
            do throws(TraceStoreError) {
                let count = Int(segment.entry(number).spanCount)
                let index = segment.pageIndex(of: number)
                let bytes = try cache.page(index, of: segment)
                do throws(ByteError) {
                    let set = try PageReader(bytes).spans(of: [number - segment.page(index).firstTrace], keys: [key])
                    let rows = Array(0..<min(set.rows.count, options.spansPerTraceMax - kept))
                    assembler.add(try set.resourceSpans(of: rows))
                    kept += rows.count
                } catch {
                    throw .corrupt(file: segment.path, offset: segment.page(index).offset, reason: "page \(index): \(error)")
                }
                total += count
            } catch {
                noteDamage(error)
            }
        }
        for generation in view.generations.reversed() {
            guard let found = generation.rows(of: id, max: options.spansPerTraceMax - kept) else { continue }
            kept += found.rows.count
            total += found.total
            do throws(ByteError) { assembler.add(try found.set.resourceSpans(of: found.rows)) } catch { throw .memory(error) }
        }
        return total == 0 ? nil : Trace(id: id, resourceSpans: assembler.resourceSpans, omittedSpanCount: total - kept)
    }

    package func find(_ search: TraceSearch) throws(TraceStoreError) -> [Trace] {
        let plan = try SearchPlan(search)
        let view = try view()
        guard plan.limit > 0 else { return [] }
        var found: [Hit] = []
        for generation in view.generations {
            let (set, numbers) = generation.snapshot(numbering: plan.terms)
            do throws(ByteError) { found += try set.hits(SpanMatcher(plan, set, numbers: numbers)) } catch { throw .memory(error) }
        }
        var searches = view.segments.compactMap { SegmentSearch(plan, $0, cache) }
        var hits = HitQueue(found)
        var traces: [Trace] = []
        var spanCount = 0
        var seen: Set<TraceKey> = []
        while traces.count < plan.limit, spanCount < options.spansPerAnswerMax {
            // A hit is next once no segment can have one that comes before it.
            let newest = searches.indices.max { searches[$0].bound ?? 0 < searches[$1].bound ?? 0 }
            if let newest, let bound = searches[newest].bound, hits.first.map({ bound >= $0.startUnixNano }) ?? true {
                do throws(TraceStoreError) {
                    hits.add(try searches[newest].more { noteDamage($0) })
                } catch {
                    noteDamage(error)
                    searches.remove(at: newest)
                }
                continue
            }
            if let newest, searches[newest].bound == nil {
                searches.remove(at: newest)
                continue
            }
            guard let hit = hits.removeFirst() else { break }
            guard seen.insert(hit.key).inserted, let trace = try trace(hit.key.id, in: view) else { continue }
            traces.append(trace)
            spanCount += trace.spanCount
        }
        return traces
    }

    package func dependencies(startUnixNano: ClosedRange<UInt64>) throws(TraceStoreError) -> [ServiceDependency] {
        let view = try view()
        var counts = DependencyCounts()
        for generation in view.generations { counts.add(generation.snapshot(), startUnixNano: startUnixNano) }
        for segment in view.segments {
            do throws(TraceStoreError) { try segment.addDependencies(to: &counts, startUnixNano: startUnixNano) } catch { noteDamage(error) }
        }
        return counts.links
    }
}
