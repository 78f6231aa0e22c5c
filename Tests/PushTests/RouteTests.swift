import Bytes
import HTTPTypes
import Testing

/// `ServerTests/PushgatewayTests` compares with the original; these hold where the original is not at hand, and what it does not do.
@Suite("The Pushgateway's port")
struct RouteTests {
    @Test("paths name groups as the original reads them", arguments: [
        ("/metrics/job/a", 200, ""), ("/metrics/job/a/", 200, ""), ("/metrics/job@base64/YS9i/x@base64/=", 200, ""), ("/metrics/job/a%20b/x/", 200, ""),
        ("/metrics/job/a/b", 400, "odd number of components in label string \"/b\"\n"), ("/metrics/job@base64/=", 400, "job name is required\n"),
        ("/metrics/job/a/__x/y", 400, "improper label name \"__x\"\n"), ("/metrics/job@base64/YS9ia", 400, "invalid base64 encoding in job name \"a/b\": illegal base64 data at input byte 4\n"),
        ("/metrics/job/a/x@base64/!!", 400, "invalid base64 encoding for label x=\"!!\": illegal base64 data at input byte 0\n"),
        ("/metrics/job@base64/gA", 400, "the value of label job is not UTF-8\n"), ("/metrics/job/%zz", 400, "the path /metrics/job/%zz has an escape that is none, or does not decode to UTF-8\n"),
        ("//metrics/job/a", 301, ""), ("/metrics/job/a/../b", 301, ""), ("/metrics/job/", 307, ""),
    ])
    func paths(path: String, status: Int, text: String) async throws {
        let door = try PushDoor()
        defer { door.close() }
        let answer = try await door.send(.put, path, "m 1\n")
        #expect(answer.status == status)
        #expect(answer.text == text)
    }

    @Test("what was pushed is exposed with the labels of its group, beside times and the gateway's own metrics, in order")
    func exposition() async throws {
        let door = try PushDoor()
        defer { door.close() }
        #expect(try await door.send(.put, "/metrics/job/b/instance/i", "m{job=\"mine\",z=\"1\"} 2\n").status == 200)
        #expect(try await door.send(.post, "/metrics/job/a", "# HELP m Help.\nm 1\n").status == 200)
        #expect(try await door.send(.post, "/metrics/job/a", "m 1 5\n").status == 400)
        let answer = try await door.send(.get, "/metrics")
        #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")
        let pushed = answer.text.split(separator: "\n").filter { !$0.contains("pushgateway_") && !$0.hasPrefix("#") }
        #expect(pushed == [
            "m{instance=\"\",job=\"a\"} 1", "m{instance=\"i\",job=\"b\",z=\"1\"} 2", "process_resident_memory_bytes 1",
            "push_failure_time_seconds{instance=\"\",job=\"a\"} 1.7e+09", "push_failure_time_seconds{instance=\"i\",job=\"b\"} 0",
            "push_time_seconds{instance=\"\",job=\"a\"} 1.7e+09", "push_time_seconds{instance=\"i\",job=\"b\"} 1.7e+09",
        ])
        #expect(answer.text.contains("pushgateway_http_requests_total{code=\"400\",handler=\"push\",method=\"post\"} 1\n"))
        #expect(answer.text.contains("pushgateway_http_push_duration_seconds_count{method=\"put\"} 1\n"))
        let protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;q=0.3"
        #expect(try await door.send(.get, "/metrics", headers: [.accept: protobuf]).headers[.contentType]?.hasPrefix("application/vnd.google.protobuf") == true)
    }

    @Test("names that would make the exposition unreadable are refused, where the original takes them and then exposes nothing")
    func names() async throws {
        let door = try PushDoor()
        defer { door.close() }
        for name in ["", "bad name!", "my.metric"] {
            var message = ByteWriter()
            message.appendField(1, string: name)
            message.appendMessage(4) { $0.appendMessage(3) { $0.appendField(1, double: 0) } }
            message.insertUvarint(UInt64(message.count), at: 0)
            let type = "application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\"; encoding=delimited"
            let answer = try await door.send(.put, "/metrics/job/a", String(decoding: message.array(), as: UTF8.self), headers: [.contentType: type])
            #expect(answer.status == 400)
            #expect(answer.text.contains("invalid metric name"))
        }
    }

    @Test("wiping needs the admin API", arguments: [true, false])
    func wiping(isAdminEnabled: Bool) async throws {
        let door = try PushDoor(isAdminEnabled: isAdminEnabled)
        defer { door.close() }
        _ = try await door.send(.put, "/metrics/job/a", "m 1\n")
        #expect(try await door.send(.put, "/api/v1/admin/wipe").status == (isAdminEnabled ? 202 : 404))
        #expect(try await door.send(.get, "/api/v1/metrics").text.contains("\"job\":\"a\"") == !isAdminEnabled)
    }

    @Test("a full disk is 503, and nothing of the push is seen")
    func fullDisk() async throws {
        let door = try PushDoor()
        defer { door.close() }
        door.disk.limit(toBytes: door.disk.usedBytes)
        let answer = try await door.send(.put, "/metrics/job/a", "m 1\n")
        #expect(answer.status == 503)
        #expect(answer.headers[.retryAfter] == "1")
        #expect(try await door.send(.get, "/api/v1/metrics").text == "{\"status\":\"success\",\"data\":[]}")
    }

    @Test("a group named as another's series would be is refused and not made, so that the exposition stays readable")
    func collidingGroups() async throws {
        let door = try PushDoor()
        defer { door.close() }
        _ = try await door.send(.put, "/metrics/job/a", "m 1\n")
        let answer = try await door.send(.put, "/metrics/job/a/instance@base64/=", "n 1\n")
        #expect(answer.status == 400)
        #expect(answer.text.contains("was collected before"))
        #expect(try await !door.send(.get, "/metrics").text.contains("n{"))
    }
}
