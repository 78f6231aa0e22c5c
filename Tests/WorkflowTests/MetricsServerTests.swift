import ObservabilityIntegration
import Testbed
import Testing

@Suite("The door at which metrics are scraped", .ownWaitingThread)
struct MetricsServerTests {
    /// Calls `body` with the port of a session that serves its metrics.
    private func serving(_ body: (Observed, Int) throws -> Void) throws {
        let observed = try Observed()
        defer { observed.close() }
        try observed.session.serveMetrics(host: "127.0.0.1", port: 0)
        let url = try #require(observed.session.metricsURL)
        let port = try #require(Int(url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }))
        #expect(url == "http://127.0.0.1:\(port)/metrics")
        try body(observed, port)
    }

    @Test("one connection serves many scrapes of all forms")
    func manyScrapes() throws {
        try serving { _, port in
            let connection = try RawConnection(port: port)
            for _ in 0..<2 {
                for (accept, format) in [
                    ("*/*", ExpositionFormat.text), ("application/openmetrics-text", .openMetrics),
                    ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", .protobuf),
                ] {
                    let answer = try connection.exchange("GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\nAccept: \(accept)\r\n\r\n")
                    #expect(answer.status == 200)
                    #expect(answer.headers["content-type"] == format.contentType)
                    #expect(answer.text.contains("observability_service_info"))
                }
            }
        }
    }

    @Test("several Accept headers are one list")
    func severalHeaders() throws {
        try serving { _, port in
            let answer = try RawConnection(port: port).exchange("GET /metrics HTTP/1.1\r\nAccept: text/plain;q=0.1\r\nACCEPT: application/openmetrics-text\r\n\r\n")
            #expect(answer.headers["content-type"] == ExpositionFormat.openMetrics.contentType)
        }
    }

    @Test("what is not asked for with GET or HEAD, or is not there, is told so")
    func others() throws {
        try serving { _, port in
            let connection = try RawConnection(port: port)
            let head = try connection.exchange("HEAD /metrics HTTP/1.1\r\n\r\n")
            #expect(head.status == 200)
            #expect(Int(head.headers["content-length"] ?? "") ?? 0 > 100)
            #expect(try connection.exchange("GET / HTTP/1.1\r\n\r\n").text.contains("/metrics"))
            #expect(try connection.exchange("GET /other HTTP/1.1\r\n\r\n").status == 404)
            let posted = try connection.exchange("POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
            #expect(posted.status == 405)
            #expect(posted.headers["allow"] == "GET, HEAD")
            // The body was not read, so nothing more can be.
            #expect(connection.isAtEnd())
        }
    }

    @Test("an old client's connection, and one that is asked to, ends behind the answer", arguments: ["GET /metrics HTTP/1.0\r\n\r\n", "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n"])
    func closing(request: String) throws {
        try serving { _, port in
            let connection = try RawConnection(port: port)
            #expect(try connection.exchange(request).status == 200)
            #expect(connection.isAtEnd())
        }
    }

    @Test("what is not HTTP, or too long, ends its connection and no other", arguments: ["no request line", "no header", "a line without end"])
    func garbage(kind: String) throws {
        let text = ["no request line": "hello\r\n\r\n", "no header": "GET /metrics HTTP/1.1\r\nnothing\r\n\r\n"][kind] ?? "GET /" + String(repeating: "x", count: 40_000)
        try serving { (_, port) throws in
            #expect(throws: Trouble.self) { try RawConnection(port: port).exchange(text) }
            #expect(try RawConnection(port: port).exchange("GET /metrics HTTP/1.1\r\n\r\n").status == 200)
        }
    }

    @Test("connections are bounded: one too many is closed, and there is room again when another ends")
    func bounded() throws {
        try serving { _, port in
            var open: [RawConnection] = []
            for _ in 0..<16 {
                open.append(try RawConnection(port: port))
                #expect(try open[open.count - 1].exchange("GET / HTTP/1.1\r\n\r\n").status == 200)
            }
            #expect(try RawConnection(port: port).isAtEnd())
            open.removeAll()
            // The server hears of the ends in its own time.
            while (try? RawConnection(port: port).exchange("GET / HTTP/1.1\r\n\r\n").status) != 200 {}
        }
    }

    @Test("a port that is taken is said, by whom and why")
    func taken() throws {
        let taken = try FakeServer()
        defer { taken.close() }
        let observed = try Observed()
        defer { observed.close() }
        do {
            try observed.session.serveMetrics(host: "127.0.0.1", port: taken.port)
            Issue.record("two listen on one port")
        } catch {
            #expect("\(error)".hasPrefix("metrics are not served on 127.0.0.1:\(taken.port): "))
        }
        #expect(observed.session.metricsURL == nil)
        #expect(throws: ObservabilityError.self) { try observed.session.serveMetrics(host: "127.0.0.1", port: 70_000) }
    }

    @Test("the port is free again after the end, whoever is connected")
    func freeAgain() throws {
        var freed = 0
        var idle: RawConnection?
        try serving { _, port in
            freed = port
            idle = try RawConnection(port: port)
            _ = try idle?.exchange("GET / HTTP/1.1\r\n\r\n")
        }
        #expect(idle?.isAtEnd() == true)
        #expect(throws: Trouble.self) { try RawConnection(port: freed) }
        let next = try FakeServer(port: freed)
        next.close()
    }
}
