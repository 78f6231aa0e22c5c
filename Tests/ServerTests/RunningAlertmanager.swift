import Foundation
import Testbed

/// Alertmanager itself as a child process on a free port, beside ours.
final class RunningAlertmanager {
    let port: Int
    private let process = Process()

    /// Starts on `configuration` with its data under `folder`; waits until ready.
    init(configuration: String, folder: URL) async throws {
        guard let binary = peer("prometheus-alertmanager") else { throw RunningStack.Failure(description: "alertmanager is not here: run scripts/get-peers.sh") }
        port = try freePort()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("alertmanager.yml")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = ["--config.file=\(file.path)", "--storage.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address="]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        guard try await eventually(within: 60, { (try? http(self.url("/-/ready")).status) == 200 }) else {
            throw RunningStack.Failure(description: "alertmanager was not ready within 60 s")
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
