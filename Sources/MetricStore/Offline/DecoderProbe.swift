import Bytes
import MetricModel
import Platform
import SegmentLog

/// Each decoder of what stands in a data directory, called alone and to its end: what fuzzers and their short forms in the tests drive.
///
/// All of them throw for bytes that they refuse, and return how much they made of the others.
package enum DecoderProbe {
    /// Decodes a chunk of an encoding into samples within `time`. Nil when nobody knows the encoding.
    package static func chunk(_ encoding: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, _ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) -> Int? {
        guard let encoding = BlockFormat.ChunkEncoding(rawValue: encoding) else { return nil }
        let before = buffer.mark
        do throws(ChunkDecoder.Malformed) { try ChunkDecoder.decode(encoding, bytes, time, into: &buffer) } catch {
            throw .corrupt(file: "chunk", offset: 0, reason: error.reason)
        }
        return buffer.count - before.floats + buffer.histograms.count - before.histograms
    }

    /// Opens an index and reads all that it leads to; what is wrong with one list or series is passed over. Returns how many series were read.
    package static func index(_ disk: any FileSystem, _ path: String) throws(MetricStoreError) -> Int {
        let index = try BlockIndex(disk, path)
        var symbols = 0
        try index.forEachSymbol { symbols += $0.count }
        for (_, label) in index.labels {
            var lists: [(value: String, list: Int)] = []
            do throws(MetricStoreError) {
                try index.forEachValue(label) { entry in
                    lists.append((String(decoding: entry.value, as: UTF8.self), entry.list))
                    return true
                }
                if let middle = lists.dropFirst(lists.count / 2).first { _ = try index.postings(label, middle.value) }
            } catch { continue }
            for (_, list) in lists {
                symbols &+= index.count(list)
                try? index.forEach(list) { symbols &+= Int($0) }
            }
        }
        var seriesCount = 0
        for series in try index.allSeries() {
            guard (try? index.labels(series)) != nil, (try? index.forEachChunk(series) { _ in true }) != nil else { continue }
            seriesCount += 1
        }
        return seriesCount
    }

    /// Reads the logs of a directory into a head, and everything back out of that. Returns how many samples there were, and what was damaged.
    package static func log(_ disk: any FileSystem, _ directory: String) throws(MetricStoreError) -> (samples: Int, damage: [LogDamage]) {
        let head = Head(blockRangeMillis: MetricStore.Options().blockRangeMillis, seriesMax: 0)
        let damage: [LogDamage]
        do throws(PlatformError) { damage = try LogInspection(disk: disk, directory: directory).read(into: head).damage } catch { throw MetricStoreError(error) }
        return (try read(head), damage)
    }

    /// Puts log records into a head, and reads everything back out of that. Returns how many samples there were, and why records made no sense.
    package static func records(_ records: [UnsafeBufferPointer<UInt8>]) throws(MetricStoreError) -> (samples: Int, refusals: [String]) {
        let head = Head(blockRangeMillis: MetricStore.Options().blockRangeMillis, seriesMax: 0)
        var replay = HeadReplay(head)
        var refusals: [String] = []
        for record in records { if let refusal = replay.apply(record) { refusals.append(refusal) } }
        replay.finish()
        return (try read(head), refusals)
    }

    /// Reads `chunks_head` of a directory into a head that has all the series it names, and everything back out of that. Returns how many
    /// samples there were, and what was damaged, which is cut off.
    package static func headChunks(_ disk: any FileSystem, _ directory: String) throws(MetricStoreError) -> (samples: Int, damage: [String]) {
        let head = Head(blockRangeMillis: MetricStore.Options().blockRangeMillis, seriesMax: 0)
        var damage: [String] = []
        var references: Set<UInt64> = []
        var chunks = HeadChunks()
        do throws(PlatformError) {
            let log = HeadChunkLog(disk, directory: directory)
            chunks = try log.read(minTime: SampleTime.range.lowerBound, &damage)
            for number in try HeadChunkLog.numbers(disk, log.path) {
                _ = try HeadChunkFile.read(disk, "\(log.path)/\(BlockFormat.segmentName(number))") { references.insert($0.reference); return nil }
            }
        } catch { throw MetricStoreError(error) }
        var record = ByteWriter(capacity: 256)
        LogRecord.beginSeries(&record)
        for reference in references.sorted() { LogRecord.appendSeries(reference, Labels(["n": "\(reference)"]), to: &record) }
        var replay = HeadReplay(head, chunks: chunks)
        if let refusal = record.withBytes({ replay.apply($0) }) { damage.append(refusal) }
        replay.finish()
        if let disagreement = replay.disagreement { damage.append(disagreement) }
        return (try read(head), damage)
    }

    private static func read(_ head: Head) throws(MetricStoreError) -> Int {
        var samples = 0
        var buffer = SampleBuffer()
        for series in head.select([], .min ... .max, limit: 0) {
            buffer.removeAll()
            try series.read(.min ... .max, into: &buffer)
            samples += buffer.count + buffer.histograms.count
        }
        // What the next append asks.
        _ = (head.isCompactable, head.appendableMinTime)
        return samples
    }

    /// Reads a `tombstones` file. Returns how many ranges it has.
    package static func tombstones(_ file: [UInt8]) throws(MetricStoreError) -> Int {
        do throws(Tombstones.Malformed) { return try Tombstones(file: file).count } catch { throw .corrupt(file: "tombstones", offset: 0, reason: error.reason) }
    }
}
