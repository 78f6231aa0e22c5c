import Bytes
import MetricModel

/// Which group each series of a vector belongs to, and what the groups are called.
struct Grouping {
    /// The group of each series.
    let groups: [Int32]
    /// In the order in which the series name them first.
    let identities: [SeriesIdentity]

    /// From how many series on each thread looks at a part of them.
    private static let partCount = 512

    init(_ series: [SeriesIdentity], by names: [String], isWithout: Bool, _ context: QueryContext) {
        if names.isEmpty, !isWithout {
            // Nobody need look at labels to put all in one group.
            groups = [Int32](repeating: 0, count: series.count)
            identities = series.isEmpty ? [] : [SeriesIdentity(labels: .empty, dropsName: context.delaysNameRemoval && series.contains { $0.dropsName })]
            return
        }
        let key = GroupKey(by: names, isWithout: isWithout, delaysNameRemoval: context.delaysNameRemoval)
        var parts = context.split(series.count, atLeast: Self.partCount) { Self(series[$0], key) }
        let first = parts.removeFirst()
        guard !parts.isEmpty else {
            self = first
            return
        }
        var table = KeyTable(expected: 64)
        for identity in first.identities { _ = identity.labels.packed.withUnsafeBufferPointer { table.ordinal(of: $0) } }
        var (groups, identities) = (first.groups, first.identities)
        groups.reserveCapacity(series.count)
        for part in parts {
            let ordinals = part.identities.map { identity in
                let ordinal = identity.labels.packed.withUnsafeBufferPointer { table.ordinal(of: $0) }
                if ordinal == identities.count { identities.append(identity) } else if identity.dropsName { identities[ordinal].dropsName = true }
                return Int32(ordinal)
            }
            for group in part.groups { groups.append(ordinals[Int(group)]) }
        }
        (self.groups, self.identities) = (groups, identities)
    }

    private init(_ series: ArraySlice<SeriesIdentity>, _ key: GroupKey) {
        var table = KeyTable(expected: 64)
        var groups: [Int32] = []
        groups.reserveCapacity(series.count)
        var identities: [SeriesIdentity] = []
        var bytes = ByteWriter(capacity: 256)
        for index in series.indices {
            if (index - series.startIndex) % MemoryFetch.groupCount == 0 {
                MemoryFetch.done(series[index..<min(index + MemoryFetch.groupCount, series.endIndex)].reduce(0) { $0 &+ $1.labels.fetch() })
            }
            bytes.removeAll()
            key.write(series[index], to: &bytes)
            let ordinal = bytes.withBytes { table.ordinal(of: $0) }
            if ordinal == identities.count { identities.append(SeriesIdentity(labels: Labels(unchecked: bytes.array()))) }
            if series[index].dropsName, key.delaysNameRemoval { identities[ordinal].dropsName = true }
            groups.append(Int32(ordinal))
        }
        (self.groups, self.identities) = (groups, identities)
    }
}

/// Which labels make a group.
private struct GroupKey: Sendable {
    let delaysNameRemoval: Bool
    private let plain: LabelSelection
    /// A name that is already gone must neither be grouped by nor remain.
    private let nameless: LabelSelection

    init(by names: [String], isWithout: Bool, delaysNameRemoval: Bool) {
        self.delaysNameRemoval = delaysNameRemoval
        plain = isWithout ? LabelSelection(names + [LabelName.metric], keeping: false) : LabelSelection(names, keeping: true)
        nameless =
            isWithout
            ? LabelSelection(names + LabelSelection.metadataNames, keeping: false)
            : LabelSelection(names.filter { !LabelSelection.metadataNames.contains($0) }, keeping: true)
    }

    func write(_ identity: SeriesIdentity, to bytes: inout ByteWriter) {
        (identity.dropsName && !delaysNameRemoval ? nameless : plain).write(identity.labels, to: &bytes)
    }
}
