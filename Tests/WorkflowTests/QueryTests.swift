import Foundation
import ObservabilityIntegration
import Testbed
import Testing

@Suite("Questions to the stack", .ownWaitingThread)
struct QueryTests {
    private func server(_ answer: String, status: Int = 200, isChunked: Bool = false) throws -> FakeServer {
        try FakeServer(usual: FakeServer.Answer(status: status, body: Array(answer.utf8), isChunked: isChunked))
    }

    /// What the last request asked for: its path, and the parameters.
    private func asked(_ server: FakeServer) throws -> (path: String, parameters: [String: String]) {
        let target = try #require(server.requests.last?.target)
        let parts = try #require(URLComponents(string: target))
        return (parts.path, Dictionary((parts.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { first, _ in first })
    }

    private let start = Date(timeIntervalSince1970: 1_767_323_045)

    @Test("an instant query", arguments: [false, true])
    func instant(isChunked: Bool) async throws {
        let server = try server(#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"größe"},"value":[1.5,"2"]},{"metric":{},"value":[1,"+Inf"]}]}}"#, isChunked: isChunked)
        defer { server.close() }
        let series = try await getPrometheusMetrics(query: "sum by (a) (up{b=\"+ &\"})", url: server.url + "/")
        #expect(series == [
            PrometheusSeries(labels: ["job": "größe"], samples: [.init(time: Date(timeIntervalSince1970: 1.5), value: 2)], histograms: []),
            PrometheusSeries(labels: [:], samples: [.init(time: Date(timeIntervalSince1970: 1), value: .infinity)], histograms: []),
        ])
        #expect(try asked(server) == ("/api/v1/query", ["query": "sum by (a) (up{b=\"+ &\"})"]))
        _ = try await getPrometheusMetrics(query: "up", endTime: start, url: server.url)
        #expect(try asked(server).parameters == ["query": "up", "time": "1767323045"])
    }

    @Test("a scalar is one series without labels")
    func scalar() async throws {
        let server = try server(#"{"data":{"resultType":"scalar","result":[1,"2"]}}"#)
        defer { server.close() }
        #expect(try await getPrometheusMetrics(query: "2", url: server.url) == [PrometheusSeries(labels: [:], samples: [.init(time: Date(timeIntervalSince1970: 1), value: 2)], histograms: [])])
    }

    @Test("a range query, with native histograms")
    func range() async throws {
        let server = try server(#"{"data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"2"],[2,"NaN"]],"histograms":[[3,{"count":"4","sum":"5.5","buckets":[[0,"0.5","1","4"]]}]]}]}}"#)
        defer { server.close() }
        let series = try #require(try await getPrometheusMetrics(query: "x", startTime: start, endTime: start.addingTimeInterval(3_600), url: server.url).first)
        #expect(try asked(server) == ("/api/v1/query_range", ["query": "x", "start": "1767323045", "end": "1767326645", "step": "14"]))
        #expect(series.samples.map(\.time.timeIntervalSince1970) == [1, 2])
        #expect(series.samples[1].value.isNaN)
        #expect(series.histograms == [.init(time: Date(timeIntervalSince1970: 3), count: 4, sum: 5.5, buckets: [.init(boundaries: 0, lower: 0.5, upper: 1, count: 4)])])
        _ = try await getPrometheusMetrics(query: "x", startTime: start, step: .milliseconds(2_500), url: server.url)
        #expect(try asked(server).parameters["step"] == "2.5")
    }

    @Test("a search for traces")
    func traces() async throws {
        let server = try server(#"""
            {"data":[{"traceID":"1f","spans":[{"traceID":"1f","spanID":"2","operationName":"workflow.execute","references":[{"refType":"CHILD_OF","traceID":"1f","spanID":"3"}],
            "startTime":1500000,"duration":2500,"tags":[{"key":"a","type":"string","value":"b"},{"key":"n","type":"int64","value":7},{"key":"f","type":"bool","value":true}],"logs":[],"processID":"p1","warnings":null}],
            "processes":{"p1":{"serviceName":"my-app","tags":[]}},"warnings":null}],"total":0,"errors":null}
            """#)
        defer { server.close() }
        let trace = try #require(try await queryJaegerTraces(service: "my-app", operation: "workflow.execute", limit: 10, url: server.url).first)
        #expect(try asked(server) == ("/api/traces", ["service": "my-app", "operation": "workflow.execute", "limit": "10", "lookback": "1h"]))
        let span = try #require(trace.spans.first)
        #expect((trace.traceID, span.operationName, span.duration, trace.processes[span.processID]?.serviceName) == ("1f", "workflow.execute", .microseconds(2_500), "my-app"))
        #expect(span.startTime == Date(timeIntervalSince1970: 1.5))
        #expect(span.references.map(\.spanID) == ["3"])
        #expect(span.tags == ["a": .text("b"), "n": .number(7), "f": .flag(true)])
        _ = try await queryJaegerTraces(
            service: "s", tags: ["workflow.id": "req-123"], startTime: Date(timeIntervalSince1970: 1), endTime: Date(timeIntervalSince1970: 2.5), minDuration: .milliseconds(100),
            maxDuration: .seconds(2), url: server.url)
        #expect(try asked(server).parameters == [
            "service": "s", "limit": "20", "lookback": "1h", "tags": #"{"workflow.id":"req-123"}"#, "start": "1000000", "end": "2500000", "minDuration": "100000us", "maxDuration": "2000000us",
        ])
    }

    @Test("errors are told in the server's words", arguments: [
        (#"{"status":"error","errorType":"bad_data","error":"1:3: parse error"}"#, "1:3: parse error"),
        (#"{"data":null,"errors":[{"code":400,"msg":"parameter 'service' is required"}]}"#, "parameter 'service' is required"), ("plain words", "plain words"),
    ])
    func refusals(answer: String, words: String) async throws {
        let server = try server(answer, status: 400)
        defer { server.close() }
        await #expect(throws: ObservabilityError.refused(url: server.url + "/api/v1/query", status: 400, reason: words)) { try await getPrometheusMetrics(query: "up(", url: server.url) }
    }

    @Test("what is not the API, nobody, and what is no URL are told apart")
    func others() async throws {
        let server = try server("<html>")
        defer { server.close() }
        func reason(_ body: () async throws -> Void) async -> String {
            do { try await body() } catch { return "\(error)" }
            return "nothing was thrown"
        }
        #expect(await reason { _ = try await queryJaegerTraces(service: "s", url: server.url) }.contains("right port"))
        let port = try freePort()
        #expect(await reason { _ = try await getPrometheusMetrics(query: "up", url: "http://127.0.0.1:\(port)") }.contains("is the stack running"))
        #expect(await reason { _ = try await getPrometheusMetrics(query: "up", url: "nonsense") }.contains("should be like"))
    }

    @Test("a question ends with the task that asked it")
    func cancellation() async throws {
        let server = try FakeServer(usual: FakeServer.Answer(isSilent: true))
        defer { server.close() }
        let url = server.url
        let task = Task { try await getPrometheusMetrics(query: "up", url: url, timeout: .seconds(3_600)) }
        #expect(server.awaitRequests(1))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
