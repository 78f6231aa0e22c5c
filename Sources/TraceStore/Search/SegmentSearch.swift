import Bytes
import TraceModel

/// A search's way through one segment: the indexes name candidates, newest first; the pages tell which of them match.
///
/// Candidates are looked at in batches that grow, so that a search which few fulfil reads each page about once.
struct SegmentSearch {
    private let plan: SearchPlan
    private let segment: TraceSegment
    private let cache: PageCache
    /// Traces that may match, the one with the newest bound last; nil until the indexes were asked.
    private var candidates: [(bound: UInt64, trace: UInt32)]?
    private var batch = 32

    /// - Returns: nil when no span of the segment can match.
    init?(_ plan: SearchPlan, _ segment: TraceSegment, _ cache: PageCache) {
        guard segment.footer.startUnixNano <= plan.startUnixNano.upperBound, segment.footer.lastStartUnixNano >= plan.startUnixNano.lowerBound else { return nil }
        self.plan = plan
        self.segment = segment
        self.cache = cache
    }

    /// No hit to come is newer; nil when none is to come.
    var bound: UInt64? {
        guard let candidates else { return min(segment.footer.lastStartUnixNano, plan.startUnixNano.upperBound) }
        return candidates.last?.bound
    }

    /// Looks at more, and returns what matches. Pages that cannot be read are told to `damage` and left out.
    mutating func more(_ damage: (TraceStoreError) -> Void) throws(TraceStoreError) -> [Hit] {
        if candidates == nil { candidates = try gather() }
        guard var rest = candidates else { return [] }
        let next = rest.suffix(batch)
        rest.removeLast(next.count)
        candidates = rest
        batch *= 4
        var byPage: [Int: [Int]] = [:]
        for candidate in next { byPage[segment.pageIndex(of: Int(candidate.trace)), default: []].append(Int(candidate.trace)) }
        var hits: [Hit] = []
        for (index, traces) in byPage.sorted(by: { $0.key < $1.key }) {
            do throws(TraceStoreError) {
                hits += try search(page: index, traces.sorted())
            } catch {
                damage(error)
            }
        }
        return hits
    }

    private func search(page index: Int, _ traces: [Int]) throws(TraceStoreError) -> [Hit] {
        let bytes = try cache.page(index, of: segment)
        let first = segment.page(index).firstTrace
        do throws(ByteError) {
            let reader = try PageReader(bytes)
            let numbers = reader.numbers(of: plan.termBytes)
            let set = try reader.spans(of: traces.map { $0 - first }, keys: traces.map { segment.key($0) })
            return try set.hits(SpanMatcher(plan, set, numbers: numbers))
        } catch {
            throw .corrupt(file: segment.path, offset: segment.page(index).offset, reason: "page \(index): \(error)")
        }
    }

    /// The traces that the indexes do not rule out, by bound.
    private func gather() throws(TraceStoreError) -> [(bound: UInt64, trace: UInt32)] {
        var chosen: [UInt32]?
        for alternatives in plan.lookups {
            var union: [UInt32] = []
            var hashes: [UInt64] = []
            for (key, value) in alternatives {
                switch try segment.lookup(key: key, value: value) {
                case .none: break
                case .traces(let traces): union = union.isEmpty ? traces : TraceSegment.union(union, traces)
                case .filtered: hashes.append(PairHash.pair(key: PairHash.hash(key), value: PairHash.hash(value)))
                }
            }
            if !hashes.isEmpty { union = TraceSegment.union(union, segment.filtered(hashes)) }
            chosen = chosen.map { TraceSegment.intersection($0, union) } ?? union
            if chosen?.isEmpty == true { return [] }
        }
        var candidates: [(bound: UInt64, trace: UInt32)] = []
        func consider(_ trace: UInt32) {
            let entry = segment.entry(Int(trace))
            guard entry.startUnixNano <= plan.startUnixNano.upperBound, entry.lastStartUnixNano >= plan.startUnixNano.lowerBound else { return }
            // A span lasts no longer than from its trace's first start to its last end.
            guard plan.durationMinNanos == 0 || entry.endUnixNano >= entry.startUnixNano && entry.endUnixNano - entry.startUnixNano >= plan.durationMinNanos else { return }
            candidates.append((min(entry.lastStartUnixNano, plan.startUnixNano.upperBound), trace))
        }
        if let chosen { for trace in chosen { consider(trace) } } else { for trace in 0..<segment.footer.traceCount { consider(UInt32(trace)) } }
        candidates.sort { ($0.bound, $0.trace) < ($1.bound, $1.trace) }
        return candidates
    }
}
