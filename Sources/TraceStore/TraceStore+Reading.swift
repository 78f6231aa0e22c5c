import Bytes
import Synchronization
import TraceModel

extension TraceStore {
    /// What a read reads: all of one moment.
    struct View {
        /// Newest first.
        var generations: [Generation]
    }

    func view() throws(TraceStoreError) -> View {
        let view: View? = state.withLock { state in state.isClosed ? nil : View(generations: [state.active]) }
        guard let view else { throw .closed }
        return view
    }

    package func services() throws(TraceStoreError) -> [String] {
        var names: Set<String> = []
        for generation in try view().generations { names.formUnion(generation.services) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func operations(service: String, kind: Span.Kind?) throws(TraceStoreError) -> [TraceOperation] {
        var operations: Set<TraceOperation> = []
        for generation in try view().generations { operations.formUnion(generation.operations(of: service)) }
        return operations.filter { kind == nil || $0.kind == kind }.sorted { a, b in
            a.name == b.name ? a.kind.rawValue < b.kind.rawValue : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
        }
    }

    package func trace(_ id: TraceID) throws(TraceStoreError) -> Trace? { try trace(id, in: view()) }

    func trace(_ id: TraceID, in view: View) throws(TraceStoreError) -> Trace? {
        var assembler = TraceAssembler()
        var (kept, total) = (0, 0)
        for generation in view.generations.reversed() {
            guard let found = generation.rows(of: id, max: options.spansPerTraceMax - kept) else { continue }
            kept += found.rows.count
            total += found.total
            do throws(ByteError) {
                assembler.add(try found.set.resourceSpans(of: found.rows))
            } catch {
                throw .corrupt(file: "memory", offset: 0, reason: "\(error)")
            }
        }
        return total == 0 ? nil : Trace(id: id, resourceSpans: assembler.resourceSpans, omittedSpanCount: total - kept)
    }

    package func find(_ search: TraceSearch) throws(TraceStoreError) -> [Trace] {
        let plan = try SearchPlan(search)
        let view = try view()
        guard plan.limit > 0 else { return [] }
        var hits: [Hit] = []
        for generation in view.generations {
            let (set, numbers) = generation.snapshot(numbering: plan.terms)
            do throws(ByteError) {
                hits += try set.hits(SpanMatcher(plan, set, numbers: numbers))
            } catch {
                throw .corrupt(file: "memory", offset: 0, reason: "\(error)")
            }
        }
        hits.sort { $0.precedes($1) }
        var traces: [Trace] = []
        var seen: Set<TraceKey> = []
        for hit in hits where traces.count < plan.limit && seen.insert(hit.key).inserted {
            if let trace = try trace(hit.key.id, in: view) { traces.append(trace) }
        }
        return traces
    }

    package func dependencies(startUnixNano: ClosedRange<UInt64>) throws(TraceStoreError) -> [ServiceDependency] {
        var counts = DependencyCounts()
        for generation in try view().generations { counts.add(generation.snapshot(), startUnixNano: startUnixNano) }
        return counts.links
    }
}
