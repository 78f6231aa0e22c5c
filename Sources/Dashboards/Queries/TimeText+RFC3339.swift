extension TimeText {
    /// Milliseconds since the epoch as `2026-11-22T17:30:29Z`, with a fraction only when there is one.
    package static func rfc3339(_ millis: Int64) -> String {
        let days = floorDivide(millis, 86_400_000)
        let day = CivilDay(days: days)
        let time = millis - days * 86_400_000
        let fraction = time % 1_000
        return pad(day.year, 4) + "-" + pad(day.month, 2) + "-" + pad(day.day, 2) + "T" + pad(Int(time / 3_600_000), 2) + ":" + pad(Int(time / 60_000 % 60), 2) + ":"
            + pad(Int(time / 1_000 % 60), 2) + (fraction > 0 ? "." + pad(Int(fraction), 3) : "") + "Z"
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
