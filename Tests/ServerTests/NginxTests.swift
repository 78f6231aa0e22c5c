import Foundation
import Testbed
import Testing

@Suite("nginx in front of the stack", .serialized, .ownWaitingThread, .enabled(if: RunningNginx.binary != nil && FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "nginx or openssl is not installed"))
struct NginxTests {
    @Test("through config/nginx/prometheus.conf each door answers over TLS to who has the password, and 401 to others; plain HTTP is sent to TLS")
    func proxies() async throws {
        let nginx = try #require(RunningNginx.binary)
        let stack = try await RunningStack()
        defer { stack.stop() }
        let folder = stack.folder.appendingPathComponent("nginx")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let (crt, key, passwords) = ("\(folder.path)/crt", "\(folder.path)/key", "\(folder.path)/htpasswd")
        let names = ["prometheus", "grafana", "jaeger"].map { "DNS:\($0).example.com" }.joined(separator: ",")
        let made = try run(
            "/usr/bin/openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=example.com", "-addext", "subjectAltName=\(names)", "-keyout", key, "-out", crt])
        #expect(made.status == 0, "\(made.error)")
        let digest = try run("/usr/bin/openssl", ["passwd", "-apr1", "secret"]).output
        try "ops:\(digest)".write(toFile: passwords, atomically: true, encoding: .utf8)

        let (tls, plain) = (try freePort(), try freePort())
        let ports = try ["prometheus", "grafana", "jaeger"].map { try #require(stack.ports[$0]) }
        let proxy = try RunningNginx(nginx, folder: folder, replacing: [
            ("/etc/nginx/observability.crt;", "\(crt);"), ("/etc/nginx/observability.key;", "\(key);"), ("auth_basic_user_file /etc/nginx/observability.htpasswd;", "auth_basic_user_file \(passwords);"),
            ("listen 80;", "listen 127.0.0.1:\(plain);"), ("listen 443 ssl;", "listen 127.0.0.1:\(tls) ssl;"),
            ("127.0.0.1:9090;", "127.0.0.1:\(ports[0]);"), ("127.0.0.1:3000;", "127.0.0.1:\(ports[1]);"), ("127.0.0.1:16686;", "127.0.0.1:\(ports[2]);"),
        ])
        defer { proxy.stop() }

        func ask(_ name: String, _ path: String, _ arguments: [String] = ["-u", "ops:secret"]) throws -> (status: Int, body: String) {
            let host = "\(name).example.com"
            let result = try run(
                "/usr/bin/curl", ["-sS", "--max-time", "20", "--cacert", crt, "--resolve", "\(host):\(tls):127.0.0.1", "-w", "\n%{http_code}", "https://\(host):\(tls)\(path)"] + arguments)
            let lines = result.output.components(separatedBy: "\n")
            return (Int(lines.last ?? "") ?? 0, result.error + lines.dropLast().joined(separator: "\n"))
        }
        #expect(try await eventually(within: 60) { try ask("prometheus", "/-/ready").status == 200 }, "\(proxy.log)")
        for (name, path) in [("prometheus", "/api/v1/status/buildinfo"), ("grafana", "/api/health"), ("jaeger", "/api/services")] {
            #expect(try ask(name, path, []).status == 401, "\(name)")
            #expect(try ask(name, path, ["-u", "ops:wrong"]).status == 401, "\(name)")
            let answer = try ask(name, path)
            #expect(answer.status == 200, "\(name): \(answer.body)")
        }
        // What is written goes through as well, and Grafana's own login behind nginx's.
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let body = folder.appendingPathComponent("body")
        try remoteWriteBody([(labels: [("__name__", "through_nginx")], samples: [(millis: now, value: 7)])]).write(to: body)
        let written = try ask("prometheus", "/api/v1/write", ["-u", "ops:secret", "--data-binary", "@\(body.path)"] + remoteWriteHeaders.flatMap { ["-H", $0] })
        #expect(written.status == 204, "\(written.body)")
        #expect(try ask("prometheus", "/api/v1/query?query=through_nginx").body.contains("\"7\"]"))
        let cookies = folder.appendingPathComponent("cookies").path
        let login = try ask("grafana", "/login", ["-u", "ops:secret", "-c", cookies, "-H", "Content-Type: application/json", "-d", #"{"user":"admin","password":"admin"}"#])
        #expect(login.status == 200, "\(login.body)")
        let user = try ask("grafana", "/api/user", ["-u", "ops:secret", "-b", cookies])
        #expect(user.status == 200 && user.body.contains(#""login":"admin""#), "\(user.body)")

        let redirected = try run("/usr/bin/curl", ["-sS", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "-H", "Host: jaeger.example.com", "http://127.0.0.1:\(plain)/search?a=b"])
        #expect(redirected.output == "301 https://jaeger.example.com/search?a=b", "\(redirected.output)")
    }
}
