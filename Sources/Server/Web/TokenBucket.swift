/// So many requests at once, and one more for every interval that passes: a pure value over a clock that is handed in.
/// Source: golang.org/x/time/rate, `Limiter.Allow`.
struct TokenBucket: Sendable {
    /// nil before the first request: the bucket is full then.
    private var filled: (tokens: Double, atNanos: UInt64)?

    /// Whether a request may pass at `now`; it takes a token when it may.
    mutating func take(_ limit: WebConfiguration.RateLimit, now: UInt64) -> Bool {
        let burst = Double(limit.burst)
        let (tokens, at) = filled ?? (burst, now)
        let grown = min(burst, tokens + Double(now &- at) / Double(limit.intervalNanos))
        filled = (grown >= 1 ? grown - 1 : grown, now)
        return grown >= 1
    }
}
