import Foundation
import Testbed
import Testing

@Suite("Scraping over TLS, with passwords and headers", .serialized, .ownWaitingThread, .enabled(if: TestCertificates.isAvailable, "there is no openssl to make certificates with"))
struct ScrapeTLSTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-scrape-\(UUID().uuidString)")

    /// Job → health and last error of its one target.
    private static func targets(_ base: String) throws -> [String: (health: String, error: String)] {
        let data = try json("\(base)/api/v1/targets")["data"] as? [String: Any]
        let active = data?["activeTargets"] as? [[String: Any]] ?? []
        return Dictionary(active.map { ($0["scrapePool"] as? String ?? "", ($0["health"] as? String ?? "", $0["lastError"] as? String ?? "")) }) { $1 }
    }

    /// Waits until every target has been scraped.
    private static func settled(_ base: String, _ count: Int) async throws -> [String: (health: String, error: String)] {
        var found: [String: (health: String, error: String)] = [:]
        _ = try await eventually(within: 60) {
            found = try targets(base)
            return found.count == count && !found.values.contains { $0.health == "unknown" }
        }
        return found
    }

    @Test("targets behind web.yml are up or down under each tls_config and credential as Prometheus has them", .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificates = try TestCertificates(folder)
        func file(_ name: String) -> String { certificates.path(name) }
        func inline(_ name: String) throws -> String { "|\n" + (try String(contentsOfFile: file(name), encoding: .utf8)).split(separator: "\n").map { "          \($0)\n" }.joined() }
        // Without the address: what names it would be taken for any server_name (COMPATIBILITY.md).
        let pair = "cert_file: \(folder.path)/named.crt, key_file: \(folder.path)/named.key"
        let guarded = try await RunningStack(configuration: ["web.yml": "tls_server_config: {\(pair)}\nbasic_auth_users: {alice: '\(WebConfigurationTests.secret)'}\n"])
        defer { guarded.stop() }
        let mutual = try await RunningStack(configuration: ["web.yml": "tls_server_config: {\(pair), client_auth_type: RequireAndVerifyClientCert, client_ca_file: \(folder.path)/ca.crt, max_version: TLS12}\n"])
        defer { mutual.stop() }
        try "secret\n".write(toFile: file("password"), atomically: true, encoding: .utf8)
        try "alice".write(toFile: file("name"), atomically: true, encoding: .utf8)
        let basic = "basic_auth: {username: alice, password: secret}"
        let client = "cert_file: client.crt, key_file: client.key"
        let jobs: [(name: String, settings: String, isMutual: Bool)] = [
            ("ca_file", "tls_config: {ca_file: ca.crt}\n    \(basic)", false), ("ca", "\(basic)\n    tls_config:\n        ca: \(try inline("ca.crt"))", false),
            ("insecure", "tls_config: {insecure_skip_verify: true}\n    \(basic)", false), ("unknown_ca", basic, false), ("other_ca", "tls_config: {ca_file: other-ca.crt}\n    \(basic)", false),
            ("server_name", "tls_config: {ca_file: ca.crt, server_name: node.example}\n    \(basic)", false),
            ("wrong_name", "tls_config: {ca_file: ca.crt, server_name: elsewhere.example}\n    \(basic)", false), ("no_password", "tls_config: {ca_file: ca.crt}", false),
            ("wrong_password", "tls_config: {ca_file: ca.crt}\n    basic_auth: {username: alice, password: wrong}", false),
            ("files", "tls_config: {ca_file: ca.crt}\n    basic_auth: {username_file: name, password_file: password}", false),
            ("authorization", "tls_config: {ca_file: ca.crt}\n    authorization: {type: Basic2, credentials: YWxpY2U6c2VjcmV0}", false),
            ("missing_file", "tls_config: {ca_file: ca.crt}\n    basic_auth: {username: alice, password_file: nowhere}", false),
            ("only_13", "tls_config: {ca_file: ca.crt, min_version: TLS13}\n    \(basic)", false), ("client", "tls_config: {ca_file: ca.crt, \(client)}", true),
            ("client_inline", "tls_config:\n        ca_file: ca.crt\n        cert: \(try inline("client.crt"))        key: \(try inline("client.key"))", true),
            ("no_client", "tls_config: {ca_file: ca.crt}", true), ("stranger", "tls_config: {ca_file: ca.crt, cert_file: stranger.crt, key_file: stranger.key}", true),
            ("too_new", "tls_config: {ca_file: ca.crt, \(client), min_version: TLS13}", true),
        ]
        var configuration = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
        for job in jobs {
            let port = (job.isMutual ? mutual : guarded).ports["prometheus"] ?? 0
            configuration += "  - job_name: \(job.name)\n    scheme: https\n    static_configs: [{targets: ['localhost:\(port)']}]\n    \(job.settings)\n"
        }
        // Beside the certificates, so that relative paths lead to them.
        let prometheusFile = folder.appendingPathComponent("prometheus.yml")
        try configuration.write(to: prometheusFile, atomically: true, encoding: .utf8)
        let stack = try await RunningStack(arguments: ["--config.file", prometheusFile.path])
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(configuration: configuration, folder: folder)
        defer { prometheus.stop() }
        let ours = try await Self.settled(stack.url("prometheus"), jobs.count)
        let theirs = try await Self.settled(prometheus.url(), jobs.count)
        #expect(ours.count == jobs.count && theirs.count == jobs.count)
        for job in jobs {
            let (mine, peer) = (ours[job.name], theirs[job.name])
            #expect(mine?.health == peer?.health, "\(job.name): \(mine?.health ?? "-") \(mine?.error ?? "") beside \(peer?.health ?? "-") \(peer?.error ?? "")")
            if peer?.health == "down" { #expect(mine?.error.isEmpty == false, "\(job.name) is down without a word") }
            if peer?.error.contains("server returned HTTP status") == true { #expect(mine?.error == peer?.error) }
        }
        #expect(ours["unknown_ca"]?.error.contains("tls: failed to verify certificate") == true, "\(ours["unknown_ca"]?.error ?? "")")

        // What is secret is not shown.
        let shown = try http(stack.url("prometheus", "/api/v1/status/config")).body
        #expect(shown.contains("<secret>") && !shown.contains("password: secret") && !shown.contains("PRIVATE KEY"))
    }

    @Test("an authority and a password that change on the disk are in force from the next scrape on")
    func followsFiles() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificates = try TestCertificates(folder)
        let guarded = try await RunningStack(configuration: [
            "web.yml": "tls_server_config: {cert_file: \(folder.path)/server.crt, key_file: \(folder.path)/server.key}\nbasic_auth_users: {alice: '\(WebConfigurationTests.secret)'}\n"
        ])
        defer { guarded.stop() }
        let (authority, password) = (certificates.path("trusted.crt"), certificates.path("password"))
        try FileManager.default.copyItem(atPath: certificates.path("other-ca.crt"), toPath: authority)
        try "wrong".write(toFile: password, atomically: true, encoding: .utf8)
        let stack = try await RunningStack(configuration: ["prometheus.yml": """
            scrape_configs:
              - job_name: guarded
                scheme: https
                scrape_interval: 1s
                scrape_timeout: 1s
                tls_config: {ca_file: '\(authority)'}
                basic_auth: {username: alice, password_file: '\(password)'}
                static_configs: [{targets: ['localhost:\(guarded.ports["prometheus"] ?? 0)']}]

            """])
        defer { stack.stop() }
        func error() throws -> String { try Self.targets(stack.url("prometheus"))["guarded"]?.error ?? "" }
        #expect(try await eventually(within: 60) { try error().contains("tls:") })
        try Data(contentsOf: URL(fileURLWithPath: certificates.path("ca.crt"))).write(to: URL(fileURLWithPath: authority))
        #expect(try await eventually(within: 60) { try error().contains("401") })
        try "secret\n".write(toFile: password, atomically: true, encoding: .utf8)
        #expect(try await eventually(within: 60) { try Self.targets(stack.url("prometheus"))["guarded"]?.health == "up" })
    }

    @Test("http_headers go with every scrape, values and files; a proxy is asked in the target's place")
    func headersAndProxy() async throws {
        let listener = try ScriptedListener()
        defer { listener.close() }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try " from a file\n".write(to: folder.appendingPathComponent("tenant"), atomically: true, encoding: .utf8)
        let stack = try await RunningStack(configuration: ["prometheus.yml": """
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs:
              - job_name: direct
                http_headers: {X-Scope: {values: [one, two], secrets: [three]}, X-Tenant: {files: ['\(folder.path)/tenant']}}
                authorization: {credentials: word}
                static_configs: [{targets: ['127.0.0.1:\(listener.port)']}]
              - job_name: proxied
                metrics_path: /proxied
                proxy_url: http://me:pass@127.0.0.1:\(listener.port)
                static_configs: [{targets: ['target.invalid:9100']}]

            """])
        defer { stack.stop() }
        #expect(try await eventually(within: 60) { listener.requests.contains { $0.contains("/metrics") } && listener.requests.contains { $0.contains("/proxied") } })
        let direct = try #require(listener.requests.first { $0.hasPrefix("GET /metrics ") })
        for header in ["X-Scope: one", "X-Scope: two", "X-Scope: three", "X-Tenant: from a file", "Authorization: Bearer word"] { #expect(direct.contains(header), "\(direct)") }
        let tunnel = try #require(listener.requests.first { $0.hasPrefix("CONNECT target.invalid:9100 ") })
        #expect(tunnel.lowercased().contains("proxy-authorization: basic bwu6cgfzcw=="), "\(tunnel)")
    }

    @Test("what a scrape's HTTP settings may say and what not, beside promtool", .enabled(if: peer("promtool") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func verdicts() async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let stack = try await RunningStack()
        defer { stack.stop() }
        let file = stack.folder.appendingPathComponent("config/prometheus.yml")
        for settings in [
            "basic_auth: {username: a, password: b}", "basic_auth: {username: a, username_file: b}", "basic_auth: {password: a, password_file: b}", "basic_auth: {user: a}",
            "basic_auth: {username: a}\n    authorization: {credentials: b}", "basic_auth: {username: a}\n    bearer_token: b", "authorization: {type: BASIC}", "authorization: {type: ' '}",
            "authorization: {credentials: a, credentials_file: b}", "authorization: {credentials: a}\n    bearer_token: b", "bearer_token: a\n    bearer_token_file: b",
            "tls_config: {ca: a, ca_file: b}", "tls_config: {cert_file: a}", "tls_config: {key_file: a}", "tls_config: {min_version: TLS15}", "tls_config: {insecure: true}",
            "tls_config: {min_version: TLS10, max_version: TLS13}", "http_headers: {Host: {values: [a]}}", "http_headers: {X-A: {values: [a]}}", "http_headers: {X-A: {value: a}}",
            "follow_redirects: false", "follow_redirects: perhaps", "enable_http2: false", "scrape_protocols: [PrometheusText0.0.4]", "scrape_protocols: [Text]",
            "scrape_protocols: [PrometheusText0.0.4, PrometheusText0.0.4]", "fallback_scrape_protocol: PrometheusText1.0.0", "fallback_scrape_protocol: Text", "body_size_limit: 100",
            "body_size_limit: 1MB", "static_configs: [null]", "relabel_configs: [{action: null}]", "unknown_key: 1",
        ] {
            try "scrape_configs:\n  - job_name: a\n    \(settings)\n".write(to: file, atomically: true, encoding: .utf8)
            let theirs = try run(try #require(peer("promtool")), ["check", "config", "--syntax-only", file.path])
            let ours = try http(stack.url("prometheus", "/-/reload"), method: "POST")
            #expect((ours.status == 200) == (theirs.status == 0), "\(settings): \(ours.status) \(ours.body) beside \(theirs.output)\(theirs.error)")
        }
    }
}

/// Answers every HTTP request with an empty exposition, opens a tunnel to itself for who asks for one, and keeps what was asked. Its thread blocks in plain sockets.
private final class ScriptedListener: @unchecked Sendable {
    let port: Int
    private let descriptor: Int32
    private let lock = NSLock()
    private var heard: [String] = []

    var requests: [String] { lock.withLock { heard } }

    init() throws {
        let descriptor = Loopback.socket()
        let (isBound, port) = Loopback.withAddress { address, length in bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0 }
        guard isBound, listen(descriptor, 16) == 0 else { throw RunningStack.Failure(description: "no port to listen on") }
        (self.descriptor, self.port) = (descriptor, port)
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                var text = Self.request(connection)
                self?.keep(text)
                if text.hasPrefix("CONNECT ") {
                    let opened = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
                    _ = send(connection, opened, opened.count, Int32(MSG_NOSIGNAL))
                    text = Self.request(connection)
                    self?.keep(text)
                }
                let answer = Array("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
                _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                Foundation.close(connection)
            }
        }
    }

    private static func request(_ connection: Int32) -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !text.contains("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return text
    }

    private func keep(_ text: String) { lock.withLock { heard.append(text) } }

    func close() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        Foundation.close(descriptor)
    }
}
