import Bytes

/// Finds which keys have so few values that each is worth a list of its traces. The rest is told by page filters.
struct TagSurvey: TagVisitor, ~Copyable {
    /// A key with more values is filtered.
    static let valuesMax = 256
    /// All lists together; beyond, the keys with most values are filtered.
    static let listsMax = 1 << 16
    /// More keys are not listed at all, and filtered.
    static let keysMax = 4096
    /// A longer value makes its key filtered.
    static let textBytesMax = 256

    private struct Key {
        let number: UInt32
        var values: Set<TagIdentity> = []
        var last = TagIdentity(tag: .max, payload: 0)
        var isFiltered = false
    }

    private let strings: StringEntries
    private var keys: [Key] = []
    /// Place in `keys` plus one, by string number.
    private var places: [Int32]

    init(_ strings: StringEntries) {
        self.strings = strings
        places = [Int32](repeating: 0, count: strings.count)
    }

    mutating func visit(_ key: UInt32, _ value: TagIdentity) {
        guard let place = place(of: key) else { return }
        if keys[place].isFiltered || keys[place].last == value { return }
        keys[place].last = value
        keys[place].values.insert(value)
        let isLong = value.tag == ValueTag.string.rawValue && strings.bytes(UInt32(truncatingIfNeeded: value.payload)).count > Self.textBytesMax
        if isLong || keys[place].values.count > Self.valuesMax { filter(place) }
    }

    mutating func visit(_ key: UInt32, text: @autoclosure () -> String) {
        if let place = place(of: key) { filter(place) }
    }

    private mutating func place(of key: UInt32) -> Int? {
        let known = places[Int(key)]
        if known != 0 { return Int(known - 1) }
        guard keys.count < Self.keysMax else { return nil }
        keys.append(Key(number: key))
        places[Int(key)] = Int32(keys.count)
        return keys.count - 1
    }

    private mutating func filter(_ place: Int) {
        keys[place].isFiltered = true
        keys[place].values = []
    }

    /// What a key turned out to be.
    enum Verdict { case listed, filtered, unlisted }

    /// The verdicts by string number, and the listed and filtered keys in order of their first span.
    consuming func finish() -> (verdicts: [Verdict], listed: [UInt32], filtered: [UInt32], isComplete: Bool) {
        var lists = keys.reduce(0) { $0 + $1.values.count }
        for place in keys.indices.sorted(by: { keys[$0].values.count > keys[$1].values.count }) where lists > Self.listsMax {
            lists -= keys[place].values.count
            filter(place)
        }
        var verdicts = [Verdict](repeating: .unlisted, count: places.count)
        for key in keys { verdicts[Int(key.number)] = key.isFiltered ? .filtered : .listed }
        return (verdicts, keys.filter { !$0.isFiltered }.map(\.number), keys.filter(\.isFiltered).map(\.number), keys.count < Self.keysMax)
    }
}
