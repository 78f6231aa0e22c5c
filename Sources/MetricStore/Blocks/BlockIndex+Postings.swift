import MetricModel

extension BlockIndex: PostingsSource {
    typealias Failure = MetricStoreError

    func allSeries() throws(MetricStoreError) -> [UInt32] {
        var all: [UInt32] = []
        all.reserveCapacity(count(allSeriesOffset))
        try forEach(allSeriesOffset) { all.append($0) }
        return all
    }

    func hasLabel(_ name: String) -> Bool { labels[name] != nil }

    func count(_ list: Int) -> Int { count(at: list) }

    func forEach(_ list: Int, _ body: (UInt32) -> Void) throws(MetricStoreError) {
        let bytes = try postings(at: list)
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return }
        let end = seriesEnd
        var previous: UInt32 = 0
        for at in stride(from: 0, to: bytes.count, by: 4) {
            // SAFETY: the list's bytes are a multiple of four.
            let series = UInt32(bigEndian: base.loadUnaligned(fromByteOffset: at, as: UInt32.self))
            guard series < end else { throw corrupt(list, "a list names a series that does not exist") }
            guard series > previous else { throw corrupt(list, "a list of series is not in order") }
            previous = series
            body(series)
        }
    }

    func lists(matching matcher: Matcher) throws(MetricStoreError) -> [Int] {
        guard let label = labels[matcher.name] else { return [] }
        switch matcher.kind {
        case .equal:
            return try postings(label, matcher.value).map { [$0] } ?? []
        case .regex where matcher.pattern?.literals != nil:
            var lists: [Int] = []
            for literal in Set(matcher.pattern?.literals ?? []) { if let list = try postings(label, literal) { lists.append(list) } }
            return lists
        case .notEqual, .regex, .notRegex:
            var lists: [Int] = []
            try forEachValue(label) { entry in
                if matcher.matches(entry.value) { lists.append(entry.list) }
                return true
            }
            return lists
        }
    }
}

extension Matcher {
    /// As `matches(_: String)`, for bytes that are UTF-8.
    func matches(_ candidate: UnsafeBufferPointer<UInt8>) -> Bool {
        switch kind {
        case .equal: candidate.elementsEqual(value.utf8)
        case .notEqual: !candidate.elementsEqual(value.utf8)
        case .regex: pattern?.matches(candidate) ?? false
        case .notRegex: !(pattern?.matches(candidate) ?? false)
        }
    }
}
