import Bytes
import MetricModel
import Platform

/// Alerts as `POST /api/v2/alerts` takes them.
///
/// Source: prometheus `notifier/util.go`, alertmanager `api/v2/openapi.yaml` (`postableAlerts`).
enum PostableAlerts {
    static func encode(_ alerts: [Alert]) -> [UInt8] {
        var json = JSONWriter(capacity: 256 * alerts.count + 16)
        json.array { json in for alert in alerts { write(alert, &json) } }
        return json.finish()
    }

    private static func write(_ alert: Alert, _ json: inout JSONWriter) {
        json.object { json in
            json.key("annotations")
            json.object { json in for (name, value) in alert.annotations.sorted(by: { $0.key < $1.key }) { json.member(name, value) } }
            json.member("endsAt", alert.endIsAssumed ? GoTime.zero : RFC3339.text(millis: alert.endsAtMillis))
            json.member("startsAt", RFC3339.text(millis: alert.startsAtMillis))
            json.member("generatorURL", alert.generatorURL)
            json.key("labels")
            json.object { json in alert.labels.forEach { json.member($0, $1) } }
        }
    }
}
