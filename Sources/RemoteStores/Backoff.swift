/// How long to wait before the next attempt: twice as long each time, within bounds.
struct Backoff: Sendable {
    private var nextMillis: Int64
    private let maxMillis: Int64
    private static let receiverMillisMax: Int64 = 5 * 60_000

    init(minMillis: Int64, maxMillis: Int64) {
        nextMillis = max(1, minMillis)
        self.maxMillis = max(1, maxMillis)
    }

    /// The wait in milliseconds. What the receiver asked for goes first, up to five minutes.
    mutating func wait(retryAfterSeconds: Double?) -> Int64 {
        if let seconds = retryAfterSeconds, seconds > 0 { return Int64(min(seconds * 1_000, Double(Self.receiverMillisMax))) }
        defer { nextMillis = min(nextMillis * 2, maxMillis) }
        return min(nextMillis, maxMillis)
    }
}
