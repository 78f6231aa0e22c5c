import Foundation
import Testing

@Suite("Nothing acknowledged is lost", .serialized)
struct KillTests {
    @Test("kill -9 right after acknowledgements: after the restart every acknowledged sample and span is there", arguments: [1, 2, 3])
    func killAfterAcknowledgement(round: Int) async throws {
        let stack = try await RunningStack()
        let folder = stack.folder
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        var samples = 0
        var traces: [String] = []
        for batch in 0..<(20 * round) {
            let body = remoteWriteBody((0..<50).map { series in
                ([("__name__", "kill_test"), ("series", "\(series)")], [(now - 60_000 + Int64(batch) * 100, Double(batch * 1000 + series))])
            })
            let answer = try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: body)
            try #require(answer.status == 204, "\(answer.body)")
            samples += 50
            let id = String(format: "%032x", 0xabc000 + batch)
            let span = """
                {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"kill-test"}}]},"scopeSpans":[{"spans":[
                {"traceId":"\(id)","spanId":"00000000000000a1","name":"op","startTimeUnixNano":"\(now)000000","endTimeUnixNano":"\(now + 5)000000"}]}]}]}
                """
            let taken = try http(stack.url("otlpHTTP", "/v1/traces"), method: "POST", headers: ["Content-Type: application/json"], body: Data(span.utf8))
            try #require(taken.status == 200, "\(taken.body)")
            traces.append(id)
        }
        stack.killNow()
        let again = try await RunningStack(reusing: folder)
        defer { again.stop() }
        let counted = try json(again.url("prometheus", "/api/v1/query?query=sum(count_over_time(kill_test[10m]))&time=\(Double(now) / 1000 + 1)"))
        let result = (counted["data"] as? [String: Any])?["result"] as? [[String: Any]]
        let value = (result?.first?["value"] as? [Any])?.last as? String
        #expect(value == "\(samples)")
        for id in traces {
            #expect(try http(again.url("jaeger", "/api/traces/\(id)")).status == 200, "trace \(id) is gone")
        }
    }
}
