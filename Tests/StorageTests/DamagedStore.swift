import Bytes
import MetricModel
import MetricStore
import Platform
import SegmentLog
import Testbed
import Testing

/// A data directory to which something happened, and what must be true of it nevertheless.
struct DamagedStore {
    /// The files' kinds.
    enum Kind: String, CaseIterable {
        case log, checkpoint, outOfOrderLog, mappedChunks, index, chunks, tombstones, meta, leftover
    }

    /// By series and time, what a sample says.
    typealias Samples = [String: [Int64: String]]

    /// A directory as it was: blocks, one of them with deletions, a checkpoint and a log behind it, with deletions, and a log of late
    /// samples, with deletions, too.
    struct Original {
        let disk = SimulatedDisk()
        let samples: Samples
        /// What was deleted, and may come back when what says so is lost.
        let deleted: Samples
        /// Of both, what only the log of late samples holds.
        let late: Samples
        /// The blocks' times, by their names.
        let blocks: [String: Range<Int64>]
        /// The samples that only the log holds begin here.
        let logStart: Int64

        init() async throws {
            var store = try DamagedStore.open(disk)
            var histograms = (0..<3).map { HistogramScenario([.counter, .floatGauge, .custom][$0], seed: UInt64($0)) }
            for second in 0..<300 {
                var batch = SampleBatch()
                let time = StoreFixture.start + Int64(second) * 1000
                for series in 0..<12 where second % 50 > series % 5 { batch.append(Labels(["__name__": "m\(series % 3)", "n": "\(series)"]), timestamp: time, value: Double(second * 16 + series)) }
                for series in 0..<3 { batch.append(Labels(["__name__": "h", "n": "\(series)"]), timestamp: time, histograms[series].next()) }
                _ = try await store.append(batch, durability: .logged)
                if second % 95 == 94 { try store.maintain() }
            }
            let inOrder = try DamagedStore.read(store).samples
            var whole = inOrder
            for part in 0..<3 {
                for second in stride(from: 290, to: 3, by: -3) {
                    var batch = SampleBatch()
                    let time = StoreFixture.start + Int64(second * 1000 - 100 * (part + 1))
                    for series in 0..<4 { batch.append(Labels(["__name__": "m\(series % 3)", "n": "\(series)"]), timestamp: time, value: Double(second * 16 + part)) }
                    if second < 240 { batch.append(Labels(["__name__": "late", "n": "\(second % 2)"]), timestamp: time, value: Double(second)) }
                    for series in 0..<3 { batch.append(Labels(["__name__": "h", "n": "\(series)"]), timestamp: time, histograms[series].next()) }
                    let report = try await store.append(batch, durability: .logged)
                    #expect(report.outOfOrderAppended == batch.series.count)
                }
                whole.merge(try DamagedStore.read(store).samples) { $0.merging($1) { $1 } }
                if part == 1 {
                    try await store.delete([try Matcher(.equal, "__name__", "m1")], time: StoreFixture.start + 70_000...StoreFixture.start + 95_000)
                    try await store.delete([try Matcher(.regex, "n", "[12]")], time: StoreFixture.start + 250_000...StoreFixture.start + 260_000)
                }
                // Each opening begins segments of both logs.
                store.close()
                store = try DamagedStore.open(disk)
            }
            samples = try DamagedStore.read(store).samples
            deleted = DamagedStore.without(samples, whole)
            late = DamagedStore.without(inOrder, whole)
            store.close()
            var blocks: [String: Range<Int64>] = [:]
            for block in try disk.list("/data") where BlockID(block) != nil {
                let meta = try BlockMeta(json: try disk.contents("/data/\(block)/meta.json") ?? [])
                blocks[block] = meta.minTime..<meta.maxTime
            }
            self.blocks = blocks
            logStart = blocks.values.map(\.upperBound).max() ?? 0
            #expect(blocks.count >= 3)
            #expect(try disk.list("/data/wal").contains { $0.hasPrefix("checkpoint.") })
            #expect(try disk.list("/data/wbl").count > 3)
            #expect(try !disk.list("/data/chunks_head").isEmpty)
            #expect(deleted.contains { late[$0.key]?.keys.contains(where: $0.value.keys.contains) == true })
        }
    }

    /// What of `samples` is not in others.
    private static func without(_ others: Samples, _ samples: Samples) -> Samples {
        samples.reduce(into: [:]) { result, series in
            let rest = series.value.filter { others[series.key]?[$0.key] == nil }
            if !rest.isEmpty { result[series.key] = rest }
        }
    }

    private let original: Original
    private let disk = SimulatedDisk()
    let kind: Kind
    /// What was done, to which file.
    private(set) var damage = ""
    /// What must stand in what is told.
    private let place: String
    /// The time of the block that it was done to.
    private let blockTime: Range<Int64>
    /// Whether the end of a segment went that ended between two records, of which nobody can know.
    private var isCutBetweenRecords = false
    /// What came of it.
    private(set) var outcome = ""

    /// Copies a directory and damages one file of it, or puts one there that does not belong.
    init(_ original: Original, using generator: inout SeededGenerator) throws {
        self.original = original
        try Self.copy(original.disk, "/data", to: disk)
        kind = try #require(Kind.allCases.randomElement(using: &generator))
        let blocks = try disk.list("/data").filter { BlockID($0) != nil }
        let block = try #require(blocks.randomElement(using: &generator))
        blockTime = try #require(original.blocks[block])
        let checkpoint = try #require(try disk.list("/data/wal").first { $0.hasPrefix("checkpoint.") })
        place = switch kind {
        case .log, .checkpoint: "/data/wal/"
        case .outOfOrderLog: "/data/wbl/"
        case .mappedChunks: "/data/chunks_head"
        case .index, .chunks, .tombstones, .meta, .leftover: "/data/\(block)"
        }
        let file: String
        switch kind {
        case .mappedChunks: file = "\(place)/\(try #require(try disk.list(place).randomElement(using: &generator)))"
        case .log, .outOfOrderLog: file = place + (try #require(try disk.list(String(place.dropLast())).filter { $0.utf8.allSatisfy { $0 < 0x3A } }.randomElement(using: &generator)))
        case .checkpoint: file = "/data/wal/\(checkpoint)/00000000"
        case .index: file = "/data/\(block)/index"
        case .chunks: file = "/data/\(block)/chunks/000001"
        case .tombstones: file = "/data/\(block)/tombstones"
        case .meta: file = "/data/\(block)/meta.json"
        case .leftover:
            try leaveOver(block, checkpoint, using: &generator)
            return
        }
        try harm(file, using: &generator)
        if [.log, .outOfOrderLog].contains(kind), ["cut", "zeroed", "bytes taken"].contains(where: damage.hasPrefix) {
            var reader = try LogReader(disk: disk, path: file)
            while try reader.next() != nil {}
            isCutBetweenRecords = reader.damage.isEmpty
        }
    }

    /// Whether a sample may be missing, or come back that was deleted, by what was done.
    private func isExposed(_ series: String, _ time: Int64) -> Bool {
        let isLate = original.late[series]?[time] != nil
        return switch kind {
        // Late samples name their series by the log's numbers.
        case .log, .checkpoint: isLate || time >= original.logStart
        case .outOfOrderLog: isLate
        case .index, .chunks, .tombstones, .meta: blockTime.contains(time)
        // The log has all of them.
        case .mappedChunks, .leftover: false
        }
    }

    private mutating func harm(_ file: String, using generator: inout SeededGenerator) throws {
        var content = try #require(try disk.contents(file))
        let at = Int.random(in: 0..<max(content.count, 1), using: &generator)
        switch content.isEmpty ? 5 : Int.random(in: 0..<8, using: &generator) {
        case 0, 1, 2:
            // One in `meta.json`: flips at both would make what we wrote pass for what Prometheus wrote, which has no checksum.
            let bits = kind == .meta ? 1 : Int.random(in: 1...3, using: &generator)
            for _ in 0..<bits { content[Int.random(in: 0..<content.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
            damage = "\(bits) bits flipped in \(file)"
        case 3:
            content.removeLast(content.count - at)
            damage = "cut \(file) at \(at)"
        case 4:
            let end = min(at + (16 << Int.random(in: 0..<9, using: &generator)), content.count)
            for index in at..<end { content[index] = 0 }
            damage = "zeroed \(at)..<\(end) of \(file)"
        case 5:
            content += (0..<Int.random(in: 1...300, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            damage = "garbage behind \(file)"
        case 6:
            content.removeSubrange(at..<min(at + Int.random(in: 1...40, using: &generator), content.count))
            damage = "bytes taken out of \(file) at \(at)"
        default:
            try disk.removeFile(file)
            damage = "removed \(file)"
            return
        }
        try disk.publish(file, content)
    }

    /// What is begun and not ended, and what nobody knows.
    private mutating func leaveOver(_ block: String, _ checkpoint: String, using generator: inout SeededGenerator) throws {
        let other = "01JGF0000000000000000000\(Int.random(in: 10...99, using: &generator))"
        let path = try #require([
            "\(other).tmp-for-creation", "\(block).tmp-for-creation", "\(other).tmp-for-deletion", "\(block).tmp-for-deletion", "\(other).tmp", "wal/checkpoint.00000099.tmp",
            "wal/\(checkpoint).tmp", "wal/00000001.repair", "\(block)/meta.json.tmp", "\(block)/tombstones.tmp", "notes", "wal/notes", "chunks_head/notes", "chunks_head/000001.tmp", "\(block)/notes", "lost+found",
        ].randomElement(using: &generator))
        damage = "left over: \(path)"
        let garbage = (0..<100).map { _ in UInt8.random(in: 0...255, using: &generator) }
        if path.contains(".tmp-") || path.hasPrefix("lost") {
            try disk.makeDirectory("/data/\(path)/chunks")
            try disk.publish("/data/\(path)/index", garbage)
            try disk.publish("/data/\(path)/chunks/000001", garbage)
        } else if path.contains("checkpoint") {
            try disk.makeDirectory("/data/\(path)")
            try disk.publish("/data/\(path)/00000000", garbage)
        } else {
            try disk.publish("/data/\(path)", garbage)
        }
    }

    // MARK: Checking

    /// Opens the store twice, appends and compacts in between, and looks at everything that it serves each time.
    mutating func check(_ context: String) async throws {
        let store = try Self.open(disk)
        let first = try look(store, context)
        let time = StoreFixture.start + 340_000
        var batch = SampleBatch()
        batch.append(Labels(["__name__": "later"]), timestamp: time, value: 1)
        let report = try await store.append(batch, durability: .synced)
        #expect(report.appended == 1, "\(context): nothing can be appended")
        // Blocks that cannot be read are left as they are, and told.
        do throws(MetricStoreError) { try store.maintain() } catch { #expect("\(error)".contains(place), "\(context): \(error)") }
        store.close()
        let again = try Self.open(disk)
        let second = try look(again, context + ", opened again", wasTold: !first.told.isEmpty)
        for (series, samples) in first.samples {
            let lost = samples.keys.filter { second.samples[series]?[$0] == nil }
            #expect(lost.isEmpty, "\(context): \(lost.count) samples of \(series) are lost later")
        }
        #expect(second.samples["{__name__=\"later\"}"] == [time: "1.0"], "\(context): what was appended is lost")
        again.close()
        outcome = first.told.isEmpty ? first.missing == 0 ? "no effect" : "cut between two records" : first.missing == 0 ? "told, nothing lost" : "told, \(first.missing < 1000 ? "some" : "much") lost"
    }

    private func look(_ store: MetricStore, _ context: String, wasTold: Bool = false) throws -> (samples: Samples, told: [String], missing: Int) {
        let (samples, errors) = try Self.read(store, original.blocks.values.sorted { $0.lowerBound < $1.lowerBound })
        var told = store.opening.blockDamage + (store.opening.log.damage + (store.opening.outOfOrderLog?.damage ?? [])).map { "\($0)" } + errors
        // Chunks of series whose record is lost are told as well.
        if kind == .mappedChunks { told += store.opening.headChunkDamage }
        if store.opening.samplesOfUnknownSeries > 0 { told.append("\(place): samples of unknown series") }
        let isTold = wasTold || !told.isEmpty
        var missing = 0
        for (series, expected) in original.samples {
            let found = samples[series] ?? [:]
            var (lost, unexposed) = (0, 0)
            for (time, text) in expected where found[time] != text {
                #expect(found[time] == nil, "\(context): \(series) has \(found[time] ?? "") at \(time), which was \(text)")
                lost += 1
                if !isExposed(series, time) { unexposed += 1 }
            }
            #expect(unexposed == 0, "\(context): \(unexposed) samples of \(series) are missing that stand elsewhere")
            missing += lost
            // A deletion that is lost with what says so is told, too.
            for (time, text) in found where expected[time] == nil {
                #expect((isTold || isCutBetweenRecords) && original.deleted[series]?[time] == text && isExposed(series, time), "\(context): \(series) has \(text) at \(time), which is not there")
            }
        }
        for series in samples.keys where original.samples[series] == nil && series != "{__name__=\"later\"}" { Issue.record("\(context): there is a series \(series)") }
        if missing > 0, !isTold { #expect(isCutBetweenRecords, "\(context): \(missing) samples are missing, and nothing is told") }
        if !wasTold { for line in told { #expect(line.contains(place), "\(context): \(line)") } }
        return (samples, told, missing)
    }

    // MARK: Stores and disks

    static func open(_ disk: SimulatedDisk) throws -> MetricStore {
        try StoreFixture.open(disk) {
            $0.blockRangeMillis = 60_000
            $0.blockMillisMax = 60_000
            $0.retentionMillis = 0
            $0.maintenanceSeconds = 0
            $0.outOfOrderWindowMillis = 400_000
        }
    }

    /// Everything that can be read, and why the rest cannot. Where something cannot, each of `times`, which follow each other, and what lies
    /// before and behind them is asked for on its own.
    static func read(_ store: MetricStore, _ times: [Range<Int64>] = []) throws -> (samples: Samples, errors: [String]) {
        let whole = try read(store, within: .min ... .max)
        guard !whole.errors.isEmpty, let first = times.first, let last = times.last else { return whole }
        var result = whole
        for time in [.min ... first.lowerBound - 1] + times.map({ ClosedRange($0) }) + [last.upperBound ... .max] {
            let part = try read(store, within: time)
            result.samples.merge(part.samples) { $0.merging($1) { $1 } }
            result.errors += part.errors
        }
        return result
    }

    private static func read(_ store: MetricStore, within time: ClosedRange<Int64>) throws -> (samples: Samples, errors: [String]) {
        var result: Samples = [:]
        let selected: [any SelectedSeries]
        do throws(MetricStoreError) { selected = try store.select(SeriesSelection([], time: time)) } catch { return ([:], ["\(error)"]) }
        var errors: [String] = []
        var buffer = SampleBuffer()
        for series in selected {
            buffer.removeAll()
            do throws(MetricStoreError) { try series.read(time, into: &buffer) } catch {
                errors.append("\(error)")
                continue
            }
            let name = "{" + series.labels.pairs.map { "\($0.name)=\(LabelName.quoted($0.value))" }.joined(separator: ", ") + "}"
            var samples: [Int64: String] = [:]
            for index in 0..<buffer.count { samples[buffer.timestamps[index]] = MixedSample(time: 0, value: .float(buffer.values[index])).text }
            // Without what is known of counter resets, which a chunk that is gone changes for the one behind it.
            for sample in buffer.histograms {
                var histogram = sample.histogram
                histogram.counterReset = .unknown
                samples[sample.timestamp] = "\(histogram)"
            }
            result[name] = samples
        }
        return (result, errors)
    }

    private static func copy(_ disk: SimulatedDisk, _ folder: String, to target: SimulatedDisk) throws {
        try target.makeDirectory(folder)
        for name in try disk.list(folder) {
            let path = "\(folder)/\(name)"
            if try disk.status(path)?.isDirectory == true { try copy(disk, path, to: target) } else { try target.open(path, .create).append(try disk.contents(path) ?? []) }
        }
    }
}
