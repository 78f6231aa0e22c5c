import Bytes
import Dashboards

/// Alert rules as Grafana's APIs show them.
///
/// Source: grafana `pkg/api/dtos/alerting.go` (8.5), `pkg/services/ngalert/api/tooling/definitions`.
enum AlertRuleDocument {
    private static let zeroTime = "0001-01-01T00:00:00Z"

    /// As `/api/alerts` lists them.
    static func legacy(_ rule: AlertRule, _ status: AlertRuleStatus?) -> JSONValue {
        let state = switch status?.state {
        case _ where rule.isPaused: "paused"
        case _ where status?.health == "unknown", nil: "unknown"
        case "firing": "alerting"
        case "pending": "pending"
        default: "ok"
        }
        let instances = status?.instances ?? []
        let since = instances.map(\.activeAtMillis).min().map(TimeText.rfc3339) ?? TimeText.rfc3339(rule.updatedMillis)
        return [
            "id": JSONValue(Int(rule.id)), "uid": .string(rule.uid), "dashboardId": 0, "dashboardUid": "", "dashboardSlug": "", "panelId": 0, "name": .string(rule.title),
            "state": .string(state), "newStateDate": .string(since), "evalDate": .string(status?.evaluatedAtMillis.map(TimeText.rfc3339) ?? zeroTime),
            "evalData": [
                "evalMatches": .array(instances.map { ["metric": .string(rule.title), "tags": pairs($0.labels), "value": JSONValue($0.value)] })
            ],
            "executionError": .string(status?.lastError ?? ""), "url": "/alerting/list", "expr": .string(rule.expression), "for": .string(rule.holdText),
            "frequency": JSONValue(Int(rule.intervalMillis / 1_000)), "labels": pairs(rule.labels), "annotations": pairs(rule.annotations),
        ]
    }

    /// As `/api/v1/provisioning/alert-rules` has them: what its author sent, completed.
    static func provisioning(_ rule: AlertRule) -> JSONValue {
        let sent = rule.document["data"]?.array == nil ? JSONValue.null : rule.document
        let data: JSONValue = sent["data"] ?? [
            [
                "refId": "A", "queryType": "", "relativeTimeRange": ["from": 600, "to": 0], "datasourceUid": "prometheus",
                "model": ["expr": .string(rule.expression), "instant": true, "refId": "A"],
            ]
        ]
        return [
            "id": JSONValue(Int(rule.id)), "uid": .string(rule.uid), "orgID": 1, "folderUID": .string(rule.folderUID), "ruleGroup": .string(rule.group), "title": .string(rule.title),
            "condition": sent["condition"] ?? "A", "data": data, "updated": .string(TimeText.rfc3339(rule.updatedMillis)), "noDataState": sent["noDataState"] ?? "NoData",
            "execErrState": sent["execErrState"] ?? "Error", "for": .string(rule.holdText), "keep_firing_for": .string(rule.keepFiringText),
            "annotations": pairs(rule.annotations), "labels": pairs(rule.labels), "provenance": "api", "isPaused": .bool(rule.isPaused), "notification_settings": nil, "record": nil,
        ]
    }

    /// As Grafana's `/api/prometheus/grafana/api/v1/rules` lists groups: by folder and name.
    static func groups(_ rules: [AlertRule], _ statuses: [String: AlertRuleStatus], _ folders: [Folder]) -> JSONValue {
        let titles = Dictionary(folders.map { ($0.uid, $0.title) }) { $1 }
        let groups = Dictionary(grouping: rules) { [$0.folderUID, $0.group] }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let list = JSONValue.array(groups.map { key, rules in
            let own = rules.compactMap { statuses[$0.uid] }
            return [
                "name": .string(key[1]), "file": .string(titles[key[0]] ?? "General"), "folderUid": .string(key[0]),
                "rules": .array(rules.map { state($0, statuses[$0.uid]) }), "interval": JSONValue(Int((rules.map(\.intervalMillis).min() ?? 60_000) / 1_000)),
                "lastEvaluation": .string(own.compactMap(\.evaluatedAtMillis).max().map(TimeText.rfc3339) ?? zeroTime),
                "evaluationTime": JSONValue(own.reduce(0) { $0 + $1.evaluationSeconds }),
            ]
        })
        return ["status": "success", "data": ["groups": list]]
    }

    private static func state(_ rule: AlertRule, _ status: AlertRuleStatus?) -> JSONValue {
        var body: JSONValue = [
            "state": .string(status?.state ?? "inactive"), "name": .string(rule.title), "query": .string(rule.expression), "duration": JSONValue(Double(rule.holdMillis) / 1_000),
            "keepFiringFor": JSONValue(Double(rule.keepFiringMillis) / 1_000), "annotations": pairs(rule.annotations), "labels": pairs(rule.labels),
            "alerts": .array((status?.instances ?? []).map { instance in
                [
                    "labels": pairs(instance.labels), "annotations": pairs(instance.annotations), "state": .string(instance.state == "firing" ? "Alerting" : "Pending"),
                    "activeAt": .string(TimeText.rfc3339(instance.activeAtMillis)), "value": .string(JSONWriter.digits(instance.value)),
                ]
            }),
            "health": .string(status?.health == "err" ? "error" : status?.health ?? "unknown"), "type": "alerting",
            "lastEvaluation": .string(status?.evaluatedAtMillis.map(TimeText.rfc3339) ?? zeroTime), "evaluationTime": JSONValue(status?.evaluationSeconds ?? 0),
            "uid": .string(rule.uid), "folderUid": .string(rule.folderUID), "isPaused": .bool(rule.isPaused),
        ]
        if let error = status?.lastError { body["lastError"] = .string(error) }
        return body
    }

    private static func pairs(_ pairs: [String: String]) -> JSONValue {
        .object(pairs.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) })
    }
}
