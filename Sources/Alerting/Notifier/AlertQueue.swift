/// Alerts that wait for one alert manager. At the bound the oldest go.
///
/// Source: prometheus `notifier/sendloop.go`.
struct AlertQueue: Sendable {
    private(set) var alerts: [Alert] = []
    private(set) var sent = 0
    private(set) var errors = 0
    private(set) var dropped = 0

    let capacity: Int
    let batchMax: Int

    init(capacity: Int, batchMax: Int) {
        precondition(capacity > 0 && batchMax > 0)
        self.capacity = capacity
        self.batchMax = batchMax
    }

    /// Answers how many had to go.
    mutating func add(_ newer: [Alert]) -> Int {
        alerts += newer
        let excess = max(0, alerts.count - capacity)
        alerts.removeFirst(excess)
        dropped += excess
        return excess
    }

    /// The next batch; empty when nothing waits. What is taken must be answered with `complete`.
    mutating func next() -> [Alert] {
        let batch = Array(alerts.prefix(batchMax))
        alerts.removeFirst(batch.count)
        return batch
    }

    mutating func complete(_ count: Int, succeeded: Bool) {
        if succeeded {
            sent += count
        } else {
            errors += count
            dropped += count
        }
    }
}
