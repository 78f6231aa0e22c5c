import Bytes
import MetricModel

/// Which series of two vectors belong together: each series' match group, numbered across both sides.
struct MatchGroups {
    let left: [Int32]
    let right: [Int32]
    let count: Int

    init(_ matching: VectorMatching, left: [SeriesIdentity], right: [SeriesIdentity], delaysNameRemoval: Bool) {
        let plain = Self.selection(matching)
        let nameless =
            matching.isOn
            ? LabelSelection(matching.labels.filter { !LabelSelection.metadataNames.contains($0) }, keeping: true)
            : LabelSelection(matching.labels + LabelSelection.metadataNames, keeping: false)
        var table = KeyTable(expected: left.count + right.count)
        var key = ByteWriter(capacity: 256)
        func number(_ series: [SeriesIdentity], _ table: inout KeyTable, _ key: inout ByteWriter) -> [Int32] {
            var groups = [Int32](repeating: 0, count: series.count)
            for (index, identity) in series.enumerated() {
                key.removeAll()
                (identity.dropsName && !delaysNameRemoval ? nameless : plain).write(identity.labels, to: &key)
                groups[index] = Int32(key.withBytes { table.ordinal(of: $0) })
            }
            return groups
        }
        self.left = number(left, &table, &key)
        self.right = number(right, &table, &key)
        count = table.count
    }

    private static func selection(_ matching: VectorMatching) -> LabelSelection {
        matching.isOn ? LabelSelection(matching.labels, keeping: true) : LabelSelection(matching.labels + [LabelName.metric], keeping: false)
    }

    /// The labels that a match group is known by, as error messages show them.
    static func groupLabels(_ labels: Labels, _ matching: VectorMatching) -> Labels { selection(matching).applied(to: labels) }

    /// The indexes of the series in each group.
    static func members(_ groups: [Int32], count: Int) -> [[Int32]] {
        var members = [[Int32]](repeating: [], count: count)
        for (index, group) in groups.enumerated() { members[Int(group)].append(Int32(index)) }
        return members
    }
}

/// What the result of a binary operation is called (upstream `resultMetric`).
struct ResultNaming {
    private let matching: VectorMatching
    private let cut: [LabelSelection]

    /// `removesName`: whether the result measures something else than the operands.
    init(_ matching: VectorMatching, removesName: Bool) {
        self.matching = matching
        var cut: [LabelSelection] = []
        if removesName { cut.append(.withoutMetadata) }
        if matching.cardinality == .oneToOne { cut.append(LabelSelection(matching.labels, keeping: matching.isOn)) }
        self.cut = cut
    }

    /// `many` is the left side, or the side that `group_left` and `group_right` name.
    func labels(many: Labels, one: Labels) -> Labels {
        var labels = many
        for selection in cut { labels = selection.applied(to: labels) }
        for name in matching.include { labels = labels.setting(name, one[name] ?? "") }
        return labels
    }
}
