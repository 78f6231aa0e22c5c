import Bytes

/// Gathers, trace by trace, the lists of listed keys and the page filters of the others.
struct TagIndexWriter: TagVisitor, ~Copyable {
    private struct Pair: Hashable {
        let key: UInt32
        let value: TagIdentity
    }

    private let strings: StringEntries
    private let verdicts: [TagSurvey.Verdict]
    private var places: [Pair: Int] = [:]
    private var pairs: [Pair] = []
    private var lists: [PostingList] = []
    private var hashes: Set<UInt64> = []
    /// Hashes of strings by number; 0 for those not computed.
    private var stringHashes: [UInt64]
    private var trace: UInt32 = 0

    init(_ strings: StringEntries, _ verdicts: [TagSurvey.Verdict]) {
        self.strings = strings
        self.verdicts = verdicts
        stringHashes = [UInt64](repeating: 0, count: strings.count)
    }

    /// From now on, what is visited belongs to this trace. Traces come in rising order.
    mutating func begin(trace: UInt32) { self.trace = trace }

    mutating func visit(_ key: UInt32, _ value: TagIdentity) {
        guard verdicts[Int(key)] == .listed else {
            hashes.insert(PairHash.pair(key: stringHash(key), value: hash(value)))
            return
        }
        let pair = Pair(key: key, value: value)
        let place = places[pair] ?? lists.count
        if place == lists.count {
            places[pair] = place
            pairs.append(pair)
            lists.append(PostingList())
        }
        lists[place].append(trace)
    }

    mutating func visit(_ key: UInt32, text: @autoclosure () -> String) {
        hashes.insert(PairHash.pair(key: stringHash(key), value: PairHash.hash(text())))
    }

    private mutating func stringHash(_ number: UInt32) -> UInt64 {
        let known = stringHashes[Int(number)]
        if known != 0 { return known }
        let hash = PairHash.hash(strings.bytes(number))
        stringHashes[Int(number)] = hash
        return hash
    }

    private mutating func hash(_ value: TagIdentity) -> UInt64 {
        value.tag == ValueTag.string.rawValue ? stringHash(UInt32(truncatingIfNeeded: value.payload)) : PairHash.hash(value.text(strings))
    }

    /// The filter over what was visited since the last page ended.
    mutating func endPage() -> [UInt64] {
        defer { hashes.removeAll(keepingCapacity: true) }
        return PairFilter.bits(hashes)
    }

    /// Every list with its key and its value's text. Values of one text, a number and a string say, have a list each.
    func forEachList(_ body: (_ key: UInt32, _ text: String, _ list: PostingList) -> Void) {
        for (place, pair) in pairs.enumerated() { body(pair.key, pair.value.text(strings), lists[place]) }
    }
}
