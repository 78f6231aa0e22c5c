import Foundation
import Testing

/// The real binary as a child process on free ports and a folder of its own: what a user runs, seen from outside.
final class RunningStack {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let folder: URL
    private(set) var ports: [String: Int] = [:]
    private let process = Process()
    private let logURL: URL

    static let binary = packageRoot.appendingPathComponent(".build/release/obstack")
    static let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Starts and waits until ready. `reusing` a folder continues what an earlier stack left there.
    init(reusing folder: URL? = nil, configuration: [String: String] = [:], arguments: [String] = [], environment: [String: String] = [:]) async throws {
        self.folder = folder ?? FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        let config = self.folder.appendingPathComponent("config")
        try FileManager.default.createDirectory(at: config, withIntermediateDirectories: true)
        for (name, text) in configuration {
            let file = config.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        logURL = self.folder.appendingPathComponent("log-\(UUID().uuidString.prefix(8)).txt")
        _ = FileManager.default.createFile(atPath: logURL.path, contents: nil)
        let log = try FileHandle(forWritingTo: logURL)
        process.executableURL = Self.binary
        var all = ["serve", "--config", config.path, "--data", self.folder.appendingPathComponent("data").path]
        for flag in ["prometheus", "pushgateway", "otlp-grpc", "otlp-http", "jaeger", "grafana", "collector-metrics", "health"] { all += ["--\(flag)-port", "0"] }
        process.arguments = all + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = log
        process.standardError = log
        try process.run()
        // On a thread of its own: tests that compute keep the cooperative threads, and a clock that is looked at too late says nothing.
        ports = try await Self.onThread { [folder = self.folder, logURL, process] in try Self.awaitReady(process, folder, logURL) }
    }

    static func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }

    private static func awaitReady(_ process: Process, _ folder: URL, _ logURL: URL) throws -> [String: Int] {
        func log() -> String { (try? String(contentsOf: logURL, encoding: .utf8)) ?? "" }
        let deadline = Date().addingTimeInterval(30)
        while true {
            if log().contains("obstack is ready"), let ports = try? readPorts(folder) { return ports }
            guard process.isRunning else { throw Failure(description: "obstack ended with \(process.terminationStatus):\n\(log())") }
            guard Date() < deadline else { break }
            Thread.sleep(forTimeInterval: 0.02)
        }
        kill(process.processIdentifier, SIGKILL)
        throw Failure(description: "obstack was not ready within 30 s:\n\(log())")
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    private static func readPorts(_ folder: URL) throws -> [String: Int] {
        let data = try Data(contentsOf: folder.appendingPathComponent("data/run.json"))
        let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return document?["ports"] as? [String: Int] ?? [:]
    }

    var log: String { (try? String(contentsOf: logURL, encoding: .utf8)) ?? "" }
    var processID: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    func url(_ door: String, _ path: String = "") -> String { "http://127.0.0.1:\(ports[door] ?? 0)\(path)" }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for the process to end; its exit status, or 128 + the signal that ended it.
    func waitForExit() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
    }

    func killNow() {
        signal(SIGKILL)
        process.waitUntilExit()
    }

    /// Ends the stack as an operator does and removes its folder.
    func stop(removing: Bool = true) {
        if process.isRunning {
            signal(SIGTERM)
            process.waitUntilExit()
        }
        if removing { try? FileManager.default.removeItem(at: folder) }
    }

    /// Resident memory in KiB, as the kernel counts it.
    var residentKiB: Int {
        let status = (try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
    }
}

/// Runs a program to its end; its status and what it printed.
func run(_ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil) throws -> (status: Int32, output: String, error: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = folder }
    // Files, not pipes: a long output must not block the child.
    let base = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-run-\(UUID().uuidString)")
    let (outURL, errorURL) = (base.appendingPathExtension("out"), base.appendingPathExtension("err"))
    for url in [outURL, errorURL] { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
    defer { for url in [outURL, errorURL] { try? FileManager.default.removeItem(at: url) } }
    process.standardOutput = try FileHandle(forWritingTo: outURL)
    process.standardError = try FileHandle(forWritingTo: errorURL)
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOf: outURL, encoding: .utf8), try String(contentsOf: errorURL, encoding: .utf8))
}

/// The Python with the real clients in it, made by `scripts/test.sh`; nil where that has not run.
var clientsPython: String? {
    let path = ProcessInfo.processInfo.environment["OBSTACK_CLIENTS_PYTHON"] ?? RunningStack.packageRoot.appendingPathComponent(".build/clients/bin/python").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}

/// A peer binary fetched by `scripts/get-peers.sh`; nil where that has not run.
func peer(_ name: String) -> String? {
    let folder = ProcessInfo.processInfo.environment["PEERS"] ?? NSHomeDirectory() + "/.cache/observability-peers"
    let path = folder + "/usr/bin/" + name
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}

/// One HTTP exchange by curl, which says exactly what came back.
func http(_ url: String, method: String = "GET", headers: [String] = [], body: Data? = nil) throws -> (status: Int, body: String) {
    var arguments = ["-sS", "--max-time", "20", "-X", method, "-w", "\n%{http_code}"]
    for header in headers { arguments += ["-H", header] }
    var bodyURL: URL?
    if let body {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-body-\(UUID().uuidString)")
        try body.write(to: url)
        bodyURL = url
        arguments += ["--data-binary", "@\(url.path)"]
    }
    defer { if let bodyURL { try? FileManager.default.removeItem(at: bodyURL) } }
    let result = try run("/usr/bin/curl", arguments + ["-g", url])
    guard let split = result.output.lastIndex(of: "\n"), let status = Int(result.output[result.output.index(after: split)...]) else {
        throw RunningStack.Failure(description: "curl \(url): \(result.error)")
    }
    return (status, String(result.output[..<split]))
}

/// The JSON of a 200 answer.
func json(_ url: String) throws -> [String: Any] {
    let answer = try http(url)
    try #require(answer.status == 200, "\(url) answered \(answer.status): \(answer.body)")
    return try #require(JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
}

/// Tries until `condition` holds, at most `seconds`; whether it did.
func eventually(within seconds: Double, _ condition: () throws -> Bool) async throws -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while Date() < deadline {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(100))
    }
    return try condition()
}
