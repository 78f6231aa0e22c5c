import Foundation
import Testing

@Suite("The real OpenTelemetry Python SDK", .serialized, .enabled(if: clientsPython != nil, "the Python clients are not here: run scripts/test.sh"))
struct OpenTelemetrySDKTests {
    @Test("traces and metrics arrive over HTTP and gRPC; the trace comes back whole: parents, attributes, events, status", arguments: ["http", "grpc"])
    func roundTrip(transport: String) async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let script = RunningStack.packageRoot.appendingPathComponent("Tests/Clients/otel_sdk.py").path
        let endpoint = stack.url(transport == "http" ? "otlpHTTP" : "otlpGRPC")
        let client = try run(try #require(clientsPython), [script, "--protocol", transport, "--endpoint", endpoint, "--service", "sdk-test", "--spans", "25"])
        try #require(client.status == 0, "\(client.error)")
        let sent = try #require(JSONSerialization.jsonObject(with: Data(client.output.utf8)) as? [String: Any])
        let traceID = try #require(sent["trace_id"] as? String)
        let expected = try #require(sent["spans"] as? [[String: Any]])
        let answer = try json(stack.url("jaeger", "/api/traces/\(traceID)"))
        let trace = try #require((answer["data"] as? [[String: Any]])?.first)
        let spans = try #require(trace["spans"] as? [[String: Any]])
        #expect(spans.count == expected.count)
        for span in expected {
            let id = try #require(span["span_id"] as? String)
            let found = try #require(spans.first { $0["spanID"] as? String == id }, "span \(id) is not in the answer")
            #expect(found["operationName"] as? String == span["name"] as? String)
            // The parent stands first. A link to the parent makes that reference a FOLLOWS_FROM, as Jaeger's translation does.
            let reference = (found["references"] as? [[String: Any]])?.first { $0["traceID"] as? String == traceID }
            #expect(reference?["spanID"] as? String ?? "" == span["parent_span_id"] as? String ?? "")
            let tags = Dictionary((found["tags"] as? [[String: Any]] ?? []).map { ($0["key"] as? String ?? "", $0["value"] ?? "") }) { first, _ in first }
            try expect(tags, hold: span["attributes"], of: "span \(id)")
            let events = try #require(span["events"] as? [[String: Any]])
            let logs = try #require(found["logs"] as? [[String: Any]])
            #expect(logs.count == events.count)
            for (event, log) in zip(events, logs) {
                let fields = Dictionary((log["fields"] as? [[String: Any]] ?? []).map { ($0["key"] as? String ?? "", $0["value"] ?? "") }) { first, _ in first }
                #expect(fields["event"] as? String == event["name"] as? String)
                try expect(fields, hold: event["attributes"], of: "an event of span \(id)")
            }
            if (span["status"] as? String)?.lowercased() == "error" {
                #expect("\(tags["error"] ?? "absent")" == "1" || "\(tags["error"] ?? "absent")" == "true")
            }
        }
        let services = try json(stack.url("jaeger", "/api/services"))
        #expect((services["data"] as? [String])?.contains("sdk-test") == true)
        for metric in try #require(sent["metrics"] as? [[String: Any]]) {
            let name = try #require(metric["name"] as? String)
            let found = try json(stack.url("prometheus", "/api/v1/query?query=%7B__name__%3D%22\(name)%22%7D"))
            let result = (found["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
            #expect(!result.isEmpty, "\(name) cannot be queried")
        }
    }

    /// Each attribute sent is a tag with its value; a list is a tag with the list as JSON text, as Jaeger has it.
    private func expect(_ tags: [String: Any], hold attributes: Any?, of place: String) throws {
        for (key, value) in attributes as? [String: Any] ?? [:] {
            guard let list = value as? NSArray else {
                #expect("\(tags[key] ?? "absent")" == "\(value)", "attribute \(key) of \(place)")
                continue
            }
            let text = try #require(tags[key] as? String, "attribute \(key) of \(place) is absent")
            #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSArray == list, "attribute \(key) of \(place) is \(text)")
        }
    }
}
