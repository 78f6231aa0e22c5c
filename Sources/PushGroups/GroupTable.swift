import MetricFormats
import MetricModel

/// The groups, and the decision what a push makes of them. A plain value: no clock, no disk, the same answer each time.
struct GroupTable {
    /// What one request made of one group; `undo` takes it back.
    struct Change {
        fileprivate let key: GroupingKey
        fileprivate let before: PushGroup?
    }

    private(set) var groups: [GroupingKey: PushGroup] = [:]
    private(set) var bytes = 0
    private var index: NameIndex
    private let limits: PushLimits
    private var revision: UInt64 = 0

    init(limits: PushLimits, own: [String: ClientMetricFamily.Kind]) {
        self.limits = limits
        index = NameIndex(own: own)
    }

    var seriesCount: Int { index.seriesCount }

    /// Puts families into a group, which is made if need be: in place of those of the same name, or of all.
    mutating func push(_ families: [ClientMetricFamily], to key: GroupingKey, replaces: Bool, nanos: Int64) throws(PushGroupsError) -> Change {
        if families.contains(where: { $0.metrics.contains { $0.timestampMillis != nil } }) {
            throw .inconsistent(reason: "pushed metrics must not have timestamps")
        }
        try checkLabels(PushGroup.pushTimeName, key.labels)
        var group = groups[key] ?? PushGroup(key: key, createdNanos: nanos)
        if replaces { group.families.removeAll() }
        group.pushedNanos = nanos
        let revision = nextRevision()
        for var family in families where family.name != PushGroup.pushTimeName && family.name != PushGroup.pushFailureTimeName {
            for at in family.metrics.indices { family.metrics[at].take(key) }
            for metric in family.metrics { try checkLabels(family.name, metric.labels) }
            group.families[family.name] = PushGroup.Family(family, pushedNanos: nanos, revision: revision)
        }
        return try put(group)
    }

    /// Notes that a push was refused. Nil where that makes no group that could be exposed.
    mutating func fail(_ key: GroupingKey, nanos: Int64) -> Change? {
        do throws(PushGroupsError) { try checkLabels(PushGroup.pushTimeName, key.labels) } catch { return nil }
        var group = groups[key] ?? PushGroup(key: key, createdNanos: nanos)
        group.failedNanos = nanos
        do throws(PushGroupsError) { return try put(group) } catch { return nil }
    }

    /// Removes a group; nil where there is none.
    mutating func delete(_ key: GroupingKey) -> Change? {
        guard let group = groups.removeValue(forKey: key) else { return nil }
        forget(group)
        return Change(key: key, before: group)
    }

    mutating func undo(_ change: Change) {
        if let group = groups.removeValue(forKey: change.key) { forget(group) }
        guard let before = change.before else { return }
        do throws(PushGroupsError) { _ = try put(before) } catch { preconditionFailure("a group that stood there does not fit any more: \(error)") }
    }

    /// Tells what comes now from everything before.
    mutating func nextRevision() -> UInt64 {
        revision += 1
        return revision
    }

    /// Puts a group in the place of the one with its key, or throws and changes nothing.
    mutating func put(_ group: PushGroup) throws(PushGroupsError) -> Change {
        let before = groups[group.key]
        func isKept(_ name: String, _ family: PushGroup.Family) -> Bool {
            let other = before?.families[name]
            return other?.revision == family.revision && group.families[name]?.revision == family.revision
        }
        let leaving = before.map { before in before.families.filter { !isKept($0.key, $0.value) }.map(\.value) } ?? []
        let coming = group.families.filter { !isKept($0.key, $0.value) }.map(\.value).sorted { $0.family.name < $1.family.name }
            + (before == nil ? group.timeFamilies : [])
        for family in leaving { index.remove(family.family) }
        var taken = 0
        do throws(PushGroupsError) {
            for family in coming {
                try index.insert(family.family)
                taken += 1
            }
            let change = Self.byteCount(group) - (before.map(Self.byteCount) ?? 0)
            try checkLimits(isNew: before == nil, change: change)
            bytes += change
        } catch {
            for family in coming[..<taken] { index.remove(family.family) }
            for family in leaving {
                do throws(PushGroupsError) { try index.insert(family.family) } catch { preconditionFailure("a family that stood there does not fit any more: \(error)") }
            }
            throw error
        }
        groups[group.key] = group
        return Change(key: group.key, before: before)
    }

    private mutating func forget(_ group: PushGroup) {
        bytes -= Self.byteCount(group)
        for family in group.families.values { index.remove(family.family) }
        for family in group.timeFamilies { index.remove(family.family) }
    }

    private static func byteCount(_ group: PushGroup) -> Int { group.families.values.reduce(1024) { $0 + $1.byteCount } }

    // MARK: - Bounds

    private func checkLabels(_ name: String, _ labels: [ClientMetricFamily.Label]) throws(PushGroupsError) {
        guard labels.count <= limits.labelsMax else {
            throw .inconsistent(reason: "metric \(LabelName.quoted(name)) has \(labels.count) labels with those of its group; at most \(limits.labelsMax) are taken")
        }
        for label in labels where label.value.utf8.count > limits.labelValueBytesMax {
            throw .inconsistent(
                reason: "metric \(LabelName.quoted(name)) has a label \(label.name) of \(label.value.utf8.count) bytes; at most \(limits.labelValueBytesMax) are taken")
        }
    }

    private func checkLimits(isNew: Bool, change: Int) throws(PushGroupsError) {
        if isNew, groups.count >= limits.groupsMax {
            throw .overLimit(reason: "the push gateway holds \(groups.count) groups, as many as it may; delete groups that nobody needs")
        }
        guard index.seriesCount <= limits.seriesMax else {
            throw .overLimit(reason: "the push gateway would hold \(index.seriesCount) series; it may hold \(limits.seriesMax); delete groups that nobody needs")
        }
        guard change <= 0 || bytes + change <= limits.bytesMax else {
            throw .overLimit(reason: "the push gateway would hold \(bytes + change) bytes; it may hold \(limits.bytesMax); delete groups that nobody needs")
        }
    }
}
