import Foundation

/// VictoriaMetrics as a child process, as a receiver of remote write.
final class RunningVictoriaMetrics {
    let port: Int
    private let process = Process()

    /// Starts with its data under `folder`; waits until it answers.
    init(folder: URL, port: Int) async throws {
        guard let binary = peer("victoria-metrics") else { throw RunningStack.Failure(description: "victoria-metrics is not here: run scripts/get-peers.sh") }
        self.port = port
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = ["-storageDataPath=\(folder.path)/data", "-httpListenAddr=127.0.0.1:\(port)", "-retentionPeriod=1y", "-memory.allowedBytes=64MB"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        guard try await eventually(within: 60, { (try? http(self.url("/health")).status) == 200 }) else {
            throw RunningStack.Failure(description: "victoria-metrics was not ready within 60 s")
        }
    }

    deinit { stop(SIGKILL) }

    func url(_ path: String = "") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// What it has in memory alone it writes down when it is asked to end, and not when it is killed.
    func stop(_ signal: Int32 = SIGINT) {
        guard process.isRunning else { return }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
    }
}
