import Foundation

/// Debian's nginx as a child process in front of a running stack, with `config/nginx/prometheus.conf` as it ships: only ports and places are put in.
final class RunningNginx {
    static let binary = ["/usr/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"].first { FileManager.default.isExecutableFile(atPath: $0) }

    private let process = Process()
    private let folder: URL

    /// Starts it. `replacing` says what stands in the file, and what is to stand there.
    init(_ nginx: String, folder: URL, replacing: [(String, String)]) throws {
        self.folder = folder
        var text = try String(contentsOf: RunningStack.packageRoot.appendingPathComponent("config/nginx/prometheus.conf"), encoding: .utf8)
        for (old, new) in replacing {
            guard text.contains(old) else { throw RunningStack.Failure(description: "config/nginx/prometheus.conf has no \(old)") }
            text = text.replacingOccurrences(of: old, with: new)
        }
        try text.write(to: folder.appendingPathComponent("prometheus.conf"), atomically: true, encoding: .utf8)
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.path)/\($0);" }.joined(separator: " ")
        let main = "daemon off; pid \(folder.path)/pid; error_log \(folder.path)/error.log; events {}\nhttp { access_log off; \(temporary) include \(folder.path)/prometheus.conf; }\n"
        try main.write(to: folder.appendingPathComponent("nginx.conf"), atomically: true, encoding: .utf8)
        process.executableURL = URL(fileURLWithPath: nginx)
        process.arguments = ["-p", folder.path, "-e", "\(folder.path)/error.log", "-c", "\(folder.path)/nginx.conf"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    var log: String { (try? String(contentsOf: folder.appendingPathComponent("error.log"), encoding: .utf8)) ?? "" }

    /// Ends it with its workers.
    func stop() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
    }

    deinit { stop() }
}
