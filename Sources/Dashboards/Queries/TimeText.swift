/// Points in time as a dashboard's range has them: "now", "now-1h", "now/d", milliseconds since the epoch, or RFC 3339.
package enum TimeText {
    private static let latestMillis: Int64 = 253_402_300_799_999

    /// Milliseconds since the epoch; nil for what is none of these. Rounding ("/d") is to the beginning of the unit in UTC, or with
    /// `roundsUp` to its last millisecond.
    package static func millis(_ text: String, now: Int64, roundsUp: Bool = false) -> Int64? {
        let millis: Int64? =
            if text.hasPrefix("now") { relative(text.dropFirst(3), now: now, roundsUp: roundsUp) } else if let number = Int64(text) { number } else { rfc3339(text) }
        guard let millis, (0...latestMillis).contains(millis) else { return nil }
        return millis
    }

    private static func relative(_ text: Substring, now: Int64, roundsUp: Bool) -> Int64? {
        var rest = text
        var time = now
        while let sign = rest.first {
            rest = rest.dropFirst()
            if sign == "/" {
                guard let unit = rest.first, let rounded = rounded(time, to: unit, up: roundsUp) else { return nil }
                time = rounded
                rest = rest.dropFirst()
                continue
            }
            guard sign == "-" || sign == "+" else { return nil }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard let count = Int64(digits), count < 1_000_000_000, let unit = rest.first, let moved = moved(time, by: sign == "-" ? -count : count, unit) else { return nil }
            time = moved
            rest = rest.dropFirst()
        }
        return time
    }

    private static func length(_ unit: Character) -> Int64? {
        switch unit {
        case "s": 1_000
        case "m": 60_000
        case "h": 3_600_000
        case "d": 86_400_000
        case "w": 604_800_000
        default: nil
        }
    }

    private static func moved(_ time: Int64, by count: Int64, _ unit: Character) -> Int64? {
        if let length = length(unit) { return time + count * length }
        guard unit == "M" || unit == "y" else { return nil }
        let day = CivilDay(days: floorDivide(time, 86_400_000))
        let months = Int64(day.year) * 12 + Int64(day.month) - 1 + (unit == "y" ? 12 * count : count)
        guard (0...120_000).contains(months) else { return nil }
        let month = CivilDay(year: Int(months / 12), month: Int(months % 12) + 1, day: 1)
        return (month.days + Int64(min(day.day, month.daysInMonth)) - 1) * 86_400_000 + (time - floorDivide(time, 86_400_000) * 86_400_000)
    }

    private static func rounded(_ time: Int64, to unit: Character, up: Bool) -> Int64? {
        let start: Int64
        switch unit {
        case "s", "m", "h", "d":
            guard let length = length(unit) else { return nil }
            start = floorDivide(time, length) * length
        case "w":
            let days = floorDivide(time, 86_400_000)
            start = (days - (((days + 3) % 7) + 7) % 7) * 86_400_000
        case "M", "y":
            let day = CivilDay(days: floorDivide(time, 86_400_000))
            start = CivilDay(year: day.year, month: unit == "y" ? 1 : day.month, day: 1).days * 86_400_000
        default: return nil
        }
        guard up else { return start }
        return moved(start, by: 1, unit).map { $0 - 1 }
    }

    private static func rfc3339(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        func digits(_ start: Int, _ count: Int) -> Int? {
            guard start + count <= bytes.count else { return nil }
            return bytes[start..<start + count].reduce(Int?(0)) { sum, byte in sum.flatMap { byte >= 48 && byte <= 57 ? $0 * 10 + Int(byte) - 48 : nil } }
        }
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let year = digits(0, 4), let month = digits(5, 2), let day = digits(8, 2), let hour = digits(11, 2), let minute = digits(14, 2),
            let second = digits(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var position = 19
        var millis = 0
        if bytes[position] == UInt8(ascii: ".") {
            position += 1
            var scale = 100
            while position < bytes.count, let digit = digits(position, 1) {
                millis += digit * scale
                scale /= 10
                position += 1
            }
        }
        guard position < bytes.count, let offset = offsetMinutes(bytes[position...]) else { return nil }
        let seconds = CivilDay(year: year, month: month, day: day).days * 86_400 + Int64(hour * 3_600 + (minute - offset) * 60 + second)
        return seconds * 1_000 + Int64(millis)
    }

    /// "Z", "+hh:mm" or "-hh:mm".
    private static func offsetMinutes(_ bytes: ArraySlice<UInt8>) -> Int? {
        let text = String(decoding: bytes, as: UTF8.self)
        if text == "Z" || text == "z" { return 0 }
        let parts = text.dropFirst().split(separator: ":")
        guard text.hasPrefix("+") || text.hasPrefix("-"), parts.count == 2, let hours = Int(parts[0]), let minutes = Int(parts[1]), hours < 24, minutes < 60 else { return nil }
        return (text.hasPrefix("-") ? -1 : 1) * (hours * 60 + minutes)
    }

    static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : -((-a + b - 1) / b) }
}

/// A day of the Gregorian calendar, UTC, to and from days since 1970.
struct CivilDay {
    let year: Int
    let month: Int
    let day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Eras of 400 years beginning in March, so that the leap day is a year's last.
    init(days: Int64) {
        let shifted = days + 719_468
        let era = TimeText.floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    var days: Int64 {
        let shiftedYear = Int64(month <= 2 ? year - 1 : year)
        let era = TimeText.floorDivide(shiftedYear, 400)
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + Int64(day) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    var daysInMonth: Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
