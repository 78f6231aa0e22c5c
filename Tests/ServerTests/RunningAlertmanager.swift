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
        process.executableURL = try Self.relocated(URL(fileURLWithPath: binary), into: folder)
        // Where it then finds its templates.
        process.currentDirectoryURL = URL(fileURLWithPath: binary).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        process.arguments = ["--config.file=\(file.path)", "--storage.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address="]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        guard try await eventually(within: 60, { (try? http(self.url("/-/ready")).status) == 200 }) else {
            throw RunningStack.Failure(description: "alertmanager was not ready within 60 s")
        }
    }

    /// Debian's binary wants its templates in `/usr/share`, where nothing of an unpacked package is: a copy that looks for them below the folder in which it is started,
    /// by a path of the same length.
    private static func relocated(_ binary: URL, into folder: URL) throws -> URL {
        let home = "/usr/share/prometheus/alertmanager"
        if FileManager.default.fileExists(atPath: home + "/default.tmpl") { return binary }
        let (wanted, instead) = (Data(home.utf8), Data("usr/share/prometheus/alertmanager/".utf8))
        var bytes = try Data(contentsOf: binary)
        var start = bytes.startIndex
        while let found = bytes.range(of: wanted, in: start..<bytes.endIndex) {
            bytes.replaceSubrange(found, with: instead)
            start = found.upperBound
        }
        let copy = folder.appendingPathComponent("alertmanager")
        try bytes.write(to: copy)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy.path)
        return copy
    }

    deinit { stop() }

    func url(_ path: String = "") -> String { "http://127.0.0.1:\(port)\(path)" }

    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
