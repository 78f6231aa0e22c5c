import Alerting
import MetricModel
import Testing

struct WebhookBodyTests {
    private static func delivery(_ alerts: [Alert], alertsMax: Int = 0) throws -> Delivery {
        let root = Fixture.route("web.hook") { $0.groupBy = ["alertname"] }
        var dispatcher = try Fixture.dispatcher(root, [Fixture.receiver("web.hook") { $0.alertsMax = alertsMax }])
        _ = dispatcher.receive(alerts, nowMillis: Fixture.noon)
        return try #require(dispatcher.flush(nowMillis: Fixture.noon + 3_600_000 - 1).first)
    }

    @Test("the body is alertmanager's, byte for byte")
    func golden() throws {
        let delivery = try Self.delivery([
            Fixture.alert(["alertname": "A<b>", "job": "x", "instance": "2"], annotations: ["summary": "s & t", "only": "2"]),
            Fixture.alert(["alertname": "A<b>", "job": "x", "instance": "1"], startedAt: Fixture.noon - 1_500, annotations: ["summary": "s & t"]),
        ])
        let text = String(decoding: WebhookBody.encode(delivery, externalURL: "http://h:9093"), as: UTF8.self)
        let one = Fixture.alert(["alertname": "A<b>", "job": "x", "instance": "1"]).fingerprintText
        let two = Fixture.alert(["alertname": "A<b>", "job": "x", "instance": "2"]).fingerprintText
        #expect(text == #"{"receiver":"web\\.hook","status":"firing","alerts":["#
            + #"{"status":"firing","labels":{"alertname":"A\u003cb\u003e","instance":"1","job":"x"},"annotations":{"summary":"s \u0026 t"},"startsAt":"2023-11-20T11:59:58.5Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://localhost:9090/graph","fingerprint":"\#(one)"},"#
            + #"{"status":"firing","labels":{"alertname":"A\u003cb\u003e","instance":"2","job":"x"},"annotations":{"only":"2","summary":"s \u0026 t"},"startsAt":"2023-11-20T12:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://localhost:9090/graph","fingerprint":"\#(two)"}],"#
            + #""notification_reason":"first notification","groupLabels":{"alertname":"A\u003cb\u003e"},"commonLabels":{"alertname":"A\u003cb\u003e","job":"x"},"commonAnnotations":{"summary":"s \u0026 t"},"#
            + #""externalURL":"http://h:9093","version":"4","groupKey":"{}:{alertname=\"A\u003cb\u003e\"}","truncatedAlerts":0}"# + "\n")
    }

    @Test("alerts beyond max_alerts are counted, and what is common is that of the others")
    func truncation() throws {
        let delivery = try Self.delivery(["1", "2", "3"].map { Fixture.alert(["alertname": "A", "instance": $0]) }, alertsMax: 1)
        let text = String(decoding: WebhookBody.encode(delivery, externalURL: ""), as: UTF8.self)
        #expect(text.contains(#""commonLabels":{"alertname":"A","instance":"1"}"#) && text.contains(#""truncatedAlerts":2}"#) && !text.contains(#""instance":"2""#))
    }

    @Test("alerts are told by job, instance and labels")
    func order() throws {
        let delivery = try Self.delivery([
            Fixture.alert(["alertname": "A", "x": "1"]), Fixture.alert(["alertname": "A", "job": "b", "instance": "1"]), Fixture.alert(["alertname": "A", "job": "a", "z": "1"]),
            Fixture.alert(["alertname": "A", "job": "a", "instance": "2"]), Fixture.alert(["alertname": "A", "job": "a", "instance": "1", "z": "1"]),
        ])
        #expect(delivery.items.map { item in item.alert.labels.pairs.dropFirst().map { "\($0.name)\($0.value)" }.joined() } == ["instance1jobaz1", "instance2joba", "jobaz1", "instance1jobb", "x1"])
    }
}
