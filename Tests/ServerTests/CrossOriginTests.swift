import Foundation
import Testing

@Suite("Pages of other origins")
struct CrossOriginTests {
    /// The headers of an answer to a request from `origin`, names in lower case; "" is the status.
    private static func headers(_ url: String, from origin: String?, method: String = "GET") throws -> [String: String] {
        let asked = origin.map { ["-H", "Origin: \($0)", "-H", "Access-Control-Request-Method: GET"] } ?? []
        let output = try run("/usr/bin/curl", ["-sS", "--max-time", "20", "-X", method, "-o", "/dev/null", "-D", "-", "-g"] + asked + [url]).output
        var headers: [String: String] = [:]
        for line in output.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("HTTP/") { headers[""] = line.split(separator: " ").dropFirst().first.map(String.init) }
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].trimmingCharacters(in: .whitespaces)
            let name = parts[0].lowercased()
            headers[name] = headers[name].map { "\($0), \(value)" } ?? value
        }
        return headers
    }

    @Test("Prometheus's API may be read by every page, as upstream; Jaeger's by the pages of this stack alone")
    func allowances() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let allowOrigin = "access-control-allow-origin"
        let names = stack.url("prometheus", "/api/v1/label/__name__/values")
        for method in ["GET", "OPTIONS"] {
            let answer = try Self.headers(names, from: "http://example.com", method: method)
            #expect(answer[allowOrigin] == "*")
            #expect(answer["access-control-allow-headers"] == "Accept, Authorization, Content-Type, Origin")
            #expect(answer[""] == (method == "GET" ? "200" : "204"))
        }
        let refused = try Self.headers(stack.url("prometheus", "/api/v1/query?query=("), from: "http://example.com")
        #expect(refused[""] == "400" && refused[allowOrigin] == "*", "errors are to be read too")
        let own = try Self.headers(names, from: nil)
        #expect(own[allowOrigin] == nil && own["vary"]?.contains("Origin") == true)
        #expect(try Self.headers(stack.url("prometheus", "/query"), from: "http://example.com")[allowOrigin] == nil, "pages are not the API")

        let services = stack.url("jaeger", "/api/services")
        let sibling = stack.url("grafana")
        for method in ["GET", "OPTIONS"] { #expect(try Self.headers(services, from: sibling, method: method)[allowOrigin] == sibling) }
        for stranger in ["http://example.com", "http://127.0.0.1:1", "null", "http://localhost:\(stack.ports["grafana"] ?? 0)", sibling + ".example.com"] {
            #expect(try Self.headers(services, from: stranger)[allowOrigin] == nil, "\(stranger)")
        }
    }
}
