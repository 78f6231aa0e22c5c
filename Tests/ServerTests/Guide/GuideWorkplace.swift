import Foundation

/// Where the guide is followed: a copy of the project's files, and a network of its own in which all ports are free.
final class GuideWorkplace {
    let folder: URL
    private let network: Process
    private var background: [Process] = []

    /// Why there is none on this machine, or nil.
    static let obstacle: String? = {
        for tool in ["/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/git", "/usr/bin/curl"] where !FileManager.default.isExecutableFile(atPath: tool) { return "\(tool) is not here" }
        guard tool("ip") != nil else { return "ip is not here (iproute2)" }
        guard tool("jq") != nil else { return "jq is not here" }
        guard let probe = try? run("/usr/bin/unshare", ["--net", "true"]), probe.status == 0 else { return "no network namespace can be made" }
        return nil
    }()

    private static func tool(_ name: String) -> String? {
        ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"].map { $0 + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// What a clone builds; the example lies beside the stack.
    private static let programs = [RunningStack.binary, RunningStack.binary.deletingLastPathComponent().appendingPathComponent("workflow-example")]

    init() throws {
        for program in Self.programs where !FileManager.default.isExecutableFile(atPath: program.path) {
            throw RunningStack.Failure(description: "\(program.path) is not there: swift build -c release --build-tests builds it")
        }
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-guide-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // What a clone has, with what is being changed: links stay links.
        let copied = try run("/bin/sh", ["-c", "git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} sh -c '[ ! -e \"{}\" ] || cp --parents -P \"{}\" \"\(folder.path)\"'"], in: RunningStack.packageRoot)
        guard copied.status == 0 else { throw RunningStack.Failure(description: "the project could not be copied: \(copied.error)") }
        // A clone builds; here the binaries that the tests are about stand for what it builds.
        try FileManager.default.createDirectory(at: folder.appendingPathComponent(".build/release"), withIntermediateDirectories: true)
        for program in Self.programs {
            try FileManager.default.createSymbolicLink(at: folder.appendingPathComponent(".build/release/\(program.lastPathComponent)"), withDestinationURL: program)
        }
        network = Process()
        network.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        network.arguments = ["--net", "/bin/sh", "-c", "\(Self.tool("ip") ?? "ip") link set lo up && exec sleep 3600"]
        try network.run()
        let deadline = Date().addingTimeInterval(20)
        while (try? inside("\(Self.tool("ip") ?? "ip") link show lo up | grep -q UP"))?.status != 0 {
            guard Date() < deadline else { throw RunningStack.Failure(description: "the network of the guide did not come up") }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    private func arguments(_ command: [String]) -> [String] { ["--target", "\(network.processIdentifier)", "--net", "--wd=\(folder.path)"] + command }

    private var environment: [String: String] {
        // The scripts build nothing then.
        ["OBSTACK": RunningStack.binary.path, "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "")]
    }

    private func inside(_ command: String) throws -> (status: Int32, output: String, error: String) {
        // What a block leaves running must not keep what tells that the block has ended, an open file that it would inherit.
        let closing = "(for file in /proc/self/fd/*; do number=${file##*/}; [ $number -le 2 ] || eval \"exec $number>&-\"; done; exec \"$@\"); exit $?"
        return try run("/bin/bash", ["-c", closing, "bash", "/usr/bin/nsenter"] + arguments(["/bin/bash", "-c", command]), environment: environment)
    }

    /// Types a block; what it printed, and its status.
    func type(_ block: GuideDocument.Block) throws -> (status: Int32, output: String) {
        let file = ".guide-\(block.line)"
        try block.code.write(to: folder.appendingPathComponent(file), atomically: true, encoding: .utf8)
        let python = block.needsClients ? clientsPython ?? "python3" : "python3"
        let command = block.language == "python" ? "timeout 240 '\(python)' \(file) 2>&1" : "timeout 240 bash -e -o pipefail \(file) 2>&1 < /dev/null"
        let result = try inside((block.language == "python" ? "PYTHONPATH=python/src " : "") + command)
        return (result.status, result.output)
    }

    func typeInBackground(_ block: GuideDocument.Block) throws {
        let file = ".guide-\(block.line)"
        try block.code.write(to: folder.appendingPathComponent(file), atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/nsenter")
        process.arguments = arguments(block.language == "python" ? ["python3", file] : ["/bin/bash", file])
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }.merging(block.language == "python" ? ["PYTHONPATH": "python/src"] : [:]) { $1 }
        let log = folder.appendingPathComponent(file + ".log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        background.append(process)
    }

    func write(_ text: String, to path: String) throws {
        let file = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    /// Ends all that runs there, and removes the folder.
    func leave() {
        // What was typed may have left processes: whoever is in the network ends.
        _ = try? inside("for p in /proc/[0-9]*; do [ \"$(readlink $p/ns/net)\" = \"$(readlink /proc/self/ns/net)\" ] && [ ${p#/proc/} != $$ ] && [ ${p#/proc/} != \(network.processIdentifier) ] && kill -9 ${p#/proc/}; done 2>/dev/null; true")
        for process in background where process.isRunning { kill(process.processIdentifier, SIGKILL) }
        kill(network.processIdentifier, SIGKILL)
        network.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }
}
