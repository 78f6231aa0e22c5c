import Foundation
import Testbed

/// Prometheus itself as a child process on a free port, answering for itself beside ours.
final class RunningPrometheus {
    let port: Int
    private let process = Process()

    /// Starts on `configuration`, in which `PORT` stands for its own port, with its data under `folder`; waits until ready. On a free port
    /// where none is given.
    init(configuration: String, folder: URL, port: Int? = nil, arguments: [String] = []) async throws {
        guard let binary = peer("prometheus") else { throw RunningStack.Failure(description: "prometheus is not here: run scripts/get-peers.sh") }
        self.port = try port ?? freePort()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("prometheus.yml")
        try configuration.replacingOccurrences(of: "PORT", with: "\(self.port)").write(to: file, atomically: true, encoding: .utf8)
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = ["--config.file=\(file.path)", "--storage.tsdb.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(self.port)"] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        guard try await eventually(within: 20, { (try? http(self.url("/-/ready")).status) == 200 }) else {
            throw RunningStack.Failure(description: "prometheus was not ready within 20 s")
        }
    }

    deinit { stop() }

    func url(_ path: String = "") -> String { "http://127.0.0.1:\(port)\(path)" }

    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
