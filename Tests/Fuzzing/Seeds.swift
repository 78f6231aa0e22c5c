import Bytes
import MetricModel
import MetricStore
import Platform
import SegmentLog

/// Inputs to begin with: what a store wrote, cut into what each decoder takes, and queries.
package struct Seeds {
    package private(set) var inputs: [Decoder: [[UInt8]]] = [:]

    /// 2026-01-01T00:00:00Z.
    private static let start: Int64 = 1_767_225_600_000

    package init() {}

    /// What a small store of ours writes, with every kind of sample, deletions, and logs of every compression.
    package static func ours() async throws -> Seeds {
        var seeds = Seeds()
        let disk = SimulatedDisk()
        var options = MetricStore.Options()
        (options.futureMillisMax, options.maintenanceSeconds, options.retentionMillis, options.blockRangeMillis) = (nil, 0, 0, 60_000)
        let store = try MetricStore.open(directory: "/data", options: options, clock: ManualClock(unixMillis: start), disk: disk)
        for step in 0..<100 {
            var batch = SampleBatch()
            let time = start + Int64(step) * 1500 + Int64(step % 7)
            for series in 0..<3 {
                batch.append(Labels(["__name__": "m\(series)", "job": "j", "n": "\(series)"]), timestamp: time, value: series == 0 ? Double(step) : Double(step * series) / 3)
            }
            for isFloat in [false, true] {
                batch.append(Labels(["__name__": "h", "float": "\(isFloat)"]), timestamp: time, histogram: histogram(step, isFloat: isFloat, isCustom: false))
                batch.append(Labels(["__name__": "c", "float": "\(isFloat)"]), timestamp: time, histogram: histogram(step, isFloat: isFloat, isCustom: true))
            }
            batch.append(Labels(["__name__": "stale"]), timestamp: time, value: step % 10 == 9 ? Staleness.marker : 1)
            if step == 0 { batch.metadata.append(("m0", MetricMetadata(kind: .counter, unit: "seconds", help: "Help.\n\"é\""))) }
            _ = try await store.append(batch, durability: .logged)
        }
        try await store.delete([try Matcher(.equal, "__name__", "m1")], time: start + 1000...start + 9000)
        try store.maintain()
        try await store.delete([try Matcher(.regex, "__name__", "m.")], time: start + 20_000...start + 29_000)
        store.close()
        try seeds.add(disk, "/data")
        let logged = seeds.inputs[.record] ?? []
        for compression in [nil, Compression.snappy] {
            var options = SegmentLog.Options()
            options.compression = compression
            let name = "/\(compression?.rawValue ?? "plain")/wal"
            let (log, _) = try SegmentLog.open(on: disk, name, options: options) { _ in nil }
            for records in logged.prefix(3) { try await log.append(Records.split(records) { $0.map { Array($0) } }, .written) }
            log.close()
            try seeds.addLog(disk, name)
        }
        seeds.addVariants()
        for query in queries { seeds.add(Array(query.utf8), .query) }
        return seeds
    }

    /// Something of every part of the language.
    private static let queries = [
        "up", "-up{job=\"a\", instance!~\"b.*\", env=~\"x|y\"}[5m:30s] offset -1m @ start()", "{\"quoted.name\", \"label é\"='\\u00e9\\x41'}", "sum by (job) (rate(http_requests_total[5m]))",
        "sum without (a, \"b c\") (x) / on (a) group_left (b) y", "a and ignoring (c) b or d unless e", "topk(5, x) > bool 1e-3", "histogram_quantile(0.9, sum by (le) (rate(b[5m])))",
        "label_replace(up, \"a\", `$1`, \"b\", \"(.*)\")", "quantile_over_time(0.5, x[1h30m5s10ms])", "max_over_time(rate(x[1m])[10m:]) ^ 2 ^ -3", "x offset (5m + step() * 2)",
        "rate(x[5m] anchored) + increase(x[step()] smoothed)", "a + fill (0) b * fill_left (1) fill_right (-2) c", "info(up, {__name__=~\"target.*\"})", "x @ 1609746000.123 offset 1d",
        "limitk(3, x) + limit_ratio(-0.5, y)", "count_values(\"v\", x) % 0x1F + Inf - NaN", "(1 + 2) * -time() atan2 pi()", "x[5m] # a comment\n", "sum(x) by (a) ** 1", "absent(x{a=\"\"})",
        "sort_by_label(up, \"a\", \"b\")", "histogram_fraction(-Inf, 1_000, x) </ 2", "double_exponential_smoothing(x[5m], .5, 0b11)", "a == bool b != c >= d <= e < f",
    ]

    private static func histogram(_ step: Int, isFloat: Bool, isCustom: Bool) -> NativeHistogram {
        let buckets = [Int64(step), Int64(step / 2), Int64(step * 3), 1]
        let total = buckets.reduce(0, +) + (isCustom ? 0 : 2)
        return NativeHistogram(
            counterReset: .unknown, schema: isCustom ? NativeHistogram.customSchema : 3, zeroThreshold: isCustom ? 0 : 0x1p-128, sum: Double(step) * 1.25,
            positiveSpans: [.init(offset: 0, length: 2), .init(offset: step < 50 ? 1 : 2, length: 2)], negativeSpans: [],
            customValues: isCustom ? [0.005, 0.1, 1, 1 / 3 + 1, 5, 10] : [],
            counts: isFloat
                ? .float(.init(count: Double(total), zeroCount: isCustom ? 0 : 2, positive: buckets.map(Double.init), negative: []))
                : .integer(.init(count: UInt64(total), zeroCount: isCustom ? 0 : 2, positive: buckets, negative: [])))
    }

    /// Adds what stands in a data directory, whoever wrote it.
    package mutating func add(_ disk: any FileSystem, _ directory: String) throws {
        for name in try disk.list(directory) where BlockID(name) != nil {
            let block = "\(directory)/\(name)"
            for (file, decoder) in [("index", Decoder.index), ("tombstones", .tombstones), ("meta.json", .meta)] {
                if let content = try disk.contents("\(block)/\(file)") { add(content, decoder) }
            }
            for segment in try disk.list("\(block)/chunks") {
                if let content = try disk.contents("\(block)/chunks/\(segment)") { addChunks(content) }
            }
        }
        try addLog(disk, "\(directory)/wal")
        let mapped = "\(directory)/chunks_head"
        guard try disk.status(mapped)?.isDirectory == true else { return }
        for file in try disk.list(mapped) {
            let content = try disk.contents("\(mapped)/\(file)") ?? []
            add(Array(content.prefix(min(4096, (content.lastIndex { $0 != 0 } ?? -1) + 1))), .mapped)
        }
    }

    private mutating func add(_ input: [UInt8], _ decoder: Decoder) { inputs[decoder, default: []].append(input) }

    /// The chunks of a segment, of each encoding a few.
    private mutating func addChunks(_ segment: [UInt8]) {
        var counts: [UInt8: Int] = [:]
        segment.withUnsafeBufferPointer { bytes in
            var cursor = ByteCursor(bytes)
            do throws(ByteError) {
                try cursor.skip(8)
                while !cursor.isAtEnd {
                    let length = Int(clamping: try cursor.readUvarint())
                    let chunk = Array(try cursor.readBytes(length + 1))
                    try cursor.skip(4)
                    counts[chunk[0], default: 0] += 1
                    if counts[chunk[0], default: 0] <= 20 { add(chunk, .chunk) }
                }
            } catch { return }
        }
    }

    /// A log's segments, without the zeros at their end, and their records.
    private mutating func addLog(_ disk: any FileSystem, _ path: String) throws {
        guard try disk.status(path)?.isDirectory == true else { return }
        let directory = SegmentDirectory(disk: disk, path: path)
        var folders = try directory.checkpoints().map { SegmentDirectory(disk: disk, path: directory.checkpointPath($0)) }
        folders.append(directory)
        for folder in folders {
            for segment in try folder.segments() {
                let content = try disk.contents(folder.segmentPath(segment)) ?? []
                let end = (content.lastIndex { $0 != 0 } ?? -1) + 1
                guard end > 0 else { continue }
                // Short, so that many can be tried; and one of two pages.
                let head = Self.fragments(content, bytesMax: 2048)
                add(head, .log)
                if segment == 0 { add(head + [UInt8](repeating: 0, count: (32 << 10) - head.count) + head, .log) }
                var records: [[UInt8]] = []
                var reader = try LogReader(disk: disk, path: folder.segmentPath(segment))
                while let record = try reader.next() { records.append(Array(record.prefix(2048))) }
                // Series and the first samples of them; then the rest, which alone is of unknown series.
                for part in stride(from: 0, to: records.count, by: 8).prefix(8) { add(Records.joined(Array(records.prefix(4)) + records[part..<min(part + 8, records.count)]), .record) }
            }
        }
    }

    /// The first whole fragments of a segment, one at least.
    private static func fragments(_ segment: [UInt8], bytesMax: Int) -> [UInt8] {
        var end = 0
        while end + 7 <= segment.count, segment[end] & 7 != 0 {
            let next = end + 7 + (Int(segment[end + 1]) << 8) + Int(segment[end + 2])
            if end > 0, next > bytesMax { break }
            end = next
        }
        return Array(segment.prefix(end))
    }

    /// What only newer Prometheus writes, and older did, in as far as the same bytes say something there, too.
    private mutating func addVariants() {
        for chunk in inputs[.chunk] ?? [] { for encoding in [chunk[0] + 3] { add([encoding] + chunk[1...], .chunk) } }
        for index in inputs[.index] ?? [] { for version in [UInt8(1), 3] { add(Array(index[..<4]) + [version] + index[5...], .index) } }
    }
}
