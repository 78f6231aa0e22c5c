import Bytes

/// What was last told to whom: so that nothing is told twice, also after a restart.
///
/// A plain value; `Delivery.reason` is decided by it. Source: alertmanager `nflog`, `notify/dedup_stage.go`.
package struct NotificationLog: Equatable, Sendable {
    package struct Key: Hashable, Sendable {
        package let group: String
        package let receiver: String
        package let integration: Int
    }

    package struct Entry: Equatable, Sendable {
        package var atMillis: Int64
        package var expiresAtMillis: Int64
        /// Fingerprints.
        package var firing: Set<UInt64>
        package var resolved: Set<UInt64>
    }

    package private(set) var entries: [Key: Entry] = [:]

    package init() {}

    /// Why the group's alerts are to be told now; nil when there is nothing new.
    func reason(_ key: Key, firing: Set<UInt64>, resolved: Set<UInt64>, sendsResolved: Bool, repeatMillis: Int64, nowMillis: Int64) -> NotificationReason? {
        guard let entry = entries[key], entry.expiresAtMillis > nowMillis else { return firing.isEmpty ? nil : .first }
        if !firing.isSubset(of: entry.firing) { return entry.firing.isEmpty ? .first : .newAlerts }
        // Whether resolved alerts are told or not: what was firing must be forgotten.
        if firing.isEmpty { return entry.firing.isEmpty ? nil : .allResolved }
        if sendsResolved, !resolved.isSubset(of: entry.resolved) { return .someResolved }
        return entry.atMillis < nowMillis - repeatMillis ? .repeatInterval : nil
    }

    mutating func record(_ key: Key, firing: Set<UInt64>, resolved: Set<UInt64>, repeatMillis: Int64, nowMillis: Int64) {
        // Two intervals later a repetition would have refreshed it.
        entries[key] = Entry(atMillis: nowMillis, expiresAtMillis: nowMillis + 2 * min(repeatMillis, 1 << 50), firing: firing, resolved: resolved)
    }

    /// Forgets what has expired.
    mutating func prune(nowMillis: Int64) { entries = entries.filter { $0.value.expiresAtMillis > nowMillis } }
}

/// Why a notification is sent, in upstream's words.
package enum NotificationReason: String, Sendable {
    case first = "first notification"
    case newAlerts = "new alerts added"
    case someResolved = "some alerts resolved"
    case allResolved = "all alerts resolved"
    case repeatInterval = "repeat interval elapsed"
}

extension NotificationLog {
    /// The log as a file: a JSON object `{"version": 1, "notifications": [{"group", "receiver", "integration", "at", "expires", "firing": ["16 hexadecimal digits"],
    /// "resolved"}]}`, times in milliseconds since the epoch, sorted by group and receiver.
    package var encoded: [UInt8] {
        let sorted = entries.sorted { ($0.key.group, $0.key.receiver, $0.key.integration) < ($1.key.group, $1.key.receiver, $1.key.integration) }
        func list(_ fingerprints: Set<UInt64>) -> JSONValue { .array(fingerprints.sorted().map { .string(Alert.text($0)) }) }
        let document: JSONValue = [
            "version": 1,
            "notifications": .array(sorted.map { key, entry in
                [
                    "group": .string(key.group), "receiver": .string(key.receiver), "integration": JSONValue(key.integration), "at": JSONValue(Int(entry.atMillis)),
                    "expires": JSONValue(Int(entry.expiresAtMillis)), "firing": list(entry.firing), "resolved": list(entry.resolved),
                ]
            }),
        ]
        return document.encoded
    }

    /// Reads what `encoded` wrote; nil for anything else.
    package init?(_ bytes: [UInt8]) {
        guard let document = try? JSONParser.parse(bytes), document["version"]?.int == 1, let list = document["notifications"]?.array else { return nil }
        func fingerprints(_ value: JSONValue?) -> Set<UInt64>? {
            guard let texts = value?.array else { return nil }
            let numbers = texts.compactMap { $0.string.flatMap { UInt64($0, radix: 16) } }
            return numbers.count == texts.count ? Set(numbers) : nil
        }
        for item in list {
            guard let group = item["group"]?.string, let receiver = item["receiver"]?.string, let integration = item["integration"]?.int, let at = item["at"]?.int,
                let expires = item["expires"]?.int, let firing = fingerprints(item["firing"]), let resolved = fingerprints(item["resolved"])
            else { return nil }
            entries[Key(group: group, receiver: receiver, integration: integration)] = Entry(
                atMillis: Int64(at), expiresAtMillis: Int64(expires), firing: firing, resolved: resolved)
        }
    }
}
