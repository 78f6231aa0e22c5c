import ObservabilityIntegration
import Testbed
import Testing

@Suite("The exporter of spans", .ownWaitingThread)
struct SpanExporterTests {
    /// An exporter that sends to a fake receiver and hardly pauses, with a session of which spans can be made.
    private func session(_ server: FakeServer, _ change: (inout SpanExporter.Options) -> Void = { _ in }) throws -> ObservabilitySession {
        var options = SpanExporter.Options(address: try #require(HTTPAddress(server.url + "/v1/traces")))
        options.pausesSeconds = [0.01]
        change(&options)
        return ObservabilitySession(serviceName: "x", exporter: options)
    }

    private func end(_ session: ObservabilitySession, _ name: String = "s", fields: [RecordedSpan.Field] = []) {
        RecordedSpan(name, session: session, traceID: .random(), parent: nil, fields: fields).end()
    }

    private func received(_ server: FakeServer) throws -> [ReceivedSpan] { try server.requests.flatMap { try ReceivedSpan.decode($0.body) } }

    @Test("a request says what it is, and headers that were asked for go with it")
    func request() throws {
        let server = try FakeServer()
        defer { server.close() }
        let session = try session(server) { options in
            options.headers = [("x-key", "1")]
            options.resource = [RecordedSpan.Field("service.name", "größe")]
        }
        defer { session.close(timeoutSeconds: 1) }
        end(session)
        #expect(session.exporter.flush(timeoutSeconds: 60))
        let request = try #require(server.requests.first)
        #expect((request.method, request.target) == ("POST", "/v1/traces"))
        #expect(request.headers["content-type"] == "application/x-protobuf")
        #expect(request.headers["host"] == "127.0.0.1:\(server.port)")
        #expect(request.headers["x-key"] == "1")
        let span = try #require(try received(server).first)
        #expect((span.name, span.kind, span.status, span.scope) == ("s", "internal", "unset", "ObservabilityIntegration"))
        #expect(span.resource == ["service.name": "größe"])
        #expect(span.start <= span.end)
    }

    @Test("many spans go in batches over one connection")
    func batches() throws {
        let server = try FakeServer()
        defer { server.close() }
        let session = try session(server)
        defer { session.close(timeoutSeconds: 1) }
        for index in 0..<2_000 { end(session, fields: [RecordedSpan.Field("index", .int64(Int64(index)))]) }
        #expect(session.exporter.flush(timeoutSeconds: 60))
        #expect(try received(server).compactMap { Int($0.attributes["index"] ?? "") }.sorted() == Array(0..<2_000))
        #expect(try server.requests.allSatisfy { try ReceivedSpan.decode($0.body).count <= 512 })
        #expect(server.connectionCount == 1)
        #expect(session.exporter.counts == SpanExporter.Counts(sent: 2_000, dropped: 0))
    }

    @Test("a span is sent after a while without being asked for")
    func byItself() throws {
        let server = try FakeServer()
        defer { server.close() }
        let session = try session(server) { $0.waitSeconds = 0.01 }
        defer { session.close(timeoutSeconds: 1) }
        end(session)
        #expect(server.awaitRequests(1))
    }

    @Test("a receiver that is busy gets the batch again")
    func busy() throws {
        let server = try FakeServer(first: [503, 429, 502, 504].map { FakeServer.Answer(status: $0) })
        defer { server.close() }
        let session = try session(server) { $0.waitSeconds = 0.01 }
        defer { session.close(timeoutSeconds: 1) }
        end(session)
        #expect(server.awaitRequests(5))
        #expect(session.exporter.flush(timeoutSeconds: 60))
        #expect(Set(server.requests.map(\.body)).count == 1)
        #expect(session.exporter.counts == SpanExporter.Counts(sent: 1, dropped: 0))
    }

    @Test("a batch that is refused is dropped, and the next one is sent")
    func refused() throws {
        let server = try FakeServer(first: [FakeServer.Answer(status: 400, body: Array("no".utf8))])
        defer { server.close() }
        let session = try session(server)
        defer { session.close(timeoutSeconds: 1) }
        end(session, "first")
        #expect(session.exporter.flush(timeoutSeconds: 60))
        end(session, "second")
        #expect(session.exporter.flush(timeoutSeconds: 60))
        #expect(server.requests.count == 2)
        #expect(session.exporter.counts == SpanExporter.Counts(sent: 1, dropped: 1))
    }

    @Test("spans that the receiver rejects are counted as dropped", arguments: [
        ([0x0A, 0x08, 0x08, 0x02, 0x12, 0x04, 0x6E, 0x6F, 0x70, 0x65], 2), ([], 0), ([0x0A, 0x00], 0), ([0x0A, 0x03, 0x08, 0xAC, 0x02], 5),
        ([0x0A, 0x0B, 0x08] + Array(repeating: 0xFF, count: 12), 0), (Array("junk and more".utf8), 0),
    ] as [([UInt8], UInt64)])
    func rejected(answer: [UInt8], dropped: UInt64) throws {
        let server = try FakeServer(usual: FakeServer.Answer(body: answer))
        defer { server.close() }
        let session = try session(server) { $0.waitSeconds = 3_600 }
        defer { session.close(timeoutSeconds: 1) }
        for _ in 0..<5 { end(session) }
        #expect(session.exporter.flush(timeoutSeconds: 60))
        #expect(session.exporter.counts == SpanExporter.Counts(sent: 5 - dropped, dropped: dropped))
    }

    @Test("a connection that was closed meanwhile is made again, and nothing is lost")
    func hangUp() throws {
        let server = try FakeServer()
        defer { server.close() }
        let session = try session(server)
        defer { session.close(timeoutSeconds: 1) }
        for round in 1...3 {
            end(session)
            #expect(session.exporter.flush(timeoutSeconds: 60))
            #expect(session.exporter.counts.sent == UInt64(round))
            server.hangUp()
        }
    }

    @Test("a receiver that comes later gets what waited")
    func comesLater() throws {
        let port = try freePort()
        var options = SpanExporter.Options(address: try #require(HTTPAddress("http://127.0.0.1:\(port)/v1/traces")))
        (options.pausesSeconds, options.waitSeconds) = ([0.01], 0.01)
        let session = ObservabilitySession(serviceName: "x", exporter: options)
        defer { session.close(timeoutSeconds: 1) }
        end(session, "early")
        let server = try FakeServer(port: port)
        defer { server.close() }
        #expect(server.awaitRequests(1))
        #expect(try received(server).map(\.name) == ["early"])
    }

    @Test("the queue is bounded, what is too much is counted, and the end waits for what the receiver takes")
    func bounded() throws {
        let server = try FakeServer(first: [FakeServer.Answer(isSilent: true)])
        defer { server.close() }
        let session = try session(server) { options in
            (options.queueMax, options.batchMax, options.waitSeconds) = (100, 10, 3_600)
        }
        for _ in 0..<10 { end(session) }
        // The thread waits for an answer that does not come, with a batch in its hands.
        #expect(server.awaitRequests(1))
        for _ in 0..<150 { end(session) }
        #expect(session.exporter.counts == SpanExporter.Counts(sent: 0, dropped: 50))
        server.hangUp()
        #expect(server.awaitRequests(2))
        session.close(timeoutSeconds: 60)
        #expect(session.exporter.counts == SpanExporter.Counts(sent: 110, dropped: 50))
        end(session)
        #expect(session.exporter.counts.dropped == 51)
    }

    @Test("what nobody takes by the end is dropped and counted")
    func nobody() throws {
        var options = SpanExporter.Options(address: try #require(HTTPAddress("http://127.0.0.1:\(try freePort())/v1/traces")))
        options.waitSeconds = 3_600
        let session = ObservabilitySession(serviceName: "x", exporter: options)
        for _ in 0..<3 { end(session) }
        session.close(timeoutSeconds: 60)
        #expect(session.exporter.counts == SpanExporter.Counts(sent: 0, dropped: 3))
    }

    @Test("an end in a hurry does not wait for a receiver that says nothing")
    func silent() throws {
        let server = try FakeServer(usual: FakeServer.Answer(isSilent: true))
        defer { server.close() }
        let session = try session(server) { $0.waitSeconds = 3_600 }
        end(session)
        session.close(timeoutSeconds: 0.05)
        // The request was cut off after its time, long before the ten seconds that one may usually take.
        #expect(session.exporter.counts.sent == 0)
        #expect(session.exporter.flush(timeoutSeconds: 5))
        #expect(session.exporter.counts == SpanExporter.Counts(sent: 0, dropped: 1))
    }

    @Test("who wants to see each span sees it before it is sent")
    func tap() throws {
        let server = try FakeServer()
        defer { server.close() }
        let seen = Recorder<String>()
        let session = try session(server) { $0.tap = { seen.note($0.state.name) } }
        defer { session.close(timeoutSeconds: 1) }
        for name in ["a", "b"] { end(session, name) }
        #expect(session.exporter.flush(timeoutSeconds: 60))
        #expect(seen.entries == ["a", "b"])
    }

    @Test("what a span keeps is bounded")
    func spansAreBounded() throws {
        let observed = try Observed()
        defer { observed.close() }
        let span = RecordedSpan("s", session: observed.session, traceID: .random(), parent: nil)
        for index in 0..<(RecordedSpan.fieldsMax + 10) {
            span.set("k\(index)", .string(String(repeating: "ö", count: RecordedSpan.textMax)))
            span.record(Trouble("no"))
        }
        span.set("k0", "again")
        span.end()
        span.set("late", true)
        let sent = try #require(try observed.spans().first)
        #expect((sent.attributes.count, sent.events.count) == (RecordedSpan.fieldsMax, RecordedSpan.fieldsMax))
        #expect(sent.attributes["k0"] == "again")
        #expect(sent.attributes["k1"] == String(repeating: "ö", count: RecordedSpan.textMax / 2))
        #expect(sent.attributes["late"] == nil)
    }
}
