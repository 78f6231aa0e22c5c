import MetricModel

extension MetricStore: MetricReader {
    package func select(_ selection: SeriesSelection) throws(MetricStoreError) -> [any SelectedSeries] {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        var found = head.select(selection.matchers, selection.time, limit: selection.sorted ? 0 : selection.limit)
        if selection.sorted {
            found.sort { $0.labels < $1.labels }
            if selection.limit > 0, found.count > selection.limit { found.removeLast(found.count - selection.limit) }
        }
        return found
    }

    package func labelNames(_ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String] {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        let names: [String] = head.index.withLock { index in
            var names: Set<String> = []
            if matchers.isEmpty {
                index.forEachLabel { name, _ in names.insert(name) }
            } else {
                for ordinal in index.match(matchers) { index.labels(of: ordinal)?.forEachBytes { name, _ in names.insert(String(decoding: name, as: UTF8.self)) } }
            }
            return Array(names)
        }
        return Self.sorted(names, limit)
    }

    package func labelValues(_ name: String, _ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String] {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        let values: [String] = head.index.withLock { index in
            guard let label = index.label(name) else { return [] }
            if matchers.isEmpty {
                return label.postings.indices.filter { label.postings[$0].count > 0 }.map { label.values.string($0) }
            }
            return Array(Set(index.match(matchers).compactMap { index.labels(of: $0)?[name] }))
        }
        return Self.sorted(values, limit)
    }

    package func metadata(metric: String?, limit: Int) -> [String: [MetricMetadata]] { metadataTable.read(metric: metric, limit: limit) }

    /// In byte order, as Go sorts strings.
    private static func sorted(_ texts: [String], _ limit: Int) -> [String] {
        let sorted = texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return limit > 0 ? Array(sorted.prefix(limit)) : sorted
    }
}
