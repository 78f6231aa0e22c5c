import MetricModel

/// Where lists of series by label value come from: the head, or a block.
protocol PostingsSource: ~Copyable {
    /// A list of series that can be read.
    associatedtype List
    associatedtype Failure: Error

    /// Every series, rising.
    func allSeries() throws(Failure) -> [UInt32]
    /// One more than the highest number of a series.
    var seriesEnd: UInt32 { get }
    /// Whether some series has the label.
    func hasLabel(_ name: String) -> Bool
    /// The lists of the values that satisfy a matcher on its label, none of them empty.
    func lists(matching matcher: Matcher) throws(Failure) -> [List]
    func count(_ list: List) -> Int
    /// Calls `body` with the series of a list, rising.
    func forEach(_ list: List, _ body: (UInt32) -> Void) throws(Failure)
}

/// A set of series numbers.
struct SeriesSet {
    private var words: [UInt64]

    init(end: UInt32) { words = [UInt64](repeating: 0, count: Int(end) / 64 + 1) }

    mutating func insert(_ series: UInt32) { words[Int(series >> 6)] |= 1 << UInt64(series & 63) }
    func contains(_ series: UInt32) -> Bool { words[Int(series >> 6)] >> UInt64(series & 63) & 1 == 1 }

    /// The members, rising.
    var sorted: [UInt32] {
        var members: [UInt32] = []
        members.reserveCapacity(words.reduce(0) { $0 + $1.nonzeroBitCount })
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                members.append(UInt32(index * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return members
    }
}

extension PostingsSource where Self: ~Copyable {
    /// The series that satisfy all matchers, rising. No matchers select all.
    ///
    /// A matcher that a missing label satisfies takes away; every other one must be met. The rarest is read first, the others
    /// filter what it yields.
    func match(_ matchers: [Matcher]) throws(Failure) -> [UInt32] {
        var required: [(lists: [List], size: Int)] = []
        var excluded: [[List]] = []
        for matcher in matchers {
            let isExclusion = matcher.matchesEmpty
            guard hasLabel(matcher.name) else {
                if isExclusion { continue }
                return []
            }
            let lists = try lists(matching: isExclusion ? matcher.inverse : matcher)
            if isExclusion {
                if !lists.isEmpty { excluded.append(lists) }
            } else {
                if lists.isEmpty { return [] }
                required.append((lists, lists.reduce(0) { $0 + count($1) }))
            }
        }
        required.sort { $0.size < $1.size }
        var candidates: [UInt32] = []
        if let first = required.first {
            if first.lists.count == 1 {
                candidates.reserveCapacity(first.size)
                try forEach(first.lists[0]) { candidates.append($0) }
            } else {
                candidates = try union(first.lists).sorted
            }
        } else {
            candidates = try allSeries()
        }
        for (lists, _) in required.dropFirst() { try filter(&candidates, lists, keepsMembers: true) }
        for lists in excluded { try filter(&candidates, lists, keepsMembers: false) }
        return candidates
    }

    private func union(_ lists: [List]) throws(Failure) -> SeriesSet {
        var set = SeriesSet(end: seriesEnd)
        for list in lists { try forEach(list) { set.insert($0) } }
        return set
    }

    private func filter(_ candidates: inout [UInt32], _ lists: [List], keepsMembers: Bool) throws(Failure) {
        if candidates.isEmpty { return }
        let set = try union(lists)
        candidates.removeAll { set.contains($0) != keepsMembers }
    }
}
