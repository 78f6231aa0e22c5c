import MetricModel

/// A set of series numbers.
private struct OrdinalSet {
    private var words: [UInt64]

    init(end: SeriesOrdinal) { words = [UInt64](repeating: 0, count: Int(end) / 64 + 1) }

    mutating func insert(_ ordinal: SeriesOrdinal) { words[Int(ordinal >> 6)] |= 1 << UInt64(ordinal & 63) }
    func contains(_ ordinal: SeriesOrdinal) -> Bool { words[Int(ordinal >> 6)] >> UInt64(ordinal & 63) & 1 == 1 }

    /// The members, rising.
    var sorted: [SeriesOrdinal] {
        var members: [SeriesOrdinal] = []
        for (index, word) in words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                members.append(SeriesOrdinal(index * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return members
    }
}

extension HeadIndex {
    /// The series that satisfy all matchers, rising. No matchers select all.
    ///
    /// A matcher that a missing label satisfies takes away; every other one must be met. The rarest is read first, the others
    /// filter what it yields.
    func match(_ matchers: [Matcher]) -> [SeriesOrdinal] {
        var required: [(index: LabelIndex, values: [Int], size: Int)] = []
        var excluded: [(index: LabelIndex, values: [Int], size: Int)] = []
        for matcher in matchers {
            let isExclusion = matcher.matchesEmpty
            guard let index = label(matcher.name) else {
                if isExclusion { continue }
                return []
            }
            var values: [Int] = []
            if isExclusion {
                guard let inverse = matcher.inverse else { continue }
                index.forEachValue(matching: inverse) { values.append($0) }
                if values.isEmpty { continue }
            } else {
                index.forEachValue(matching: matcher) { values.append($0) }
                if values.isEmpty { return [] }
            }
            let entry = (index, values, values.reduce(0) { $0 + index.postings[$1].count })
            if isExclusion { excluded.append(entry) } else { required.append(entry) }
        }
        required.sort { $0.size < $1.size }
        var candidates: [SeriesOrdinal]
        if let first = required.first {
            candidates = list(first.index, first.values)
        } else {
            candidates = all
        }
        for entry in required.dropFirst() where entry.size < seriesCount { filter(&candidates, entry.index, entry.values, keepsMembers: true) }
        for entry in excluded { filter(&candidates, entry.index, entry.values, keepsMembers: false) }
        return candidates
    }

    private func list(_ index: LabelIndex, _ values: [Int]) -> [SeriesOrdinal] {
        if values.count == 1 {
            var members: [SeriesOrdinal] = []
            members.reserveCapacity(index.postings[values[0]].count)
            index.postings[values[0]].forEach { members.append($0) }
            return members
        }
        return union(index, values).sorted
    }

    private func union(_ index: LabelIndex, _ values: [Int]) -> OrdinalSet {
        var set = OrdinalSet(end: nextOrdinal)
        for value in values { index.postings[value].forEach { set.insert($0) } }
        return set
    }

    private func filter(_ candidates: inout [SeriesOrdinal], _ index: LabelIndex, _ values: [Int], keepsMembers: Bool) {
        if candidates.isEmpty { return }
        if values.count == 1 {
            let postings = index.postings[values[0]]
            var from = 0
            candidates.removeAll { candidate in
                let isMember = candidate == postings.first || Self.advance(postings.rest, &from, to: candidate)
                return isMember != keepsMembers
            }
            return
        }
        let set = union(index, values)
        candidates.removeAll { set.contains($0) != keepsMembers }
    }

    /// Whether a rising list holds `wanted`; `from` moves there in growing steps, so that both a short and a long list cost little.
    private static func advance(_ list: [SeriesOrdinal], _ from: inout Int, to wanted: SeriesOrdinal) -> Bool {
        list.withUnsafeBufferPointer { list in
            var step = 1
            while from + step < list.count, list[from + step] < wanted {
                from += step
                step *= 2
            }
            var low = from
            var high = min(from + step + 1, list.count)
            while low < high {
                let middle = (low + high) / 2
                if list[middle] < wanted { low = middle + 1 } else { high = middle }
            }
            from = low
            return low < list.count && list[low] == wanted
        }
    }
}

extension Matcher {
    /// The matcher that says the opposite.
    var inverse: Matcher? {
        let kind: Kind = switch self.kind {
        case .equal: .notEqual
        case .notEqual: .equal
        case .regex: .notRegex
        case .notRegex: .regex
        }
        return try? Matcher(kind, name, value)
    }
}
