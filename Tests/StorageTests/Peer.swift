import MetricModel
import Platform
#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The real programs that the store's directories must suit, where they are installed.
enum Peer {
    static let folder = (getenv("HOME").map { String(cString: $0) } ?? "") + "/.cache/observability-peers/usr/bin"

    static func path(_ program: String) -> String? {
        let path = "\(folder)/\(program)"
        return access(path, X_OK) == 0 ? path : nil
    }

    struct Failure: Error, CustomStringConvertible { let description: String }

    /// Starts a program whose output goes to a file.
    static func start(_ arguments: [String], output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, output + ".err", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var list: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for text in list { free(text) } }
        var process = pid_t()
        let status = posix_spawn(&process, arguments[0], &actions, nil, &list, environ)
        guard status == 0 else { throw Failure(description: "\(arguments[0]) does not start: \(status)") }
        return process
    }

    /// Waits for a program and returns its exit status, or minus the signal that ended it.
    static func wait(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    }

    /// Runs a program to its end and returns what it said.
    static func run(_ arguments: [String], in folder: TemporaryFolder) throws -> String {
        let output = folder.path + "/output"
        let status = wait(try start(arguments, output: output))
        let text = String(decoding: try Disk().contents(output) ?? [], as: UTF8.self)
        let complaints = String(decoding: try Disk().contents(output + ".err") ?? [], as: UTF8.self)
        guard status == 0 else { throw Failure(description: "\(arguments.joined(separator: " ")) ended with \(status): \(complaints) \(text)") }
        return text
    }

    static func copyTree(_ from: String, to: String) throws {
        try Disk().makeDirectory(to)
        for name in try Disk().list(from) where name != "lock" {
            if try Disk().status("\(from)/\(name)")?.isDirectory == true {
                try copyTree("\(from)/\(name)", to: "\(to)/\(name)")
            } else if let content = try Disk().contents("\(from)/\(name)") {
                try Disk().publish("\(to)/\(name)", content)
            }
        }
    }

    /// What `promtool tsdb dump` says a directory holds. It is run on a copy, because it may leave things there.
    static func dump(_ directory: String) throws -> [String: [StoreFixture.Sample]] {
        guard let promtool = path("promtool") else { return [:] }
        let folder = try TemporaryFolder()
        try copyTree(directory, to: folder.path + "/data")
        // Without a log promtool refuses; a snapshot has none.
        try Disk().makeDirectory(folder.path + "/data/wal")
        var dump: [String: [StoreFixture.Sample]] = [:]
        for line in try run([promtool, "tsdb", "dump", "--sandbox-dir-root=\(folder.path)", folder.path + "/data"], in: folder).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 3, let time = Int64(words[words.count - 1]) else { throw Failure(description: "unreadable line: \(line)") }
            let text = words[words.count - 2]
            guard let value = text == "NaN" ? .nan : text == "+Inf" ? .infinity : text == "-Inf" ? -.infinity : Double(text) else {
                throw Failure(description: "unreadable value: \(line)")
            }
            dump[words[..<(words.count - 2)].joined(separator: " "), default: []].append(.init(time, value))
        }
        return dump.mapValues { $0.sorted { $0.time < $1.time } }
    }

    /// Series as `promtool` writes them; all NaN are one.
    static func asDump(_ series: [Labels: [StoreFixture.Sample]]) -> [String: [StoreFixture.Sample]] {
        var dump: [String: [StoreFixture.Sample]] = [:]
        for (labels, samples) in series {
            let text = "{" + labels.pairs.map { "\($0.name)=\(LabelName.quoted($0.value))" }.joined(separator: ", ") + "}"
            dump[text] = samples.map { Double(bitPattern: $0.bits).isNaN ? .init($0.time, .nan) : $0 }
        }
        return dump
    }
}
