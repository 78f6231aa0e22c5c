import MetricModel

extension MetricStore: MetricReader {
    package func select(_ selection: SeriesSelection) throws(MetricStoreError) -> [any SelectedSeries] {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        let limit = selection.sorted ? 0 : selection.limit
        // The head first: what is compacted between the two looks is then seen twice, not missed.
        let recent = head.select(selection.matchers, selection.time, limit: limit)
        let old = blocks.overlapping(selection.time)
        var found: [any SelectedSeries] = recent
        if !old.isEmpty { found = try Self.combine(recent, old, selection) }
        if selection.sorted { found = LabelsOrder.places(found.map(\.labels)).map { found[$0] } }
        if selection.limit > 0, found.count > selection.limit { found.removeLast(found.count - selection.limit) }
        return found
    }

    /// Brings together what the head and each block have of every series, in the order in which the blocks, then the head name them first.
    static func combine(_ recent: [HeadSeries], _ blocks: [Block], _ selection: SeriesSelection) throws(MetricStoreError) -> [any SelectedSeries] {
        struct Parts {
            let labels: Labels
            var blocks: [(block: Block, series: UInt32)] = []
            var head: HeadSeries?
        }
        var numbers: [Labels: Int] = [:]
        numbers.reserveCapacity(recent.count)
        var parts: [Parts] = []
        parts.reserveCapacity(recent.count)
        func number(_ labels: Labels) -> Int {
            if let number = numbers[labels] { return number }
            numbers[labels] = parts.count
            parts.append(Parts(labels: labels))
            return parts.count - 1
        }
        for block in blocks {
            for series in try block.index.match(selection.matchers) where try block.hasSamples(series, selection.time) {
                parts[number(try block.index.labels(series))].blocks.append((block, series))
            }
        }
        for series in recent { parts[number(series.labels)].head = series }
        return parts.map { StoredSeries(labels: $0.labels, parts: $0.blocks, head: $0.head) }
    }

    package func labelNames(_ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String] {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        var names: Set<String> = []
        if head.overlaps(time) {
            head.index.withLock { index in
                if matchers.isEmpty {
                    index.forEachLabel { name, _ in names.insert(name) }
                } else {
                    for ordinal in index.match(matchers) { index.labels(of: ordinal)?.forEachBytes { name, _ in names.insert(String(decoding: name, as: UTF8.self)) } }
                }
            }
        }
        for block in blocks.overlapping(time) {
            if matchers.isEmpty {
                names.formUnion(block.index.labels.keys)
            } else {
                for series in try block.index.match(matchers) {
                    try block.index.labels(series).forEachBytes { name, _ in names.insert(String(decoding: name, as: UTF8.self)) }
                }
            }
        }
        return Self.sorted(names, limit)
    }

    package func labelValues(_ name: String, _ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String] {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        var values: Set<String> = []
        if head.overlaps(time) {
            head.index.withLock { index in
                guard let label = index.label(name) else { return }
                if matchers.isEmpty {
                    for value in label.postings.indices where label.postings[value].count > 0 { values.insert(label.values.string(value)) }
                } else {
                    for ordinal in index.match(matchers) { if let value = index.labels(of: ordinal)?[name] { values.insert(value) } }
                }
            }
        }
        for block in blocks.overlapping(time) {
            guard let label = block.index.labels[name] else { continue }
            if matchers.isEmpty {
                try block.index.forEachValue(label) { entry in
                    values.insert(String(decoding: entry.value, as: UTF8.self))
                    return true
                }
            } else {
                for series in try block.index.match(matchers) { if let value = try block.index.labels(series)[name] { values.insert(value) } }
            }
        }
        return Self.sorted(values, limit)
    }

    package func metadata(metric: String?, limit: Int) -> [String: [MetricMetadata]] { metadataTable.read(metric: metric, limit: limit) }

    /// In byte order, as Go sorts strings.
    private static func sorted(_ texts: Set<String>, _ limit: Int) -> [String] {
        let sorted = texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return limit > 0 ? Array(sorted.prefix(limit)) : sorted
    }
}
