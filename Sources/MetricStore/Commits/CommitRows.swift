import MetricModel

/// Rows in the order in which they stand in a log, on the way to a batch series by series.
struct CommitRows {
    private var places: [UInt64: Int] = [:]
    private var labels: [Labels] = []
    private var references: [UInt64] = []
    private var owners: [Int32] = []
    private var times: [Int64] = []
    private var bits: [UInt64] = []
    private var histograms: [SampleBatch.HistogramRow] = []
    private var exemplars: [SampleBatch.ExemplarRow] = []
    private var last: (reference: UInt64, place: Int)?

    var count: Int { times.count + histograms.count + exemplars.count }

    /// The place of a series; nil when nobody knows its labels.
    private mutating func place(_ reference: UInt64, _ find: (UInt64) -> Labels?) -> Int? {
        if let last, last.reference == reference { return last.place }
        let place: Int
        if let known = places[reference] { place = known } else {
            guard let found = find(reference) else { return nil }
            place = labels.count
            labels.append(found)
            references.append(reference)
            places[reference] = place
        }
        last = (reference, place)
        return place
    }

    /// False when the labels are unknown.
    mutating func add(_ reference: UInt64, _ time: Int64, _ value: UInt64, _ find: (UInt64) -> Labels?) -> Bool {
        guard let place = place(reference, find) else { return false }
        owners.append(Int32(place))
        times.append(time)
        bits.append(value)
        return true
    }

    mutating func add(_ reference: UInt64, _ time: Int64, _ histogram: NativeHistogram, _ find: (UInt64) -> Labels?) -> Bool {
        guard let place = place(reference, find) else { return false }
        histograms.append(.init(series: place, timestamp: time, histogram: histogram))
        return true
    }

    mutating func add(_ reference: UInt64, _ exemplar: Exemplar, _ find: (UInt64) -> Labels?) -> Bool {
        guard let place = place(reference, find) else { return false }
        exemplars.append(.init(series: place, exemplar: exemplar))
        return true
    }

    /// The batch, series in the order in which they first came. O(rows), but O(n log n) for histograms.
    consuming func batch() -> SampleBatch {
        var batch = SampleBatch()
        batch.arena.reserveCapacity(labels.reduce(0) { $0 + $1.packed.count })
        var next = [Int](repeating: 0, count: labels.count + 1)
        for owner in owners { next[Int(owner) + 1] += 1 }
        for place in labels.indices { next[place + 1] += next[place] }
        for (place, labels) in labels.enumerated() {
            batch.series.append(.init(
                keyOffset: batch.arena.count, keyLength: labels.packed.count, keyEncoding: .packed, reference: references[place], samples: next[place]..<next[place + 1]))
            batch.arena.append(contentsOf: labels.packed)
        }
        batch.timestamps = [Int64](repeating: 0, count: times.count)
        batch.values = [Double](repeating: 0, count: times.count)
        for row in owners.indices {
            let at = next[Int(owners[row])]
            next[Int(owners[row])] += 1
            batch.timestamps[at] = times[row]
            batch.values[at] = Double(bitPattern: bits[row])
        }
        let order = histograms.indices.sorted { (histograms[$0].series, $0) < (histograms[$1].series, $1) }
        batch.histograms = order.map { histograms[$0] }
        batch.exemplars = exemplars
        return batch
    }
}
