/// Moments in UTC and durations as Go's `time` writes them. Both are nanoseconds.
enum GoTime {
    private static let months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
    private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    struct Parts {
        var year, month, day, hour, minute, second, nanos, weekday: Int

        init(_ unixNanos: Int64) {
            let nanosADay: Int64 = 86_400_000_000_000
            let days = Int((unixNanos >= 0 ? unixNanos : unixNanos - nanosADay + 1) / nanosADay)
            let rest = Int(unixNanos - Int64(days) * nanosADay)
            // Days since 0000-03-01 in eras of 400 years (Hinnant, chrono-compatible date algorithms).
            let shifted = days + 719_468
            let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
            let dayOfEra = shifted - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let shiftedMonth = (5 * dayOfYear + 2) / 153
            day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
            month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
            year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
            weekday = ((days + 4) % 7 + 7) % 7
            nanos = rest % 1_000_000_000
            let seconds = rest / 1_000_000_000
            (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60)
        }

        var monthName: String { GoTime.months[month - 1] }
        var weekdayName: String { GoTime.days[weekday] }
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(abs(number))
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// `Time.String`
    static func text(_ unixNanos: Int64) -> String { format(unixNanos, "2006-01-02 15:04:05.999999999 -0700 MST") }

    /// The elements of a layout, longest first where one begins like another.
    private static let elements = [
        "January", "Jan", "Monday", "Mon", "MST", "2006", "002", "01", "02", "03", "04", "05", "06", "15", "Z07:00", "Z0700", "-07:00", "-0700", "-07", "_2", "PM", "pm", "1", "2", "3", "4",
        "5",
    ]

    /// `Time.Format`
    static func format(_ unixNanos: Int64, _ layout: String) -> String {
        let parts = Parts(unixNanos)
        var out = ""
        var rest = Substring(layout)
        while let first = rest.first {
            if first == "." || first == ",", let digit = rest.dropFirst().first, digit == "0" || digit == "9" {
                let run = rest.dropFirst().prefix { $0 == digit }
                if !(rest.dropFirst(1 + run.count).first?.isNumber ?? false), run.count <= 9 {
                    var fraction = String(padded(parts.nanos, 9).prefix(run.count))
                    if digit == "9" { while fraction.hasSuffix("0") { fraction.removeLast() } }
                    if !fraction.isEmpty { out += String(first) + fraction }
                    rest = rest.dropFirst(1 + run.count)
                    continue
                }
            }
            guard let element = elements.first(where: { rest.hasPrefix($0) }) else {
                out.append(first)
                rest = rest.dropFirst()
                continue
            }
            out += text(of: element, parts)
            rest = rest.dropFirst(element.count)
        }
        return out
    }

    private static func text(of element: String, _ parts: Parts) -> String {
        let twelve = parts.hour % 12 == 0 ? 12 : parts.hour % 12
        return switch element {
        case "January": parts.monthName
        case "Jan": String(parts.monthName.prefix(3))
        case "Monday": parts.weekdayName
        case "Mon": String(parts.weekdayName.prefix(3))
        case "MST": "UTC"
        case "2006": padded(parts.year, 4)
        case "06": padded(parts.year % 100, 2)
        case "01": padded(parts.month, 2)
        case "1": String(parts.month)
        case "02": padded(parts.day, 2)
        case "002": padded((1..<parts.month).reduce(parts.day) { $0 + daysIn($1, parts.year) }, 3)
        case "_2": (parts.day < 10 ? " " : "") + String(parts.day)
        case "2": String(parts.day)
        case "15": padded(parts.hour, 2)
        case "03": padded(twelve, 2)
        case "3": String(twelve)
        case "04": padded(parts.minute, 2)
        case "4": String(parts.minute)
        case "05": padded(parts.second, 2)
        case "5": String(parts.second)
        case "PM": parts.hour < 12 ? "AM" : "PM"
        case "pm": parts.hour < 12 ? "am" : "pm"
        case "Z07:00", "Z0700": "Z"
        case "-07:00": "+00:00"
        case "-07": "+00"
        default: "+0000"
        }
    }

    private static func daysIn(_ month: Int, _ year: Int) -> Int {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// `Duration.String`
    static func duration(_ nanos: Int64) -> String {
        if nanos == 0 { return "0s" }
        let sign = nanos < 0 ? "-" : ""
        let size = nanos.magnitude
        func decimal(_ unit: UInt64, _ name: String) -> String {
            var fraction = padded(Int(size % unit), String(unit).count - 1)
            while fraction.hasSuffix("0") { fraction.removeLast() }
            return "\(size / unit)\(fraction.isEmpty || size % unit == 0 ? "" : "." + fraction)\(name)"
        }
        if size < 1_000 { return "\(sign)\(size)ns" }
        if size < 1_000_000 { return sign + decimal(1_000, "µs") }
        if size < 1_000_000_000 { return sign + decimal(1_000_000, "ms") }
        let minutes = size / 60_000_000_000
        let rest = size % 60_000_000_000
        var fraction = padded(Int(rest % 1_000_000_000), 9)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let seconds = "\(rest / 1_000_000_000)\(fraction.isEmpty ? "" : "." + fraction)s"
        if minutes == 0 { return sign + seconds }
        return sign + (minutes >= 60 ? "\(minutes / 60)h" : "") + "\(minutes % 60)m" + seconds
    }
}
