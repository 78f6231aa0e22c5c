import MetricModel

extension HeadShard {
    /// A chunk that is complete, and not in `chunks_head` yet.
    struct UnmappedChunk {
        let logReference: UInt64
        // SAFETY: leads into a page of the arena, which outlives it: `truncate` forgets what it drops.
        let chunk: UnsafePointer<ClosedChunk>

        var encoded: EncodedChunk {
            EncodedChunk(encoding: chunk.pointee.encoding, bytes: ClosedChunk.bytes(chunk), minTime: chunk.pointee.minTime, maxTime: chunk.pointee.maxTime)
        }
    }

    /// Hands over the chunks that are to be written, the chunks of a series in the order of time. They stay valid until the next truncation.
    mutating func takeUnmapped() -> [UnmappedChunk] {
        defer { unmapped = [] }
        return unmapped
    }

    /// Takes back what could not be written.
    mutating func giveBack(_ chunks: some Collection<UnmappedChunk>) { unmapped.insert(contentsOf: chunks, at: 0) }

    /// Has every chunk that is complete written once more.
    mutating func forgetMapped() {
        var all: [UnmappedChunk] = []
        forEachSeries { slot, chunk in
            var closed: [UnmappedChunk] = []
            var next = tail(slot).newestClosed
            while let current = next {
                closed.append(UnmappedChunk(logReference: chunk.pointee.logReference, chunk: current))
                next = current.pointee.olderMaxTime >= minTime ? current.pointee.older : nil
            }
            all += closed.reversed()
        }
        unmapped = all
    }

    // MARK: Replay

    /// Gives a series without an open chunk one of `chunks_head`, as far as it lies at `minTime` or later. Returns how many samples it
    /// has, or nil when it is not later than all that the series has, or not what it says.
    mutating func attach(_ slot: Int, _ mapped: EncodedChunk, minTime: Int64) -> Int? {
        guard let chunk = series(slot), let tail = tails.pointer(slot) else { return nil }
        let isFirst = mappedStarts.count <= slot || mappedStarts[slot] == .max
        guard chunk.pointee.bytes == nil, !chunk.pointee.holdsHistograms, mapped.minTime > chunk.pointee.lastTime, !isFirst || chunk.pointee.lastTime == .min else { return nil }
        let isWhole = mapped.minTime >= minTime
        var samples = SampleBuffer()
        let time = isWhole ? mapped.maxTime...mapped.maxTime : minTime...mapped.maxTime
        do throws(ChunkDecoder.Malformed) { try ChunkDecoder.decode(mapped.encoding, mapped.bytes, time, into: &samples) } catch { return nil }
        let last = samples.count > 0 ? samples.timestamps[samples.count - 1] : samples.histograms.last?.timestamp
        guard last == mapped.maxTime else { return nil }
        if isWhole {
            add(mapped, to: tail)
        } else {
            ChunkEncoder().encode(samples) { add($0, to: tail) }
        }
        if samples.count > 0 { chunk.pointee.lastValue = samples.values[samples.count - 1].bitPattern }
        chunk.pointee.lastTime = mapped.maxTime
        while mappedStarts.count <= slot { mappedStarts.append(.max) }
        if isFirst { mappedStarts[slot] = max(mapped.minTime, minTime) }
        return isWhole ? BlockFormat.sampleCount(mapped.bytes, mapped.encoding.rawValue) : samples.count + samples.histograms.count
    }

    private mutating func add(_ chunk: EncodedChunk, to tail: UnsafeMutablePointer<Tail>) {
        guard let bytes = chunk.bytes.baseAddress else { return }
        tail.pointee.newestClosed = arena.add(
            bytes, count: chunk.bytes.count, chunk.encoding, minTime: chunk.minTime, maxTime: chunk.maxTime, older: tail.pointee.newestClosed)
        chunkCount += 1
        chunksCreated += 1
    }

    /// What a sample of the log is to a series that has chunks of `chunks_head`.
    enum MappedTime {
        /// Later than them, or the series has none.
        case behind
        /// Held by them.
        case within
        /// Earlier than them, so that a chunk must be missing.
        case before
    }

    /// Where a sample of the log lies. `time` is one that no block holds.
    @inline(__always)
    func mappedTime(_ slot: Int, _ chunk: UnsafeMutablePointer<OpenChunk>, _ time: Int64) -> MappedTime {
        if _fastPath(time > chunk.pointee.lastTime || slot >= mappedStarts.count || mappedStarts[slot] == .max) { return .behind }
        return time >= mappedStarts[slot] ? .within : .before
    }

    /// A float that the log has behind chunks of histograms: a stale marker is one of histograms, too.
    func mappedStaleMarker(_ slot: Int, for bits: UInt64) -> NativeHistogram? {
        guard bits == Staleness.markerBits, slot < mappedStarts.count, let newest = tail(slot).newestClosed else { return nil }
        return switch newest.pointee.encoding {
        case .xor, .xor2: nil
        case .histogram, .histogramWithStart: .staleMarker(isFloat: false)
        case .floatHistogram, .floatHistogramWithStart: .staleMarker(isFloat: true)
        }
    }

    mutating func endReplay() { mappedStarts = [] }
}
