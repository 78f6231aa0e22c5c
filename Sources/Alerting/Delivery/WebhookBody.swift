import Bytes
import MetricModel
import Platform

/// What a webhook is sent: alertmanager's JSON, version "4", byte for byte as Go writes it.
///
/// Source: alertmanager `template/template.go` (`Data`), `notify/webhook/webhook.go` (`Message`).
package enum WebhookBody {
    /// - Parameter externalURL: where a person finds the alerts.
    package static func encode(_ delivery: Delivery, externalURL: String) -> [UInt8] {
        let limit = delivery.webhook.alertsMax
        let told = limit > 0 ? Array(delivery.items.prefix(limit)) : delivery.items
        let truncated = delivery.items.count - told.count
        let labels = told.map { Dictionary($0.alert.labels.pairs.map { ($0.name, $0.value) }) { $1 } }
        var json = JSONWriter(capacity: 512 * told.count + 512)
        json.object { json in
            text("receiver", quotedMeta(delivery.key.receiver), &json)
            text("status", told.contains { !$0.isResolved } ? "firing" : "resolved", &json)
            json.key("alerts")
            json.array { json in for (item, labels) in zip(told, labels) { write(item, labels, &json) } }
            text("notification_reason", delivery.reason.rawValue, &json)
            map("groupLabels", Dictionary(delivery.groupLabels.pairs.map { ($0.name, $0.value) }) { $1 }, &json)
            map("commonLabels", common(labels), &json)
            map("commonAnnotations", common(told.map(\.alert.annotations)), &json)
            text("externalURL", externalURL, &json)
            text("version", "4", &json)
            text("groupKey", delivery.key.group, &json)
            json.member("truncatedAlerts", truncated)
        }
        return json.finish() + [UInt8(ascii: "\n")]
    }

    private static func write(_ item: Delivery.Item, _ labels: [String: String], _ json: inout JSONWriter) {
        json.object { json in
            text("status", item.isResolved ? "resolved" : "firing", &json)
            map("labels", labels, &json)
            map("annotations", item.alert.annotations, &json)
            text("startsAt", GoTime.text(millis: item.alert.startsAtMillis), &json)
            text("endsAt", item.isResolved ? GoTime.text(millis: item.alert.endsAtMillis) : GoTime.zero, &json)
            text("generatorURL", item.alert.generatorURL, &json)
            text("fingerprint", item.alert.fingerprintText, &json)
        }
    }

    private static func text(_ name: String, _ value: String, _ json: inout JSONWriter) {
        json.key(name)
        json.htmlSafeString(value)
    }

    private static func map(_ name: String, _ pairs: [String: String], _ json: inout JSONWriter) {
        json.key(name)
        json.object { json in
            for (name, value) in pairs.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) { text(name, value, &json) }
        }
    }

    /// The pairs that all have.
    private static func common(_ maps: [[String: String]]) -> [String: String] {
        guard let first = maps.first else { return [:] }
        return maps.dropFirst().reduce(first) { common, map in common.filter { map[$0.key] == $0.value } }
    }

    /// Go's `regexp.QuoteMeta`.
    private static func quotedMeta(_ text: String) -> String {
        var out = ""
        for character in text {
            if "\\.+*?()|[]{}^$".contains(character) { out.append("\\") }
            out.append(character)
        }
        return out
    }
}

/// Moments as Go's `time.Time` writes itself into JSON: no more digits of the second than it has.
enum GoTime {
    /// The time that nobody set.
    static let zero = "0001-01-01T00:00:00Z"

    static func text(millis: Int64) -> String {
        let text = RFC3339.text(millis: millis)
        guard let dot = text.lastIndex(of: ".") else { return text }
        var fraction = text[dot...].dropLast()
        while fraction.last == "0" { fraction.removeLast() }
        return text[..<dot] + (fraction == "." ? "" : fraction) + "Z"
    }
}
