import Foundation
import Testbed

/// Prometheus itself behind a `web.yml`, on a free port.
final class GuardedPrometheus {
    let port: Int
    private let process = Process()

    /// Starts and waits until somebody answers on the port, whatever the answer.
    init(web: String, configuration: String = "scrape_configs: []\n", folder: URL) async throws {
        guard let binary = peer("prometheus") else { throw RunningStack.Failure(description: "prometheus is not here: run scripts/get-peers.sh") }
        port = try freePort()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let (file, webFile) = (folder.appendingPathComponent("prometheus.yml"), folder.appendingPathComponent("web.yml"))
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        try web.write(to: webFile, atomically: true, encoding: .utf8)
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = ["--config.file=\(file.path)", "--storage.tsdb.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(port)", "--web.config.file=\(webFile.path)"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        let url = "127.0.0.1:\(port)/-/ready"
        guard try await eventually(within: 60, { try ["http", "https"].contains { try CurlOutcome.ask("\($0)://\(url)").status != 0 } || !self.process.isRunning }), process.isRunning else {
            throw RunningStack.Failure(description: "prometheus did not answer within 60 s")
        }
    }

    deinit { stop() }

    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
