/// What became of one export.
enum ExportOutcome: Sendable, Equatable {
    case delivered
    case retry(reason: String, afterSeconds: Double?)
    /// Trying again would not help.
    case refused(reason: String)
    case stopped
}

/// What carries encoded batches to a destination.
protocol ExportTransport: Sendable {
    func export(_ body: [UInt8]) async -> ExportOutcome
    func close() async
}
