/// How far a place's clocks are from UTC at any time: what a file of the time zone database says (TZif, RFC 9636).
package struct ZoneRules: Hashable, Sendable {
    /// When a new offset begins to hold, in seconds since the epoch, ascending.
    private var transitions: [Int64] = []
    private var offsetsAfter: [Int] = []
    private var firstOffset = 0
    /// What holds after the last transition.
    private var rule: YearlyRule?

    /// Reads a file's content; nil for what is no TZif of version 2 or later.
    package init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        // Version 1 comes first, with times in 32 bits, and is passed over.
        guard let old = reader.header(), reader.skip(old.length(timeBytes: 4)), let header = reader.header(),
            let times = reader.integers(header.times, bytes: 8), let indices = reader.integers(header.times, bytes: 1, isSigned: false)
        else { return nil }
        var offsets: [Int] = []
        for _ in 0..<header.types {
            guard let offset = reader.integers(1, bytes: 4)?.first, reader.skip(2) else { return nil }
            offsets.append(Int(offset))
        }
        guard let first = offsets.first, indices.allSatisfy({ $0 < offsets.count }), reader.skip(header.characters + header.leaps * 12 + header.standards + header.universals) else { return nil }
        transitions = times
        offsetsAfter = indices.map { offsets[Int($0)] }
        firstOffset = first
        let footer = reader.rest.drop { $0 == UInt8(ascii: "\n") }.prefix { $0 != UInt8(ascii: "\n") }
        if !footer.isEmpty {
            guard let rule = YearlyRule(String(decoding: footer, as: UTF8.self)) else { return nil }
            self.rule = rule
        }
    }

    /// Seconds east of UTC.
    package func offset(atSeconds seconds: Int64) -> Int {
        guard let last = transitions.last else { return rule?.offset(atSeconds: seconds) ?? firstOffset }
        if seconds >= last { return rule?.offset(atSeconds: seconds) ?? offsetsAfter[offsetsAfter.count - 1] }
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : offsetsAfter[low - 1]
    }

    private struct Header {
        var universals, standards, leaps, times, types, characters: Int

        func length(timeBytes: Int) -> Int { times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + standards + universals }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        var rest: ArraySlice<UInt8> { bytes[position...] }

        mutating func skip(_ count: Int) -> Bool {
            guard count >= 0, bytes.count - position >= count else { return false }
            position += count
            return true
        }

        mutating func header() -> Header? {
            guard bytes.count - position >= 44, bytes[position..<position + 4].elementsEqual("TZif".utf8), bytes[position + 4] >= UInt8(ascii: "2") else { return nil }
            position += 20
            guard let counts = integers(6, bytes: 4), counts.allSatisfy({ (0...1_000_000).contains($0) }) else { return nil }
            return Header(
                universals: Int(counts[0]), standards: Int(counts[1]), leaps: Int(counts[2]), times: Int(counts[3]), types: Int(counts[4]), characters: Int(counts[5]))
        }

        /// Big-endian numbers.
        mutating func integers(_ count: Int, bytes width: Int, isSigned: Bool = true) -> [Int64]? {
            guard bytes.count - position >= count * width else { return nil }
            return (0..<count).map { _ in
                var value: UInt64 = isSigned && bytes[position] >= 0x80 ? .max : 0
                for _ in 0..<width {
                    value = value << 8 | UInt64(bytes[position])
                    position += 1
                }
                return Int64(bitPattern: value)
            }
        }
    }
}

/// Summer time as it comes every year: `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX, with the extensions of RFC 9636).
struct YearlyRule: Hashable, Sendable {
    /// A day of a year and the seconds of local time in it.
    private enum Day: Hashable, Sendable {
        /// The week-th given weekday of a month, 5 being the last.
        case weekday(month: Int, week: Int, day: Int)
        /// From 1, the 29th of February never counted.
        case withoutLeap(Int)
        /// From 0.
        case ofYear(Int)
    }

    private struct Change: Hashable, Sendable {
        var day: Day
        var seconds: Int
    }

    private let standard: Int
    private var summer: (offset: Int, begins: Change, ends: Change)?

    init?(_ text: String) {
        var rest = text[...]
        guard Self.name(&rest), let offset = Self.time(&rest) else { return nil }
        standard = -offset
        guard !rest.isEmpty else { return }
        guard Self.name(&rest) else { return nil }
        var shifted = standard + 3_600
        if rest.first != "," {
            guard let offset = Self.time(&rest) else { return nil }
            shifted = -offset
        }
        guard let begins = Self.change(&rest), let ends = Self.change(&rest), rest.isEmpty else { return nil }
        summer = (shifted, begins, ends)
    }

    func offset(atSeconds seconds: Int64) -> Int {
        guard let summer else { return standard }
        let day = Int((Double(seconds + Int64(standard)) / 86_400).rounded(.down))
        let year = TimeInterval.date(ofDay: day).year
        let begins = Self.moment(summer.begins, year) - Int64(standard)
        let ends = Self.moment(summer.ends, year) - Int64(summer.offset)
        let isSummer = begins < ends ? seconds >= begins && seconds < ends : seconds >= begins || seconds < ends
        return isSummer ? summer.offset : standard
    }

    /// In seconds of local time since the epoch.
    private static func moment(_ change: Change, _ year: Int) -> Int64 {
        let january = TimeInterval.day(year: year, month: 1, day: 1)
        let day: Int
        switch change.day {
        case .ofYear(let number): day = january + number
        case .withoutLeap(let number): day = january + number - 1 + (number >= 60 && TimeInterval.length(ofMonth: 2, year: year) == 29 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let first = TimeInterval.day(year: year, month: month, day: 1)
            let ahead = ((weekday - (first + 4)) % 7 + 7) % 7
            var offset = ahead + (week - 1) * 7
            if offset >= TimeInterval.length(ofMonth: month, year: year) { offset -= 7 }
            day = first + offset
        }
        return Int64(day) * 86_400 + Int64(change.seconds)
    }

    /// `CEST`, `<+03>`
    private static func name(_ rest: inout Substring) -> Bool {
        if rest.first == "<" {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { $0.isLetter }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    /// `-1`, `5:30`, in seconds.
    private static func time(_ rest: inout Substring) -> Int? {
        var sign = 1
        if let first = rest.first, first == "-" || first == "+" {
            sign = first == "-" ? -1 : 1
            rest.removeFirst()
        }
        guard var total = number(&rest).map({ $0 * 3_600 }) else { return nil }
        for unit in [60, 1] where rest.first == ":" {
            rest.removeFirst()
            guard let part = number(&rest) else { return nil }
            total += part * unit
        }
        return sign * total
    }

    private static func change(_ rest: inout Substring) -> Change? {
        guard rest.first == "," else { return nil }
        rest.removeFirst()
        let day: Day
        switch rest.first {
        case "M":
            rest.removeFirst()
            guard let month = number(&rest), dot(&rest), let week = number(&rest), dot(&rest), let weekday = number(&rest), (1...12).contains(month), (1...5).contains(week), weekday < 7 else {
                return nil
            }
            day = .weekday(month: month, week: week, day: weekday)
        case "J":
            rest.removeFirst()
            guard let number = number(&rest), (1...365).contains(number) else { return nil }
            day = .withoutLeap(number)
        default:
            guard let number = number(&rest), number <= 365 else { return nil }
            day = .ofYear(number)
        }
        guard rest.first == "/" else { return Change(day: day, seconds: 7_200) }
        rest.removeFirst()
        return time(&rest).map { Change(day: day, seconds: $0) }
    }

    private static func dot(_ rest: inout Substring) -> Bool {
        guard rest.first == "." else { return false }
        rest.removeFirst()
        return true
    }

    private static func number(_ rest: inout Substring) -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        return digits.count <= 3 ? Int(digits) : nil
    }

    static func == (a: YearlyRule, b: YearlyRule) -> Bool {
        a.standard == b.standard && a.summer?.offset == b.summer?.offset && a.summer?.begins == b.summer?.begins && a.summer?.ends == b.summer?.ends
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(standard)
        hasher.combine(summer?.offset)
        hasher.combine(summer?.begins)
        hasher.combine(summer?.ends)
    }
}
