import MetricModel

/// The values that one label has in the head, and for each the series that have it, rising.
final class LabelIndex: @unchecked Sendable {
    // SAFETY: touched under the lock of the `HeadIndex` that holds it only.

    /// Series with one value. Most values of some labels belong to one series alone, which needs no array.
    struct Postings {
        private(set) var first: SeriesOrdinal = 0
        private(set) var rest: [SeriesOrdinal] = []
        private(set) var count = 0

        /// Adds a series whose number is higher than all before.
        mutating func append(_ ordinal: SeriesOrdinal) {
            if count == 0 { first = ordinal } else { rest.append(ordinal) }
            count += 1
        }

        func forEach(_ body: (SeriesOrdinal) -> Void) {
            guard count > 0 else { return }
            body(first)
            for ordinal in rest { body(ordinal) }
        }

        mutating func remove(_ isDead: (SeriesOrdinal) -> Bool) {
            var kept = Postings()
            forEach { if !isDead($0) { kept.append($0) } }
            if kept.count != count { self = kept }
        }
    }

    private(set) var values = StringTable()
    private(set) var postings: [Postings] = []
    /// Values that some series has.
    private(set) var liveValueCount = 0
    /// Verdicts on values by pattern, as far as they were asked for.
    private var verdicts: [String: [Bool]] = [:]
    private static let verdictsMax = 32

    /// Series that have the label at all.
    var seriesCount: Int { postings.reduce(0) { $0 + $1.count } }

    /// Adds a series; false when there is no room for the value's bytes.
    func add(_ value: UnsafeBufferPointer<UInt8>, _ ordinal: SeriesOrdinal) -> Bool {
        guard let index = values.insert(value) else { return false }
        if index == postings.count { postings.append(Postings()) }
        if postings[index].count == 0 { liveValueCount += 1 }
        postings[index].append(ordinal)
        return true
    }

    /// Removes series, and values that no series has when they have become many.
    func remove(_ isDead: (SeriesOrdinal) -> Bool) {
        liveValueCount = 0
        for index in postings.indices {
            postings[index].remove(isDead)
            if postings[index].count > 0 { liveValueCount += 1 }
        }
        guard liveValueCount * 2 < postings.count else { return }
        var freshValues = StringTable()
        var freshPostings: [Postings] = []
        for index in postings.indices where postings[index].count > 0 {
            _ = freshValues.insert(values.bytes(index))
            freshPostings.append(postings[index])
        }
        values = freshValues
        postings = freshPostings
        verdicts = [:]
    }

    /// Calls `body` with every value that satisfies a matcher and that some series has.
    func forEachValue(matching matcher: Matcher, _ body: (Int) -> Void) {
        switch matcher.kind {
        case .equal:
            if let index = values.find(matcher.value), postings[index].count > 0 { body(index) }
        case .notEqual:
            let excluded = values.find(matcher.value)
            for index in postings.indices where index != excluded && postings[index].count > 0 { body(index) }
        case .regex, .notRegex:
            guard let pattern = matcher.pattern else { return }
            let wanted = matcher.kind == .regex
            if wanted, let literals = pattern.literals {
                // Each literal once, whatever the pattern says.
                for literal in Set(literals) { if let index = values.find(literal), postings[index].count > 0 { body(index) } }
                return
            }
            let known = verdicts(on: pattern)
            for index in postings.indices where known[index] == wanted && postings[index].count > 0 { body(index) }
        }
    }

    private func verdicts(on pattern: LabelPattern) -> [Bool] {
        var known = verdicts.removeValue(forKey: pattern.source) ?? []
        known.reserveCapacity(values.count)
        for index in known.count..<values.count { known.append(pattern.matches(values.bytes(index))) }
        if verdicts.count >= Self.verdictsMax { verdicts.removeAll() }
        verdicts[pattern.source] = known
        return known
    }
}
