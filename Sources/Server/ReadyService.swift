import ServiceLifecycle

/// Waits until every door is open, starts the scrapes, and says where everything is.
struct ReadyService: Service {
    let board: DoorBoard
    let reloader: Reloader
    let options: ServerOptions
    let gate: WebGate
    /// Writes down where everything is.
    let announce: @Sendable () throws -> Void
    let begun: ContinuousClock.Instant

    func run() async throws {
        try await board.waitUntilOpen()
        try await reloader.reload()
        try announce()
        let elapsed = ContinuousClock.now - begun
        let millis = elapsed.components.seconds * 1_000 + elapsed.components.attoseconds / 1_000_000_000_000_000
        var lines = ["obstack is ready after \(millis) ms, data in \(options.dataDirectory)"]
        let width = DoorName.allCases.map(\.title.count).max() ?? 0
        for (door, port) in board.doors {
            let address = options.address(door)
            let host = ["0.0.0.0", "::"].contains(address) ? "localhost" : address
            let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            lines.append("  " + door.title + String(repeating: " ", count: width - door.title.count + 2) + door.url(at: authority, usesTLS: door == .prometheus && gate.security != nil))
        }
        StandardStream.output.write(lines.joined(separator: "\n") + "\n\n")
        try? await gracefulShutdown()
    }
}
