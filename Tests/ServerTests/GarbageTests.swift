import Foundation
import Testing

@Suite("Garbage on every port", .serialized)
struct GarbageTests {
    static let doors = ["prometheus", "pushgateway", "otlpGRPC", "otlpHTTP", "jaeger", "grafana", "collectorMetrics", "health"]

    /// Sends raw bytes and reads what comes back until the server closes or a second has passed.
    private func exchange(_ port: Int, _ bytes: [UInt8], seconds: Int = 1) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { return "not reachable" }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { break }
            sent += count
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while answer.count < 1 << 20 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            answer += buffer[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    @Test("every kind of garbage gets its status and a sentence, and the process lives within bounded memory")
    func garbage() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        var generator = SystemRandomNumberGenerator()
        let before = stack.residentKiB
        for door in Self.doors {
            let port = try #require(stack.ports[door])
            let random = (0..<4096).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
            let noise = exchange(port, random)
            if door != "otlpGRPC" {
                #expect(noise.hasPrefix("HTTP/1.1 400"), "\(door) answered random bytes with \(noise.prefix(200))")
                let huge = exchange(port, Array("GET / HTTP/1.1\r\nHost: a\r\nX-Huge: \(String(repeating: "a", count: 200_000))\r\n\r\n".utf8))
                #expect(huge.hasPrefix("HTTP/1.1 431"), "\(door) answered huge headers with \(huge.prefix(200))")
                #expect(huge.contains("headers are too large"))
                let unknown = try http(stack.url(door, "/no/such/path"))
                #expect(unknown.status == 404, "\(door): \(unknown.status)")
                #expect(!unknown.body.isEmpty, "\(door) says nothing of an unknown path")
            }
        }
        let wrongMethods = [("prometheus", "/api/v1/query", "DELETE"), ("prometheus", "/api/v1/write", "GET"), ("otlpHTTP", "/v1/traces", "GET"), ("jaeger", "/api/services", "POST"),
                            ("grafana", "/api/health", "POST"), ("pushgateway", "/metrics/job/a", "GET"), ("pushgateway", "/api/v1/metrics", "POST")]
        for (door, path, method) in wrongMethods {
            let answer = try http(stack.url(door, path), method: method)
            #expect(answer.status == 405, "\(method) \(path) on \(door) answered \(answer.status)")
            #expect(!answer.body.isEmpty)
        }
        let bodies: [(door: String, path: String, headers: [String], body: Data)] = [
            ("prometheus", "/api/v1/write", remoteWriteHeaders, Data("not snappy at all".utf8)),
            ("prometheus", "/api/v1/write", remoteWriteHeaders, Data(remoteWriteBody([([("__name__", "x")], [(1, 1)])]).dropLast(3))),
            ("otlpHTTP", "/v1/traces", ["Content-Type: application/x-protobuf"], Data([0x0A, 0xFF, 0xFF, 0x03, 0x01])),
            ("otlpHTTP", "/v1/metrics", ["Content-Type: application/x-protobuf"], Data([0x0A, 0x7F, 0x01])),
            ("otlpHTTP", "/v1/traces", ["Content-Type: application/json"], Data("{\"resourceSpans\": [".utf8)),
            ("otlpHTTP", "/v1/traces", ["Content-Type: application/x-protobuf", "Content-Encoding: gzip"], Data("plain".utf8)),
            ("prometheus", "/api/v1/query", ["Content-Type: application/x-www-form-urlencoded"], Data("query=sum((".utf8)),
            ("grafana", "/login", ["Content-Type: application/json"], Data("{".utf8)),
            ("pushgateway", "/metrics/job/a", [], Data([0x00, 0xFF, 0x7B])),
            ("pushgateway", "/metrics/job/a", ["Content-Encoding: gzip"], Data("plain".utf8)),
            ("pushgateway", "/metrics/job/a", ["Content-Encoding: snappy"], Data("plain".utf8)),
            ("pushgateway", "/metrics/job/a", ["Content-Type: application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"],
             Data([0x7F, 0x0A, 0xFF])),
        ]
        for (door, path, headers, body) in bodies {
            let answer = try http(stack.url(door, path), method: "POST", headers: headers, body: body)
            #expect(answer.status == 400, "\(door) \(path) answered \(answer.status) \(answer.body)")
            #expect(!answer.body.isEmpty)
        }
        for (door, path) in [("prometheus", "/api/v1/write"), ("otlpHTTP", "/v1/traces"), ("grafana", "/login"), ("pushgateway", "/metrics/job/a")] {
            let port = try #require(stack.ports[door])
            let request = "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\nContent-Length: 1073741824\r\n\r\nabc"
            let answer = exchange(port, Array(request.utf8), seconds: 3)
            #expect(answer.hasPrefix("HTTP/1.1 413"), "\(door) answered a declared gigabyte with \(answer.prefix(200))")
        }
        #expect(stack.isRunning)
        let check = try run(RunningStack.binary.path, ["check", "--data", stack.folder.appendingPathComponent("data").path])
        #expect(check.status == 0, "\(check.output)")
        #expect(stack.residentKiB < before + 64 << 10, "memory went from \(before) to \(stack.residentKiB) KiB")
    }
}
