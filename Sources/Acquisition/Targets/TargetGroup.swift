import Bytes
import MetricModel

/// Labels with a meaning of their own while a target is being made.
package enum TargetLabel {
    package static let address = "__address__"
    package static let scheme = "__scheme__"
    package static let metricsPath = "__metrics_path__"
    package static let interval = "__scrape_interval__"
    package static let timeout = "__scrape_timeout__"
    package static let parameterPrefix = "__param_"
    package static let metaPrefix = "__meta_"
    package static let reservedPrefix = "__"
    package static let exportedPrefix = "exported_"
    package static let fileSource = "__meta_filepath"
}

/// Targets that a configuration or a discovery names together, with the labels that they share.
package struct TargetGroup: Hashable, Sendable {
    /// Each with at least `__address__`.
    package var targets: [[String: String]]
    package var labels: [String: String]
    /// Where the group comes from, for messages.
    package var source: String

    package init(targets: [[String: String]], labels: [String: String] = [:], source: String = "") {
        self.targets = targets
        self.labels = labels
        self.source = source
    }

    package init(addresses: [String], labels: [String: String] = [:], source: String = "") {
        self.init(targets: addresses.map { [TargetLabel.address: $0] }, labels: labels, source: source)
    }

    /// Reads the list that `file_sd` files hold: `[{"targets": ["host:port"], "labels": {"name": "value"}}]`.
    package static func list(_ document: JSONValue, path: String) throws(AcquisitionError) -> [TargetGroup] {
        func refuse(_ reason: String) -> AcquisitionError { .invalidTargetFile(path: path, reason: reason) }
        guard let entries = document.array else { throw refuse("expected a list of target groups") }
        var groups: [TargetGroup] = []
        for (index, entry) in entries.enumerated() {
            guard let members = entry.object else { throw refuse("target group \(index) is not an object") }
            var group = TargetGroup(addresses: [], source: "\(path):\(index)")
            for member in members {
                switch member.key {
                case "targets":
                    for address in member.value.array ?? [] {
                        guard let address = address.string else { throw refuse("a target of group \(index) is not a string") }
                        group.targets.append([TargetLabel.address: address])
                    }
                case "labels":
                    for label in member.value.object ?? [] {
                        guard let value = label.value.string else { throw refuse("label \(LabelName.quoted(label.key)) of group \(index) is not a string") }
                        group.labels[label.key] = value
                    }
                default: throw refuse("target group \(index) has the unknown key \(LabelName.quoted(member.key))")
                }
            }
            group.labels[TargetLabel.fileSource] = path
            groups.append(group)
        }
        return groups
    }
}
