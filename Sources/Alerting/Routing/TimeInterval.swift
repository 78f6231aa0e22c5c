/// Times that recur, in UTC or in a place's time: those in which all of what is given holds; what is empty always holds.
///
/// Source: alertmanager `timeinterval/timeinterval.go`.
package struct TimeInterval: Hashable, Sendable {
    /// Minutes of a day, the end excluded: `540..<1020`.
    package var times: [Range<Int>] = []
    /// Sunday is 0.
    package var weekdays: [ClosedRange<Int>] = []
    /// First and last day of a month; negative ones count from its end, -1 being the last.
    package var daysOfMonth: [DayRange] = []
    package var months: [ClosedRange<Int>] = []
    package var years: [ClosedRange<Int>] = []
    /// The place's time; nil for UTC.
    package var zone: ZoneRules?

    package struct DayRange: Hashable, Sendable {
        package let first: Int
        package let last: Int
    }

    package init() {}

    private static let weekdayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    private static let monthNames = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    ]

    // MARK: - Reading

    /// `start_time` and `end_time`, `09:00` and `24:00`.
    package static func times(from start: String, to end: String) throws(AlertingError) -> Range<Int> {
        let (first, last) = (try minute(start), try minute(end))
        guard first < last else { throw .invalidTimeInterval(reason: "start time cannot be equal or greater than end time") }
        return first..<last
    }

    private static func minute(_ text: String) throws(AlertingError) -> Int {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"), let hour = UInt8(text.prefix(2)), let minute = UInt8(text.suffix(2)), hour < 24 && minute < 60 || text == "24:00" else {
            throw .invalidTimeInterval(reason: "couldn't parse timestamp \(text), invalid format")
        }
        return Int(hour) * 60 + Int(minute)
    }

    /// `monday`, `monday:friday`.
    package static func weekdays(_ text: String) throws(AlertingError) -> ClosedRange<Int> {
        let (first, last) = try bounds(text) { name throws(AlertingError) in
            guard let day = weekdayNames.firstIndex(of: name) else { throw .invalidTimeInterval(reason: "\(name) is not a valid weekday") }
            return day
        }
        guard first <= last else { throw .invalidTimeInterval(reason: "start day cannot be before end day") }
        return first...last
    }

    /// `march`, `3:5`, `april:6`.
    package static func months(_ text: String) throws(AlertingError) -> ClosedRange<Int> {
        let (first, last) = try bounds(text) { name throws(AlertingError) in
            guard let month = monthNames.firstIndex(of: name).map({ $0 + 1 }) ?? Int(name), (1...12).contains(month) else {
                throw .invalidTimeInterval(reason: "\(name) is not a valid month")
            }
            return month
        }
        guard first <= last else { throw .invalidTimeInterval(reason: "end month is before start month in \(text)") }
        return first...last
    }

    /// `2026`, `2026:2030`.
    package static func years(_ text: String) throws(AlertingError) -> ClosedRange<Int> {
        let (first, last) = try bounds(text, number)
        guard first <= last else { throw .invalidTimeInterval(reason: "end year \(last) is before start year \(first)") }
        return first...last
    }

    /// `1`, `1:7`, `-3:-1`.
    package static func days(_ text: String) throws(AlertingError) -> DayRange {
        let (first, last) = try bounds(text, number)
        for day in [first, last] where day == 0 || abs(day) > 31 { throw .invalidTimeInterval(reason: "\(day) is not a valid day of the month: out of range") }
        guard first > 0 || last < 0 else { throw .invalidTimeInterval(reason: "end day must be negative if start day is negative") }
        guard (first < 0 ? 28 + first : first) <= (last < 0 ? 28 + last : last) else { throw .invalidTimeInterval(reason: "end day \(last) is always before start day \(first)") }
        return DayRange(first: first, last: last)
    }

    private static func number(_ text: String) throws(AlertingError) -> Int {
        guard let number = Int(text) else { throw .invalidTimeInterval(reason: "\(text) is not a number") }
        return number
    }

    private static func bounds(_ text: String, _ read: (String) throws(AlertingError) -> Int) throws(AlertingError) -> (Int, Int) {
        let parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let first = parts.first, let last = parts.last else { throw .invalidTimeInterval(reason: "couldn't parse range \(text), invalid format") }
        return (try read(first), try read(last))
    }

    // MARK: - Asking

    /// Whether the moment lies within.
    package func contains(unixMillis: Int64) -> Bool {
        let shift = zone?.offset(atSeconds: Int64((Double(unixMillis) / 1_000).rounded(.down))) ?? 0
        let unixMillis = unixMillis + Int64(shift) * 1_000
        let day = Int((Double(unixMillis) / 86_400_000).rounded(.down))
        let minute = Int((unixMillis - Int64(day) * 86_400_000) / 60_000)
        let date = Self.date(ofDay: day)
        let length = Self.length(ofMonth: date.month, year: date.year)
        func holds<Part>(_ parts: [Part], _ condition: (Part) -> Bool) -> Bool { parts.isEmpty || parts.contains(where: condition) }
        return holds(times) { $0.contains(minute) } && holds(months) { $0.contains(date.month) } && holds(years) { $0.contains(date.year) }
            // The first of January 1970 was a Thursday.
            && holds(weekdays) { $0.contains(((day + 4) % 7 + 7) % 7) }
            && holds(daysOfMonth) { range in
                let first = range.first < 0 ? length + range.first + 1 : range.first
                let last = min(range.last < 0 ? length + range.last + 1 : range.last, length)
                return first <= length && date.day >= first && date.day <= last
            }
    }

    /// Proleptic Gregorian, days since 1970 (Howard Hinnant's civil_from_days).
    static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let index = (5 * dayOfYear + 2) / 153
        let month = index < 10 ? index + 3 : index - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * index + 2) / 5 + 1)
    }

    /// The inverse: days since 1970 (Howard Hinnant's days_from_civil).
    static func day(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
