/// What a demo is told.
struct DemoOptions: Sendable {
    /// The base address of OTLP over HTTP.
    var otlp = "http://127.0.0.1:4318"
    /// Workflows a second, on average.
    var rate = 8.0
    /// How long it runs; nil until it is interrupted.
    var durationSeconds: Double?
    /// Also sends what would have happened so long before, so that graphs are full at once.
    var historySeconds = 600.0
    /// Between reports of metrics.
    var intervalSeconds = 2.0
    var seed: UInt64 = 1
}
