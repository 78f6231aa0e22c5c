import Foundation
import Testbed
import Testing

@Suite("web.yml: TLS and passwords of 9090", .serialized, .ownWaitingThread, .enabled(if: TestCertificates.isAvailable, "there is no openssl to make certificates with"))
struct WebConfigurationTests {
    /// bcrypt of "secret" at cost 4, so that tests are not slowed by what must slow attackers; and of "fresh".
    static let secret = "$2b$04$1Wjq5nlxx3RsyS4SoHXez.R0UsjIRkRhaKnfjz4O.0L1T9nCCaSmO"
    static let fresh = "$2y$04$HwP12GQ.9dDYfk2YMjHgEO88OpKYl/ixgDlYtiUcUBc7K4zuTPwDG"

    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-web-\(UUID().uuidString)")

    private func remove() { try? FileManager.default.removeItem(at: folder) }

    /// A `web.yml` beside its certificates.
    private func write(_ text: String) throws -> String {
        let file = folder.appendingPathComponent("web.yml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    @Test("who may come and what they are told, request by request beside Prometheus with the same file", .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        defer { remove() }
        _ = try TestCertificates(folder)
        let web = """
            tls_server_config: {cert_file: \(folder.path)/server.crt, key_file: \(folder.path)/server.key}
            http_server_config:
              headers: {X-Frame-Options: deny, Strict-Transport-Security: max-age=31536000, X-Content-Type-Options: nosniff}
            basic_auth_users: {alice: '\(Self.secret)', bob: '\(Self.fresh)'}

            """
        let stack = try await RunningStack(configuration: ["web.yml": web])
        defer { stack.stop() }
        let theirs = try await GuardedPrometheus(web: web, folder: folder.appendingPathComponent("peer"))
        defer { theirs.stop() }
        let requests: [(path: String, arguments: [String])] = [
            ("/-/healthy", []), ("/-/healthy", ["-u", "alice:secret"]), ("/-/healthy", ["-u", "alice:secret"]), ("/-/ready", ["-u", "bob:fresh"]), ("/metrics", []),
            ("/api/v1/query?query=1", ["-u", "alice:fresh"]), ("/api/v1/query?query=1", ["-u", "alice:fresh"]), ("/api/v1/query?query=1", ["-u", "carol:secret"]),
            ("/api/v1/query?query=1", ["-u", "alice:"]), ("/api/v1/query?query=1", ["-H", "Authorization: Bearer secret"]), ("/api/v1/query?query=1", ["-H", "Authorization: Basic !!"]),
            ("/api/v1/query?query=1", ["-H", "Authorization: basic \(Data("alice:secret".utf8).base64EncodedString())"]), ("/nowhere", ["-u", "alice:secret"]), ("/nowhere", []),
            ("/api/v1/query", ["-X", "OPTIONS", "-H", "Origin: http://elsewhere"]), ("/-/reload", ["-X", "POST"]),
        ]
        for protocolFlag in ["--http1.1", "--http2"] {
            for (path, arguments) in requests {
                let ours = try CurlOutcome.ask("https://127.0.0.1:\(stack.ports["prometheus"] ?? 0)\(path)", [protocolFlag] + arguments)
                let peer = try CurlOutcome.ask("https://127.0.0.1:\(theirs.port)\(path)", [protocolFlag] + arguments)
                let name = "\(protocolFlag) \(path) \(arguments)"
                // Prometheus 3.5 answers in HTTP/1.1 whatever it is asked in.
                #expect(ours.status == peer.status && ours.version == (protocolFlag == "--http2" ? "2" : "1.1"), "\(name): \(ours.status) in \(ours.version) beside \(peer.status)")
                for header in ["www-authenticate", "x-frame-options", "strict-transport-security", "x-content-type-options"] {
                    #expect(ours.headers[header] == peer.headers[header], "\(name): \(header) \(ours.headers[header] ?? "-") beside \(peer.headers[header] ?? "-")")
                }
                if peer.status == 401 { #expect(ours.body == peer.body && ours.headers["content-type"] == peer.headers["content-type"], "\(name): \(ours.body)") }
            }
        }
        // Plain HTTP to a door with TLS, and versions that are too old.
        let plain = try CurlOutcome.ask("http://127.0.0.1:\(stack.ports["prometheus"] ?? 0)/"), theirPlain = try CurlOutcome.ask("http://127.0.0.1:\(theirs.port)/")
        #expect(plain.status == 400 && theirPlain.status == 400 && plain.body == theirPlain.body, "\(plain.body)")
        let arguments = ["-u", "alice:secret", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]
        #expect(try CurlOutcome.ask("https://127.0.0.1:\(stack.ports["prometheus"] ?? 0)/-/ready", arguments).exit != 0)
        #expect(try CurlOutcome.ask("https://127.0.0.1:\(theirs.port)/-/ready", arguments).exit != 0)
    }

    @Test("who has which certificate is let in or not, as by Prometheus", .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"), arguments: [
        "NoClientCert", "RequestClientCert", "RequireAnyClientCert", "RequireClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert",
    ])
    func clientCertificates(policy: String) async throws {
        defer { remove() }
        let certificates = try TestCertificates(folder)
        let authority = policy == "NoClientCert" ? "" : ", client_ca_file: \(folder.path)/ca.crt"
        let web = """
            tls_server_config: {cert_file: \(folder.path)/server.crt, key_file: \(folder.path)/server.key, client_auth_type: \(policy)\(authority), min_version: TLS12, max_version: TLS12,
              cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384], curve_preferences: [CurveP256]}
            http_server_config: {http2: false}

            """
        let stack = try await RunningStack(configuration: ["web.yml": web])
        defer { stack.stop() }
        let theirs = try await GuardedPrometheus(web: web, folder: folder.appendingPathComponent("peer"))
        defer { theirs.stop() }
        func with(_ name: String) -> [String] { ["--cert", certificates.path("\(name).crt"), "--key", certificates.path("\(name).key")] }
        let cases = [[], with("client"), with("stranger"), ["--http2"], ["--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"], ["--tlsv1.3"], ["--curves", "X25519"]]
        for arguments in cases {
            let ours = try CurlOutcome.ask("https://127.0.0.1:\(stack.ports["prometheus"] ?? 0)/-/ready", arguments)
            let peer = try CurlOutcome.ask("https://127.0.0.1:\(theirs.port)/-/ready", arguments)
            #expect(ours.status == peer.status && (ours.exit == 0) == (peer.exit == 0) && ours.version == peer.version, "\(policy) \(arguments): \(ours) beside \(peer)")
        }
        // The stack goes on to see itself, certificate or not.
        let data = stack.folder.appendingPathComponent("data").path
        #expect(try await eventually(within: 60) { try run(RunningStack.binary.path, ["query", "--data", data, "up{job='prometheus'} == 1"]).status == 0 || policy.hasPrefix("Require") })
        #expect(try await eventually(within: 60) { try http(stack.url("grafana", "/api/datasources/proxy/uid/prometheus/api/v1/query?query=up%7Bjob='prometheus'%7D==1"), headers: ["Authorization: Basic YWRtaW46YWRtaW4="]).body.contains("\"1\"]") })
    }

    @Test("what web.yml may say and what not, beside promtool", .enabled(if: peer("promtool") != nil, "the peers are not here: run scripts/get-peers.sh"), arguments: [
        ("", true), ("tls_server_config: {}", true), ("tls_server_config: {min_version: TLS13}", true), ("basic_auth_users: {}", true), ("http_server_config: {http2: false}", true),
        ("basic_auth_users: {a: '\(WebConfigurationTests.secret)'}", true), ("basic_auth_users: {a: '\(WebConfigurationTests.fresh)'}", true), ("tls_server_config: {cert_file: server.crt, key_file: server.key}", true),
        ("tls_server_config: {cert_file: server.crt, key_file: server.key, min_version: TLS10, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}", true),
        ("tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}", true),
        ("tls_server_config: {cert_file: server.crt}", false), ("tls_server_config: {key_file: server.key}", false), ("tls_server_config: {cert_file: none.crt, key_file: server.key}", false),
        ("tls_server_config: {cert_file: server.crt, key_file: ca.key}", false), ("tls_server_config: {cert_file: server.key, key_file: server.key}", false),
        ("tls_server_config: {cert_file: server.crt, key_file: server.key, min_version: TLS14}", false), ("tls_server_config: {cert_file: server.crt, key_file: server.key, cipher_suites: [X]}", false),
        ("tls_server_config: {cert_file: server.crt, key_file: server.key, curve_preferences: [X]}", false),
        ("tls_server_config: {cert_file: server.crt, key_file: server.key, client_auth_type: Sometimes}", false),
        ("tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt}", false), ("tls_server_config: {client_auth_type: NoClientCert}", false),
        ("basic_auth_users: {a: secret}", false), ("basic_auth_users: {a: '$2b$04$tooshort'}", false), ("http_server_config: {headers: {X-Other: a}}", false),
        ("http_server_config: {headers: {X-Frame-Options: allow}}", false), ("http_server_config: {headers: {X-XSS-Protection: anything}}", true), ("unknown: 1", false),
        ("tls_server_config: {unknown: 1}", false), ("http_server_config: {http3: true}", false), ("basic_auth_users: [a]", false), ("[", false),
    ])
    func verdicts(text: String, isGood: Bool) throws {
        defer { remove() }
        _ = try TestCertificates(folder)
        let file = try write(text + "\n")
        let theirs = try run(try #require(peer("promtool")), ["check", "web-config", file])
        #expect((theirs.status == 0) == isGood, "promtool of \(text): \(theirs.output)\(theirs.error)")
        // A prometheus.yml that is refused in any case: which of the two is named tells whether web.yml was passed. The ports are never opened.
        let ours = try run(RunningStack.binary.path, ["serve", "--web.config.file", file, "--storage.tsdb.path", "/proc/obstack/metrics", "--data", folder.appendingPathComponent("data").path] + zeroPorts)
        if isGood {
            #expect(ours.status == 1 && ours.error.contains("/proc/obstack"), "\(text): \(ours.error)")
        } else {
            #expect(ours.status == 2 && ours.error.contains("web.yml") && ours.error.split(separator: "\n").count == 1, "\(text): \(ours.status) \(ours.error)")
        }
    }

    private var zeroPorts: [String] { ["prometheus", "pushgateway", "otlp-grpc", "otlp-http", "jaeger", "grafana", "collector-metrics", "health"].flatMap { ["--\($0)-port", "0"] } }

    @Test("a stack behind TLS and a password measures itself, and its own commands and panels go on to work")
    func staysAtHome() async throws {
        defer { remove() }
        _ = try TestCertificates(folder)
        let web = "tls_server_config: {cert_file: \(folder.path)/server.crt, key_file: \(folder.path)/server.key}\nbasic_auth_users: {alice: '\(Self.secret)'}\n"
        let stack = try await RunningStack(configuration: ["web.yml": web])
        defer { stack.stop() }
        let data = stack.folder.appendingPathComponent("data").path
        func obstack(_ arguments: String...) throws -> (status: Int32, output: String, error: String) { try run(RunningStack.binary.path, arguments) }
        #expect(stack.log.contains("https://127.0.0.1:\(stack.ports["prometheus"] ?? 0)"))
        #expect(try await eventually(within: 60) { try obstack("query", "--data", data, "up{job=\"prometheus\"} == 1").status == 0 })
        let check = try obstack("check", "--data", data)
        #expect(check.status == 0, "\(check.output)")
        let panel = #"{"from":"now-5m","to":"now","queries":[{"refId":"A","expr":"up{job=\"prometheus\"}","instant":true,"datasource":{"uid":"prometheus"}}]}"#
        // A panel's time is that of its step, which may lie before the first scrape.
        #expect(try await eventually(within: 60) {
            let frames = try http(stack.url("grafana", "/api/ds/query"), method: "POST", headers: ["Authorization: Basic YWRtaW46YWRtaW4=", "Content-Type: application/json"], body: Data(panel.utf8))
            return frames.status == 200 && frames.body.contains("[1]")
        })
        #expect(try http(stack.url("jaeger", "/-/doors")).body.contains(#""https":"prometheus""#))

        // By hand, with promtool's file; and not without it.
        let access = folder.appendingPathComponent("http.yml")
        try "basic_auth: {username: alice, password: secret}\ntls_config: {ca_file: ca.crt}\n".write(to: access, atomically: true, encoding: .utf8)
        let server = "https://localhost:\(stack.ports["prometheus"] ?? 0)"
        #expect(try obstack("query", "--server", server, "--http.config.file", access.path, "1").output.contains("1"))
        #expect(try obstack("query", "--server", server, "1").status == 1)
        #expect(try obstack("check", "--data", data, "--http.config.file", access.path).status == 0)
        if let promtool = peer("promtool") { #expect(try run(promtool, ["query", "instant", "--http.config.file", access.path, server, "1"]).status == 0) }

        // The word that lets the commands in is for this user alone, and no other word is.
        let runFile = try String(contentsOfFile: "\(data)/run.json", encoding: .utf8)
        let token = try #require(runFile.firstMatch(of: /"token":"([0-9a-f]{32})"/)?.output.1)
        #expect(try FileManager.default.attributesOfItem(atPath: "\(data)/run.json")[.posixPermissions] as? Int == 0o600)
        #expect(try CurlOutcome.ask("\(server)/-/ready", ["-H", "Authorization: Bearer \(token)"]).status == 200)
        #expect(try CurlOutcome.ask("\(server)/-/ready", ["-H", "Authorization: Bearer \(token.dropLast())0"]).status == (token.last == "0" ? 200 : 401))
    }

    @Test("a changed password and a renewed certificate are in force without a reload; a broken file changes nothing and fails a reload")
    func followsFiles() async throws {
        defer { remove() }
        let certificates = try TestCertificates(folder)
        func web(_ hash: String) -> String { "tls_server_config: {cert_file: \(folder.path)/server.crt, key_file: \(folder.path)/server.key}\nbasic_auth_users: {alice: '\(hash)'}\n" }
        let stack = try await RunningStack(configuration: ["web.yml": web(Self.secret)])
        defer { stack.stop() }
        let url = "https://localhost:\(stack.ports["prometheus"] ?? 0)/-/ready"
        func status(_ password: String, _ authority: String) throws -> Int { try CurlOutcome.ask(url, ["--no-insecure", "--cacert", certificates.path(authority), "-u", "alice:\(password)"]).status }
        #expect(try status("secret", "ca.crt") == 200)
        let file = stack.folder.appendingPathComponent("config/web.yml")
        try web(Self.fresh).write(to: file, atomically: true, encoding: .utf8)
        #expect(try await eventually(within: 60) { try status("fresh", "ca.crt") == 200 })
        #expect(try status("secret", "ca.crt") == 401)

        try "basic_auth_users: {alice: nothing}\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(try await eventually(within: 60) { stack.log.contains("is not a bcrypt hash") })
        #expect(try status("fresh", "ca.crt") == 200)
        let reload = try CurlOutcome.ask(url.replacingOccurrences(of: "ready", with: "reload"), ["-X", "POST", "-u", "alice:fresh"])
        #expect(reload.status == 500 && reload.body.contains("web.yml:1"), "\(reload.body)")
        try web(Self.fresh).write(to: file, atomically: true, encoding: .utf8)

        try certificates.sign("server", by: "other-ca", names: "DNS:localhost")
        #expect(try await eventually(within: 60) { try status("fresh", "other-ca.crt") == 200 })
        #expect(try status("fresh", "ca.crt") == 0, "the old certificate is still served")
    }

    @Test("a client that says nothing over HTTP/2 does not keep a stack from ending")
    func drains() async throws {
        defer { remove() }
        _ = try TestCertificates(folder)
        let stack = try await RunningStack(configuration: ["web.yml": "tls_server_config: {cert_file: \(folder.path)/server.crt, key_file: \(folder.path)/server.key}\n"])
        defer { stack.stop() }
        let client = Process()
        client.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        client.arguments = ["s_client", "-connect", "127.0.0.1:\(stack.ports["prometheus"] ?? 0)", "-alpn", "h2"]
        let (input, output) = (Pipe(), Pipe())
        (client.standardInput, client.standardOutput, client.standardError) = (input, output, FileHandle.nullDevice)
        try client.run()
        defer { client.terminate() }
        var said = ""
        while !said.contains("ALPN protocol: h2"), case let bytes = output.fileHandleForReading.availableData, !bytes.isEmpty { said += String(decoding: bytes, as: UTF8.self) }
        #expect(said.contains("ALPN protocol: h2"))
        stack.signal(SIGTERM)
        #expect(try await eventually(within: 60) { !stack.isRunning })
    }

    @Test("more requests than the rate allows are 429, with the configured headers")
    func rateLimit() async throws {
        // Nothing is scraped, for a scrape of the stack's own metrics takes its turn, too.
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n", "web.yml": "rate_limit: {burst: 3, interval: 1h}\nhttp_server_config: {headers: {X-Frame-Options: sameorigin}}\n"])
        defer { stack.stop() }
        let answers = try (0..<5).map { _ in try CurlOutcome.ask(stack.url("prometheus", "/-/healthy")) }
        #expect(answers.map(\.status) == [200, 200, 200, 429, 429])
        #expect(answers.allSatisfy { $0.headers["x-frame-options"] == "sameorigin" })
        #expect(answers.last?.body == "Too Many Requests\n")
    }
}
