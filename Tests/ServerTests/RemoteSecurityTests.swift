import Foundation
import Testbed
import Testing

/// What is sent to others over TLS and with credentials, to the real receivers.
@Suite("Remote stores behind TLS", .serialized, .ownWaitingThread, .enabled(if: SelfSignedCertificate.openssl != nil, "openssl is not installed"))
struct RemoteSecurityTests {
    private static func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test("remote write to Prometheus with TLS for another name, and name and password from files: the wrong one is refused and counted, the right one needs no reload",
          .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func remoteWrite() async throws {
        let folder = try Self.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let tls = try SelfSignedCertificate(in: folder, names: "DNS:receiver.example")
        // bcrypt of "s3cret".
        try "tls_server_config: {cert_file: \(tls.certificate), key_file: \(tls.key)}\nbasic_auth_users: {writer: \"$2b$04$gbDWOtpXMjLPMlyEX/vmfOQDB/NzH2OUcFI0Rl6wTBAKuuNDoat6K\"}\n"
            .write(to: folder.appendingPathComponent("web.yml"), atomically: true, encoding: .utf8)
        try "scrape_configs: []\n".write(to: folder.appendingPathComponent("peer.yml"), atomically: true, encoding: .utf8)
        let port = try freePort()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(peer("prometheus")))
        process.arguments = [
            "--config.file=\(folder.path)/peer.yml", "--web.config.file=\(folder.path)/web.yml", "--storage.tsdb.path=\(folder.path)/peer", "--web.listen-address=127.0.0.1:\(port)",
            "--web.enable-remote-write-receiver",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        func ask(_ path: String) throws -> String { try run("/usr/bin/curl", ["-sk", "-g", "-u", "writer:s3cret", "https://127.0.0.1:\(port)\(path)"]).output }
        #expect(try await eventually(within: 60) { try ask("/-/ready").contains("Ready") })

        let password = folder.appendingPathComponent("password")
        try "wrong\n".write(to: password, atomically: true, encoding: .utf8)
        try "writer\n".write(to: folder.appendingPathComponent("name"), atomically: true, encoding: .utf8)
        let configuration = """
            scrape_configs: []
            remote_write:
            - url: https://localhost:\(port)/api/v1/write
              name: secure
              basic_auth: {username_file: ../../name, password_file: \(password.path)}
              tls_config: {ca_file: \(tls.certificate), server_name: receiver.example, min_version: TLS13}
              http_headers: {X-Anything: {values: [a]}}
              queue_config: {batch_send_deadline: 10ms}
            """
        let stack = try await RunningStack(reusing: folder.appendingPathComponent("stack"), configuration: ["prometheus.yml": configuration])
        defer { stack.stop() }
        func send(_ name: String) throws {
            let body = remoteWriteBody([([("__name__", name)], [(Int64(Date().timeIntervalSince1970 * 1_000), 1)])])
            #expect(try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: body).status == 204)
        }
        try send("with_wrong_password")
        #expect(try await eventually(within: 60) { try http(stack.url("prometheus", "/metrics")).body.contains("prometheus_remote_storage_samples_failed_total{remote_name=\"secure\",url=\"https://localhost:\(port)/api/v1/write\"} 1\n") })
        #expect(stack.log.contains("HTTP status 401"))
        try "s3cret\n".write(to: password, atomically: true, encoding: .utf8)
        try send("with_right_password")
        #expect(try await eventually(within: 60) { try ask("/api/v1/query?query=with_right_password").contains("\"value\"") }, "\(stack.log.suffix(2_000))")
        #expect(!(try ask("/api/v1/query?query=with_wrong_password").contains("\"value\"")))
        #expect(!stack.log.contains("no effect"), "\(stack.log)")
    }

    @Test("OTLP over gRPC with TLS to the real gRPC: compressed, with headers, and again when it was refused; who is not vouched for gets nothing",
          .enabled(if: clientsPython != nil, "the Python clients are not here: run scripts/test.sh"))
    func grpc() async throws {
        let folder = try Self.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let tls = try SelfSignedCertificate(in: folder)
        let output = folder.appendingPathComponent("server.txt")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let server = Process()
        server.executableURL = URL(fileURLWithPath: try #require(clientsPython))
        server.arguments = [RunningStack.packageRoot.appendingPathComponent("Tests/Clients/otlp_server.py").path, "--certificate", tls.certificate, "--key", tls.key, "--refusals", "2"]
        server.standardOutput = try FileHandle(forWritingTo: output)
        server.standardError = FileHandle.nullDevice
        try server.run()
        defer {
            kill(server.processIdentifier, SIGKILL)
            server.waitUntilExit()
        }
        func lines() throws -> [[String: Any]] {
            try String(contentsOf: output, encoding: .utf8).split(separator: "\n").compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        }
        #expect(try await eventually(within: 60) { try !lines().isEmpty })
        let port = try #require(try lines().first?["port"] as? Int)
        let configuration = """
            receivers: {otlp: }
            exporters:
              otlp/known:
                endpoint: localhost:\(port)
                tls: {ca_file: \(tls.certificate)}
                headers: {X-Tenant: lab}
                retry_on_failure: {initial_interval: 20ms}
              otlp/stranger:
                endpoint: localhost:\(port)
                headers: {X-Tenant: stranger}
                retry_on_failure: {enabled: false}
            service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp/known, otlp/stranger]}}}
            """
        let stack = try await RunningStack(reusing: folder.appendingPathComponent("stack"), configuration: ["prometheus.yml": "scrape_configs: []\n", "otel-collector.yml": configuration])
        defer { stack.stop() }
        // Larger than a frame and than a window of HTTP/2.
        let filling = (0..<40_000).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }.joined()
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let span = """
            {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"\(String(repeating: "ab", count: 16))","spanId":"00000000000000a1","name":"over TLS",
            "startTimeUnixNano":"\(now)000000","endTimeUnixNano":"\(now + 5)000000","attributes":[{"key":"filling","value":{"stringValue":"\(filling)"}}]}]}]}]}
            """
        #expect(try http(stack.url("otlpHTTP", "/v1/traces"), method: "POST", headers: ["Content-Type: application/json"], body: Data(span.utf8)).status == 200)
        #expect(try await eventually(within: 60) { try lines().count == 2 }, "\(stack.log.suffix(2_000))")
        let got = try #require(try lines().last)
        #expect(got["spans"] as? [String] == ["over TLS"])
        #expect((got["metadata"] as? [String: String])?["x-tenant"] == "lab")
        #expect(stack.log.contains("gRPC status 14: not now: 100 % busy"))
        #expect(try await eventually(within: 60) { try http(stack.url("collectorMetrics", "/metrics")).body.contains("otelcol_exporter_send_failed_spans{exporter=\"otlp/stranger\"} 1\n") })
        #expect(try http(stack.url("collectorMetrics", "/metrics")).body.contains("otelcol_exporter_sent_spans{exporter=\"otlp/known\"} 1\n"))
        #expect(try lines().count == 2)
    }
}
