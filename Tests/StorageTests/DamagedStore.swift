import Bytes
import MetricModel
import MetricStore
import Platform
import Testing

/// A data directory to which something happened, and what must be true of it nevertheless.
struct DamagedStore {
    /// The files' kinds.
    enum Kind: String, CaseIterable {
        case log, checkpoint, index, chunks, tombstones, meta, leftover
    }

    /// By series and time, what a sample says.
    typealias Samples = [String: [Int64: String]]

    /// A directory as it was: blocks, one of them with deletions, a checkpoint and a log behind it, with deletions, too.
    struct Original {
        let disk = SimulatedDisk()
        let samples: Samples
        /// What was deleted, and may come back when what says so is lost.
        let deleted: Samples
        /// The samples that only the log holds begin here.
        let logStart: Int64

        init() async throws {
            let store = try DamagedStore.open(disk)
            var histograms = (0..<3).map { HistogramScenario([.counter, .floatGauge, .custom][$0], seed: UInt64($0)) }
            for second in 0..<300 {
                var batch = SampleBatch()
                let time = StoreFixture.start + Int64(second) * 1000
                for series in 0..<12 where second % 50 > series % 5 { batch.append(Labels(["__name__": "m\(series % 3)", "n": "\(series)"]), timestamp: time, value: Double(second * 16 + series)) }
                for series in 0..<3 {
                    let labels = Labels(["__name__": "h", "n": "\(series)"])
                    switch histograms[series].next() {
                    case .float(let value): batch.append(labels, timestamp: time, value: value)
                    case .histogram(let histogram): batch.append(labels, timestamp: time, histogram: histogram)
                    }
                }
                _ = try await store.append(batch, durability: .logged)
                if second % 95 == 94 { try store.maintain() }
            }
            let whole = try DamagedStore.read(store).samples
            try await store.delete([try Matcher(.equal, "__name__", "m1")], time: StoreFixture.start + 70_000...StoreFixture.start + 95_000)
            try await store.delete([try Matcher(.regex, "n", "[12]")], time: StoreFixture.start + 250_000...StoreFixture.start + 260_000)
            samples = try DamagedStore.read(store).samples
            deleted = whole.merging(samples) { whole, left in whole.filter { left[$0.key] == nil } }
            store.close()
            var ends: [Int64] = []
            for block in try disk.list("/data") where BlockID(block) != nil { ends.append(try BlockMeta(json: try disk.contents("/data/\(block)/meta.json") ?? []).maxTime) }
            logStart = ends.max() ?? 0
            #expect(ends.count >= 3)
            #expect(try disk.list("/data/wal").contains { $0.hasPrefix("checkpoint.") })
        }
    }

    private let original: Original
    private let disk = SimulatedDisk()
    let kind: Kind
    /// What was done, to which file.
    private(set) var damage = ""
    /// What must stand in what is told.
    private let place: String
    /// Whether the end of the log went, of which nobody can know.
    private var mayLoseTail = false
    /// What came of it.
    private(set) var outcome = ""

    /// Copies a directory and damages one file of it, or puts one there that does not belong.
    init(_ original: Original, using generator: inout SeededGenerator) throws {
        self.original = original
        try Self.copy(original.disk, "/data", to: disk)
        kind = try #require(Kind.allCases.randomElement(using: &generator))
        let blocks = try disk.list("/data").filter { BlockID($0) != nil }
        let block = try #require(blocks.randomElement(using: &generator))
        let segments = try disk.list("/data/wal").filter { $0.utf8.allSatisfy { $0 < 0x3A } }
        let checkpoint = try #require(try disk.list("/data/wal").first { $0.hasPrefix("checkpoint.") })
        place = [.log, .checkpoint].contains(kind) ? "/data/wal/" : "/data/\(block)"
        let file: String
        switch kind {
        case .log: file = "/data/wal/\(try #require(segments.randomElement(using: &generator)))"
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
        mayLoseTail = kind == .log && file.hasSuffix(segments.last ?? "") && (damage.hasPrefix("removed") || damage.hasPrefix("cut"))
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
            "wal/\(checkpoint).tmp", "wal/00000001.repair", "\(block)/meta.json.tmp", "\(block)/tombstones.tmp", "notes", "wal/notes", "\(block)/notes", "lost+found",
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
        let time = StoreFixture.start + 310_000
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
        outcome = first.told.isEmpty ? first.missing == 0 ? "no effect" : "the log's end is missing" : first.missing == 0 ? "told, nothing lost" : "told, \(first.missing < 1000 ? "some" : "much") lost"
    }

    private func look(_ store: MetricStore, _ context: String, wasTold: Bool = false) throws -> (samples: Samples, told: [String], missing: Int) {
        let (samples, errors) = try Self.read(store, headStart: original.logStart)
        var told = store.opening.blockDamage + store.opening.log.damage.map { "\($0)" } + errors
        if store.opening.samplesOfUnknownSeries > 0 { told.append("\(place): samples of unknown series") }
        let isTold = wasTold || !told.isEmpty
        var (missing, earliest, latest) = (0, Int64.max, Int64.min)
        for (series, expected) in original.samples {
            let found = samples[series] ?? [:]
            for (time, text) in expected where found[time] != text {
                #expect(found[time] == nil, "\(context): \(series) has \(found[time] ?? "") at \(time), which was \(text)")
                missing += 1
                earliest = min(earliest, time)
            }
            // A deletion that is lost with what says so is told, too, but for the end of the log.
            for (time, text) in found where expected[time] == nil {
                #expect((isTold || mayLoseTail) && original.deleted[series]?[time] == text, "\(context): \(series) has \(text) at \(time), which is not there")
            }
            latest = max(latest, found.keys.filter { $0 < StoreFixture.start + 300_000 }.max() ?? .min)
        }
        for series in samples.keys where original.samples[series] == nil && series != "{__name__=\"later\"}" { Issue.record("\(context): there is a series \(series)") }
        if missing > 0, !isTold {
            #expect(mayLoseTail && earliest >= original.logStart && latest <= earliest, "\(context): \(missing) samples are missing from \(earliest) on, and nothing is told")
        }
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
        }
    }

    /// Everything that can be read, series by series, and why the rest cannot.
    static func read(_ store: MetricStore, headStart: Int64 = .max) throws -> (samples: Samples, errors: [String]) {
        var result: Samples = [:]
        var errors: [String] = []
        var buffer = SampleBuffer()
        let selected: [any SelectedSeries]
        var time = Int64.min ... Int64.max
        do throws(MetricStoreError) { selected = try store.select(SeriesSelection([], time: time)) } catch {
            // A block that says wrongly which series it has cannot be asked; the times beside it can.
            errors.append("\(error)")
            time = headStart...(.max)
            selected = try store.select(SeriesSelection([], time: time))
        }
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
