import Foundation
import Testing

@Suite("The files for growing out of one machine", .serialized, .ownWaitingThread)
struct ScaleOutTests {
    private static let folder = RunningStack.packageRoot.appendingPathComponent("deploy")
    private static let compose = ["/usr/bin/docker-compose", "/usr/local/bin/docker-compose"].first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test("docker-compose accepts the file, every file that it mounts is there, and every host that they name is a service",
          .enabled(if: compose != nil, "docker-compose is not installed"))
    func composes() throws {
        let program = try #require(Self.compose)
        let file = Self.folder.appendingPathComponent("compose.scale-out.yml").path
        let result = try run(program, ["-f", file, "config"], in: Self.folder)
        #expect(result.status == 0, "\(result.error)")
        let services = Set(try run(program, ["-f", file, "config", "--services"], in: Self.folder).output.split(separator: "\n").map(String.init))
        #expect(services == ["obstack", "thanos-receive", "thanos-store", "thanos-compact", "thanos-query", "elasticsearch", "jaeger"])
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let mounted = text.matches(of: /\.\/(scale-out\/[a-z.\/-]+):/).map { String($0.1) }
        #expect(mounted.count == 5)
        for path in mounted { #expect(FileManager.default.fileExists(atPath: Self.folder.appendingPathComponent(path).path), "\(path)") }
        var hosts: Set<String> = []
        for path in ["obstack/prometheus.yml", "obstack/otel-collector.yml", "jaeger.yml"] {
            let text = try String(contentsOf: Self.folder.appendingPathComponent("scale-out/\(path)"), encoding: .utf8)
            hosts.formUnion(text.matches(of: /(?:http:\/\/|endpoint: )([a-z-]+):\d+/).map { String($0.1) })
        }
        #expect(hosts == ["thanos-receive", "jaeger", "elasticsearch"])
    }

    @Test("the stack takes its two files: a queue to Thanos with the stack's name, an exporter to Jaeger, and nothing that has no effect")
    func configuration() async throws {
        func text(_ name: String) throws -> String { try String(contentsOf: Self.folder.appendingPathComponent("scale-out/obstack/\(name)"), encoding: .utf8) }
        let stack = try await RunningStack(
            configuration: ["prometheus.yml": text("prometheus.yml"), "otel-collector.yml": text("otel-collector.yml")], environment: ["STACK_NAME": "here"])
        defer { stack.stop() }
        #expect(try http(stack.url("prometheus", "/metrics")).body.contains("prometheus_remote_storage_shards_max{remote_name=\"thanos\",url=\"http://thanos-receive:19291/api/v1/receive\"} 10\n"))
        #expect(try http(stack.url("collectorMetrics", "/metrics")).body.contains("otelcol_exporter_queue_capacity{data_type=\"traces\",exporter=\"otlp/jaeger\"} 5000\n"))
        #expect(!stack.log.contains("no effect"), "\(stack.log)")
    }
}
