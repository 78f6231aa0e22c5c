import MetricModel

/// One alert as an alert manager knows it: its labels are its identity, the rest is what was last said of it.
///
/// Times are milliseconds since the epoch. Source: alertmanager `alert/alert.go`, `api/v2/api.go` (`postAlertsHandler`).
package struct Alert: Hashable, Sendable {
    package var labels: Labels
    package var annotations: [String: String]
    package var startsAtMillis: Int64
    package var endsAtMillis: Int64
    package var generatorURL: String
    /// When it was last heard of.
    package var updatedAtMillis: Int64
    /// Whether its end is only assumed, since whoever sent it named none.
    package var endIsAssumed: Bool
    /// FNV-1a over the labels, as Prometheus's `model.LabelSet.Fingerprint`.
    package let fingerprint: UInt64

    /// An alert as it was sent. Without an end it ends `resolveTimeoutMillis` from now, unless it is heard of again; without a start it starts now, or
    /// with its end.
    package init(
        labels: Labels, annotations: [String: String] = [:], startsAtMillis: Int64? = nil, endsAtMillis: Int64? = nil, generatorURL: String = "", nowMillis: Int64,
        resolveTimeoutMillis: Int64
    ) {
        self.labels = labels
        self.annotations = annotations
        self.startsAtMillis = startsAtMillis ?? endsAtMillis ?? nowMillis
        self.endsAtMillis = endsAtMillis ?? nowMillis + resolveTimeoutMillis
        self.generatorURL = generatorURL
        updatedAtMillis = nowMillis
        endIsAssumed = endsAtMillis == nil
        fingerprint = Self.fingerprint(of: labels)
    }

    package func isResolved(atMillis now: Int64) -> Bool { endsAtMillis <= now }

    /// What is wrong with it, in upstream's words; nil for an alert that can be taken.
    package var refusal: String? {
        if endsAtMillis < startsAtMillis { return "start time must be before end time" }
        if labels.isEmpty { return "at least one label pair required" }
        return nil
    }

    /// What is known after `self` when `newer` is heard: both tell of the same labels.
    package func merged(with newer: Alert, nowMillis: Int64) -> Alert {
        if newer.updatedAtMillis < updatedAtMillis { return newer.merged(with: self, nowMillis: nowMillis) }
        var result = newer
        result.startsAtMillis = min(startsAtMillis, newer.startsAtMillis)
        if newer.isResolved(atMillis: nowMillis) {
            if isResolved(atMillis: nowMillis) { result.endsAtMillis = max(endsAtMillis, newer.endsAtMillis) }
        } else if endsAtMillis > newer.endsAtMillis, !endIsAssumed {
            result.endsAtMillis = endsAtMillis
        }
        return result
    }

    /// Whether the two were active at a common time.
    func overlaps(_ newer: Alert) -> Bool {
        (newer.endsAtMillis > startsAtMillis && newer.endsAtMillis < endsAtMillis) || (newer.startsAtMillis > startsAtMillis && newer.startsAtMillis < endsAtMillis)
    }

    /// As 16 hexadecimal digits.
    package var fingerprintText: String { Self.text(fingerprint) }

    static func text(_ fingerprint: UInt64) -> String {
        let digits = String(fingerprint, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func fingerprint(of labels: Labels) -> UInt64 {
        var hash: UInt64 = 14_695_981_039_346_656_037
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        labels.forEachBytes { name, value in
            name.forEach(add)
            add(0xFF)
            value.forEach(add)
            add(0xFF)
        }
        return hash
    }
}

extension Alert {
    /// The order in which alerts of a group are told: by job, by instance, then as `model.LabelSet.Before` has it.
    static func precedes(_ a: Alert, _ b: Alert) -> Bool {
        for name in [LabelName.job, LabelName.instance] {
            switch (a.labels[name], b.labels[name]) {
            case (nil, nil): continue
            case (nil, _): return false
            case (_, nil): return true
            case (let x?, let y?): if x != y { return x.utf8.lexicographicallyPrecedes(y.utf8) }
            }
        }
        return precedes(a.labels, b.labels)
    }

    /// Fewer labels first; of equally many, by name and value, where a name that only one has puts the other first.
    static func precedes(_ a: Labels, _ b: Labels) -> Bool {
        let (left, right) = (a.pairs, b.pairs)
        if left.count != right.count { return left.count < right.count }
        for (x, y) in zip(left, right) {
            // The lesser name is one that the other has not: whoever has not got it comes first.
            if x.name != y.name { return y.name.utf8.lexicographicallyPrecedes(x.name.utf8) }
            if x.value != y.value { return x.value.utf8.lexicographicallyPrecedes(y.value.utf8) }
        }
        return false
    }
}
