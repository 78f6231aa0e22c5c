import Foundation
import Server
import Testing

/// `docker-compose` as Debian packages it; nil where it is not installed. It reads the files without any Docker.
private let compose = ["/usr/bin/docker-compose", "/usr/local/bin/docker-compose"].first { FileManager.default.isExecutableFile(atPath: $0) }

@Suite("Container files", .serialized, .ownWaitingThread)
struct ContainerTests {
    private static let root = RunningStack.packageRoot

    private static func text(_ path: String) throws -> String { try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) }

    /// The Dockerfile's instructions, each on one line, without comments.
    private static func instructions() throws -> [(word: String, rest: String)] {
        try text("Dockerfile").replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            return parts.count == 2 ? (parts[0], parts[1]) : nil
        }
    }

    /// Which port of the machine leads to which of the container's, and that only the machine itself may take it.
    private static func published(_ configuration: String) -> [Int: Int] {
        var ports: [Int: Int] = [:]
        for match in configuration.matches(of: /127\.0\.0\.1:(\d+):(\d+)/) { ports[Int(match.1) ?? 0] = Int(match.2) }
        // As newer versions print it.
        for match in configuration.matches(of: /host_ip: 127\.0\.0\.1\s+target: (\d+)\s+published: "?(\d+)/) { ports[Int(match.2) ?? 0] = Int(match.1) }
        return ports
    }

    @Test(
        "docker-compose accepts both files: one service under the names of five, their volumes, every door on 127.0.0.1, limits, and the way to the host",
        .enabled(if: compose != nil, "docker-compose is not installed"), arguments: ["docker-compose.observability.yml", "docker-compose.yml"])
    func composes(file: String) throws {
        let program = try #require(compose)
        let environment = ["GF_SECURITY_ADMIN_PASSWORD": "p4ss", "PROMETHEUS_PORT": "19090", "PROMETHEUS_RETENTION": "30d"]
        let result = try run(program, ["-f", file, "config"], environment: environment, in: Self.root)
        #expect(result.status == 0, "\(result.error)")
        #expect(try run(program, ["-f", file, "config", "--services"], in: Self.root).output == "prometheus\n")
        #expect(Set(try run(program, ["-f", file, "config", "--volumes"], in: Self.root).output.split(separator: "\n")) == ["prometheus-data", "grafana-data"])
        let aliases = try #require(result.output.firstMatch(of: /aliases:\n((?: +- \S+\n)+)/))
        #expect(aliases.1.split(separator: "\n").map { $0.trimmingCharacters(in: [" ", "-"]) } == ["prometheus", "jaeger", "grafana", "otel-collector", "pushgateway"])
        var doors = Dictionary(uniqueKeysWithValues: DoorName.allCases.map { ($0.defaultPort, $0.defaultPort) })
        doors[9090] = nil
        doors[19090] = 9090
        #expect(Self.published(result.output) == doors)
        for part in ["GF_SECURITY_ADMIN_PASSWORD: p4ss", "PROMETHEUS_RETENTION: 30d", "COLLECTOR_OTLP_ENABLED: \"true\""] { #expect(result.output.contains(part), "\(part)") }
        #expect(result.output.contains(/host\.docker\.internal[:=]host-gateway/))
        #expect(result.output.contains(/mem_limit: "?(1g|1073741824)/) && result.output.contains(/cpus: 2/))
        for (volume, target) in [("prometheus-data", "/data/metrics"), ("grafana-data", "/data")] {
            let isMounted = try result.output.contains("\(volume):\(target):rw") || result.output.contains(Regex("source: \(volume)\\s+target: \(target)\n"))
            #expect(isMounted, "\(volume)")
        }
    }

    @Test("every port of a door can be moved by its variable")
    func portsMove() throws {
        let text = try Self.text("docker-compose.observability.yml")
        for door in DoorName.allCases { #expect(text.contains("\"127.0.0.1:${\(door.environmentVariable):-\(door.defaultPort)}:\(door.defaultPort)\""), "\(door)") }
    }

    @Test("the Dockerfile copies what is there, installs what scripts/lib.sh does, opens every door, and runs as nobody in particular")
    func dockerfile() throws {
        let instructions = try Self.instructions()
        #expect(instructions.filter { $0.word == "FROM" }.count == 2)
        #expect(instructions.last { $0.word == "FROM" }?.rest == "debian:bookworm-slim")
        let ignored = try Self.text(".dockerignore").split(separator: "\n").map(String.init)
        for (_, rest) in instructions.filter({ $0.word == "COPY" && !$0.rest.hasPrefix("--from") }) {
            for source in rest.split(separator: " ").dropLast() {
                #expect(FileManager.default.fileExists(atPath: Self.root.appendingPathComponent(String(source)).path), "\(source)")
                #expect(!ignored.contains(String(source.split(separator: "/")[0])), "\(source) is ignored")
            }
        }
        // What Package.swift names must be there, or it cannot be read.
        let copied = Set(instructions.filter { $0.word == "COPY" }.flatMap { $0.rest.split(separator: " ").dropLast().map(String.init) })
        #expect(copied.isSuperset(of: ["Package.swift", "Examples", "Sources", "Tests"]))
        // A link among the sources leads to what is copied as well.
        let walker = try #require(FileManager.default.enumerator(at: Self.root.appendingPathComponent("Sources"), includingPropertiesForKeys: [.isSymbolicLinkKey]))
        for case let url as URL in walker where try url.resourceValues(forKeys: [.isSymbolicLinkKey]).isSymbolicLink == true {
            let target = String(url.resolvingSymlinksInPath().path.dropFirst(Self.root.resolvingSymlinksInPath().path.count + 1))
            #expect(copied.contains { target.hasPrefix($0 + "/") }, "\(url.lastPathComponent) leads to \(target)")
        }
        func packages(_ text: String) -> Set<String> {
            let words = text.components(separatedBy: "apt-get install").dropFirst().first?.components(separatedBy: CharacterSet(charactersIn: "&\n>")).first ?? ""
            return Set(words.split(separator: " ").map(String.init).filter { !$0.hasPrefix("-") })
        }
        let library = packages(try Self.text("scripts/lib.sh"))
        #expect(library.count > 5)
        #expect(packages(instructions.first { $0.word == "RUN" }?.rest ?? "") == library)
        #expect(instructions.contains { $0.word == "RUN" && $0.rest.contains("swift build -c release --product obstack") })
        let exposed = Set(instructions.filter { $0.word == "EXPOSE" }.flatMap { $0.rest.split(separator: " ").compactMap { Int($0) } })
        #expect(exposed == Set(DoorName.allCases.map(\.defaultPort)))
        let user = instructions.last { $0.word == "USER" }?.rest ?? "0"
        #expect(!user.hasPrefix("0") && user != "root")
        #expect(instructions.first { $0.word == "HEALTHCHECK" }?.rest.hasSuffix(#"CMD ["obstack", "check", "--data", "/data"]"#) == true)
        #expect(instructions.first { $0.word == "VOLUME" }?.rest == #"["/data", "/data/metrics"]"#)
    }

    @Test("the image's command runs: every door on every address, the container's prometheus.yml with the application on the host, and its health check passes")
    func command() async throws {
        let last = try #require(try Self.instructions().last { $0.word == "CMD" }?.rest)
        let words = try #require(JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String])
        #expect(words == ["serve", "--config", "/etc/obstack", "--data", "/data", "--listen-address", "0.0.0.0"])
        // The folder as the image and docker-compose.observability.yml make it.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Self.root.appendingPathComponent("config"), to: folder.appendingPathComponent("config"))
        let configuration = try Self.text("config/container/prometheus.yml")
        for line in try Self.text("config/prometheus.yml").split(separator: "\n") where line.contains("job_name:") || line.contains("alerts.yml") {
            #expect(configuration.contains(line), "config/prometheus.yml has \(line)")
        }
        let stack = try await RunningStack(reusing: folder, configuration: ["prometheus.yml": configuration], arguments: Array(words.suffix(2)))
        defer { stack.stop() }
        #expect(try http("http://127.0.0.2:\(stack.ports["prometheus"] ?? 0)/-/ready").status == 200)
        let check = try run(RunningStack.binary.path, ["check", "--data", stack.folder.appendingPathComponent("data").path])
        #expect(check.status == 0, "\(check.output)")
        let data = try json(stack.url("prometheus", "/api/v1/targets"))["data"] as? [String: Any]
        let targets = Set((data?["activeTargets"] as? [[String: Any]] ?? []).compactMap { $0["scrapeUrl"] as? String })
        #expect(targets.isSuperset(of: ["http://host.docker.internal:9464/metrics", "http://host.docker.internal:9100/metrics", "http://localhost:9091/metrics"]), "\(targets)")
        let rules = try json(stack.url("prometheus", "/api/v1/rules"))["data"] as? [String: Any]
        #expect(((rules?["groups"] as? [Any]) ?? []).isEmpty == false)
    }
}
