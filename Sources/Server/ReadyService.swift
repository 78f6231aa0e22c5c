import Glibc
import ServiceLifecycle

/// Waits until every door is open, starts the scrapes, and says where everything is.
struct ReadyService: Service {
    let board: DoorBoard
    let reloader: Reloader
    let options: ServerOptions
    let begun: ContinuousClock.Instant

    func run() async throws {
        try await board.waitUntilOpen()
        try await reloader.reload()
        let ports = Dictionary(uniqueKeysWithValues: board.doors.map { ($0.name, $0.port) })
        try RunFile(processID: getpid(), address: options.listenAddress, ports: ports).write(in: options.dataDirectory)
        let elapsed = ContinuousClock.now - begun
        let millis = elapsed.components.seconds * 1_000 + elapsed.components.attoseconds / 1_000_000_000_000_000
        var lines = ["obstack is ready after \(millis) ms, data in \(options.dataDirectory)"]
        let host = ["0.0.0.0", "::"].contains(options.listenAddress) ? "localhost" : options.listenAddress
        let width = DoorName.allCases.map(\.title.count).max() ?? 0
        for (door, port) in board.doors {
            let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            lines.append("  " + door.title + String(repeating: " ", count: width - door.title.count + 2) + door.url(at: authority))
        }
        StandardStream.output.write(lines.joined(separator: "\n") + "\n\n")
        try? await gracefulShutdown()
    }
}
