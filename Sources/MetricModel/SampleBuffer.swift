import Platform

/// A series' samples, decoded: two parallel columns in time order, reused from series to series.
///
/// The caller owns it and hands it `inout` to a reader, which appends. Native histograms are a third, sparse column: a series that has
/// both kinds is read by going along both in the order of time, which no two samples share.
@frozen package struct SampleBuffer: ~Copyable {
    /// Milliseconds since the epoch, strictly rising.
    package private(set) var timestamps: UnsafeMutablePointer<Int64>
    package private(set) var values: UnsafeMutablePointer<Double>
    package private(set) var count: Int
    /// In the order of time.
    package private(set) var histograms: [HistogramSample] = []
    /// When the counter behind each float began, in milliseconds, and behind each histogram; 0 where nobody said. Empty when no sample says.
    package private(set) var floatStarts: [Int64] = []
    package private(set) var histogramStarts: [Int64] = []
    private var capacity: Int

    package init(capacity: Int = 1024) {
        self.capacity = max(capacity, 16)
        timestamps = ScratchMemory.shared.allocate(Int64.self, count: self.capacity)
        values = ScratchMemory.shared.allocate(Double.self, count: self.capacity)
        count = 0
    }

    deinit { free() }

    private func free() {
        ScratchMemory.shared.deallocate(timestamps, count: capacity)
        ScratchMemory.shared.deallocate(values, count: capacity)
    }

    /// Forgets the samples and keeps the memory.
    package mutating func removeAll() {
        count = 0
        if !histograms.isEmpty { histograms.removeAll(keepingCapacity: true) }
        if !floatStarts.isEmpty { floatStarts.removeAll(keepingCapacity: true) }
        if !histogramStarts.isEmpty { histogramStarts.removeAll(keepingCapacity: true) }
    }

    /// Makes room for `extra` more samples, so that a decoder can write through the pointers and then `advance(by:)`.
    package mutating func reserve(_ extra: Int) {
        guard count + extra > capacity else { return }
        let wanted = max(capacity * 2, count + extra)
        let newTimestamps = ScratchMemory.shared.allocate(Int64.self, count: wanted)
        let newValues = ScratchMemory.shared.allocate(Double.self, count: wanted)
        newTimestamps.update(from: timestamps, count: count)
        newValues.update(from: values, count: count)
        free()
        timestamps = newTimestamps
        values = newValues
        capacity = wanted
    }

    /// Counts `samples` entries that were written at `timestamps + count` and `values + count` after `reserve`.
    package mutating func advance(by samples: Int) {
        precondition(samples >= 0 && count + samples <= capacity)
        count += samples
    }

    package mutating func append(_ timestamp: Int64, _ value: Double) {
        reserve(1)
        timestamps[count] = timestamp
        values[count] = value
        count += 1
    }

    package mutating func append(_ timestamp: Int64, _ histogram: NativeHistogram) { histograms.append(HistogramSample(timestamp, histogram)) }

    /// Puts other histograms in the place of those from the `start`th on.
    package mutating func replaceHistograms(from start: Int, with others: [HistogramSample]) {
        histograms.replaceSubrange(start..., with: others)
    }

    /// Says when the counters behind all samples began: one time for each float and for each histogram.
    package mutating func setStarts(floats: [Int64], histograms: [Int64]) {
        precondition(floats.count == count && histograms.count == self.histograms.count)
        floatStarts = floats
        histogramStarts = histograms
    }

    /// Keeps the first `newCount` floats.
    package mutating func truncate(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count)
        count = newCount
        if floatStarts.count > newCount { floatStarts.removeLast(floatStarts.count - newCount) }
    }
}
