import Bytes

/// What a protocol decoded and a store takes in one call: series, each named once, and their samples in columns.
///
/// A series is named by a *key*: bytes in `arena`, either `Labels.packed` or the raw protobuf label fields of a remote-write
/// `TimeSeries`. A store that has seen the key needs not parse it. A writer that kept the reference of an earlier report may
/// give that instead and the store needs not even hash.
package struct SampleBatch: Sendable {
    package enum KeyEncoding: UInt8, Sendable {
        /// `Labels.packed`: sorted, unique, no empty values.
        case packed
        /// Consecutive protobuf fields 1 (`Label`: 1 name, 2 value), as they stood in the message; unsorted keys are legal.
        case protobuf
    }

    package struct Series: Sendable {
        package var keyOffset: Int
        package var keyLength: Int
        package var keyEncoding: KeyEncoding
        /// What an earlier `AppendReport` gave for this series, or 0.
        package var reference: UInt64
        /// Its samples are `samples.lowerBound ..< upperBound` of the columns, in time order.
        package var samples: Range<Int>

        package init(keyOffset: Int, keyLength: Int, keyEncoding: KeyEncoding, reference: UInt64 = 0, samples: Range<Int>) {
            self.keyOffset = keyOffset
            self.keyLength = keyLength
            self.keyEncoding = keyEncoding
            self.reference = reference
            self.samples = samples
        }
    }

    /// A histogram of one of the series.
    package struct HistogramRow: Sendable {
        /// Its place in `series`.
        package var series: Int
        /// Milliseconds since the epoch.
        package var timestamp: Int64
        package var histogram: NativeHistogram

        package init(series: Int, timestamp: Int64, histogram: NativeHistogram) {
            self.series = series
            self.timestamp = timestamp
            self.histogram = histogram
        }
    }

    /// An exemplar of one of the series.
    package struct ExemplarRow: Sendable {
        /// Its place in `series`.
        package var series: Int
        package var exemplar: Exemplar

        package init(series: Int, exemplar: Exemplar) {
            self.series = series
            self.exemplar = exemplar
        }
    }

    package var arena: [UInt8]
    package var series: [Series] = []
    /// Milliseconds since the epoch.
    package var timestamps: [Int64] = []
    package var values: [Double] = []
    /// Native histograms, in the order of their series and each series' in time order. A series may have histograms, floats or both.
    package var histograms: [HistogramRow] = []
    /// Exemplars, in the order in which they are to be taken. A series may be in the batch for them alone, which does not make it.
    package var exemplars: [ExemplarRow] = []
    /// What the body said of metric families.
    package var metadata: [(metric: String, MetricMetadata)] = []

    package init(arena: [UInt8] = []) { self.arena = arena }

    package var isEmpty: Bool { series.isEmpty && metadata.isEmpty }

    /// How many samples of either kind a series has.
    package func sampleCount(_ series: Int) -> Int {
        self.series[series].samples.count + (histograms.isEmpty ? 0 : histograms.count { $0.series == series })
    }

    /// For each series where its histograms are in `histograms`; empty when the batch has none.
    package var histogramRows: [Range<Int>] {
        if histograms.isEmpty { return [] }
        var rows = [Range<Int>](repeating: 0..<0, count: series.count)
        var start = 0
        for (index, row) in histograms.enumerated() {
            if row.series != histograms[start].series { start = index }
            rows[row.series] = start..<index + 1
        }
        return rows
    }

    /// Adds a series with one sample, its labels copied into the arena. For small batches; decoders fill the columns themselves.
    package mutating func append(_ labels: Labels, timestamp: Int64, value: Double, reference: UInt64 = 0) {
        let at = arena.count
        arena.append(contentsOf: labels.packed)
        series.append(Series(keyOffset: at, keyLength: labels.packed.count, keyEncoding: .packed, reference: reference, samples: values.count..<values.count + 1))
        timestamps.append(timestamp)
        values.append(value)
    }

    /// Adds a series with one histogram, its labels copied into the arena. For small batches.
    package mutating func append(_ labels: Labels, timestamp: Int64, histogram: NativeHistogram, reference: UInt64 = 0) {
        let at = arena.count
        arena.append(contentsOf: labels.packed)
        histograms.append(HistogramRow(series: series.count, timestamp: timestamp, histogram: histogram))
        series.append(Series(
            keyOffset: at, keyLength: labels.packed.count, keyEncoding: .packed, reference: reference, samples: values.count..<values.count))
    }
}
