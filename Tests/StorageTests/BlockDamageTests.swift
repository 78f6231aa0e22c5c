import Bytes
import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

@Suite(.ownThread) struct BlockDamageTests {
    private typealias Sample = StoreFixture.Sample
    private static let range: Int64 = 60_000

    private static func open(_ disk: SimulatedDisk) throws -> MetricStore {
        try StoreFixture.open(disk) {
            $0.blockRangeMillis = range
            $0.blockMillisMax = range
            $0.retentionMillis = 0
            $0.maintenanceSeconds = 0
        }
    }

    /// Three blocks, one with deletions, and a head.
    private static func make() async throws -> (disk: SimulatedDisk, samples: [Labels: [Sample]]) {
        let disk = SimulatedDisk()
        let store = try open(disk)
        for second in 0..<270 {
            let batch = (0..<40).map { (Labels(["__name__": "m\($0 % 3)", "n": "\($0)"]), StoreFixture.start + Int64(second) * 1000, Double(second * $0)) }
            _ = try await store.append(StoreFixture.batch(batch), durability: .logged)
        }
        try store.maintain()
        try await store.delete([.equal("__name__", "m1")], time: StoreFixture.start + 70_000...StoreFixture.start + 95_000)
        let samples = try StoreFixture.read(store)
        store.close()
        return (disk, samples)
    }

    @Test("flipped bits and truncations of a block are an error, a block left out, or without effect; never wrong samples", arguments: 0..<4)
    func neverWrong(seed: Int) async throws {
        var generator = SeededGenerator(UInt64(seed) &* 31 &+ 7)
        let (disk, expected) = try await Self.make()
        let blocks = try disk.list("/data").filter { BlockID($0) != nil }
        #expect(blocks.count == 3)
        let newest = try blocks.map { try BlockMeta(json: try disk.contents("/data/\($0)/meta.json") ?? []).maxTime }.max()
        var outcomes: [String: Int] = [:]
        for _ in 0..<60 {
            let block = try #require(blocks.randomElement(using: &generator))
            let file = "/data/\(block)/" + (["index", "index", "chunks/000001", "tombstones"].randomElement(using: &generator) ?? "")
            let content = try #require(try disk.contents(file))
            if Int.random(in: 0..<4, using: &generator) == 0 {
                try disk.publish(file, Array(content.prefix(Int.random(in: 0..<content.count, using: &generator))))
            } else {
                disk.flip(file, at: Int.random(in: 0..<content.count, using: &generator), mask: 1 << UInt8.random(in: 0..<8, using: &generator))
            }
            let meta = try BlockMeta(json: try disk.contents("/data/\(block)/meta.json") ?? [])
            let store = try Self.open(disk)
            var isFound = true
            if let damage = store.opening.blockDamage.first {
                #expect(damage.contains(block))
                let rest = expected.mapValues { $0.filter { $0.time < meta.minTime || $0.time >= meta.maxTime } }
                // What the newest block had is still in the log, and read from there.
                let read = try StoreFixture.read(store)
                #expect(read == rest || (meta.maxTime == newest && read == expected), "\(file)")
                outcomes["left out", default: 0] += 1
            } else {
                do {
                    #expect(try StoreFixture.read(store) == expected, "\(file)")
                    isFound = false
                } catch is MetricStoreError {
                    outcomes["an error", default: 0] += 1
                }
            }
            store.close()
            let verified = try StoreVerification(directory: "/data", disk: disk)
            if isFound { #expect(!verified.problems.isEmpty, "\(file)") }
            try disk.publish(file, content)
        }
        #expect(outcomes["left out"] ?? 0 > 5 && outcomes["an error"] ?? 0 > 5, "\(outcomes)")
        #expect(try StoreVerification(directory: "/data", disk: disk).problems == [])
    }

    @Test("an index of version 1, its table in no order, is read like one of version 2")
    func versionOne() async throws {
        let (disk, expected) = try await Self.make()
        // The first block by time: the one without deletions.
        let metas = try disk.list("/data").filter { BlockID($0) != nil }.map { try BlockMeta(json: try disk.contents("/data/\($0)/meta.json") ?? []) }
        let meta = try #require(metas.first { $0.minTime == StoreFixture.start })
        let block = "/data/\(meta.id)"
        let series = expected.keys.sorted()
        try disk.publish("\(block)/index", Self.versionOneIndex(series, try Self.chunkOffsets(try disk.contents("\(block)/chunks/000001") ?? []), meta))
        let store = try Self.open(disk)
        #expect(store.opening.blockDamage.isEmpty)
        #expect(try StoreFixture.read(store) == expected)
        let some: [Matcher] = [try Matcher(.regex, "n", "1.*"), try Matcher(.notEqual, "__name__", "m2")]
        #expect(try StoreFixture.read(store, some) == expected.filter { ($0.key["n"] ?? "").hasPrefix("1") && $0.key.metricName != "m2" })
        #expect(try store.labelValues("n", [], time: meta.minTime...meta.maxTime, limit: 0) == (0..<40).map(String.init).sorted())
        store.close()
        #expect(try StoreVerification(directory: "/data", disk: disk).problems == [])
        // And becomes one of version 2 when it is compacted.
        let growing = try StoreFixture.open(disk) { $0.blockRangeMillis = Self.range; $0.retentionMillis = 0; $0.maintenanceSeconds = 0 }
        try await growing.delete([.equal("n", "39")], time: meta.minTime...meta.maxTime)
        try await growing.cleanTombstones()
        var left = expected
        left[Labels(["__name__": "m0", "n": "39"])]?.removeAll { $0.time <= meta.maxTime }
        #expect(try StoreFixture.read(growing) == left)
        growing.close()
    }

    /// Where each chunk of a segment begins; one a series here.
    private static func chunkOffsets(_ bytes: [UInt8]) throws -> [UInt64] {
        try bytes.withUnsafeBufferPointer { bytes in
            var cursor = ByteCursor(bytes)
            var offsets: [UInt64] = []
            try cursor.skip(8)
            while !cursor.isAtEnd {
                offsets.append(UInt64(cursor.offset))
                try cursor.skip(Int(try cursor.readUvarint()) + 5)
            }
            return offsets
        }
    }

    private static func versionOneIndex(_ series: [Labels], _ chunks: [UInt64], _ meta: BlockMeta) -> [UInt8] {
        var out = ByteWriter()
        func section(_ out: inout ByteWriter, _ content: borrowing ByteWriter) {
            out.appendBigEndian(UInt32(content.count))
            content.withBytes { out.append($0) }
            out.appendBigEndian(content.withBytes { CRC32C.checksum($0) })
        }
        out.appendBigEndian(0xBAAA_D700 as UInt32)
        out.append(1 as UInt8)
        // Symbols, referred to by where they stand.
        var places: [String: Int] = [:]
        let texts = Set(series.flatMap { $0.pairs.flatMap { [$0.name, $0.value] } }).sorted()
        var symbols = ByteWriter()
        symbols.appendBigEndian(UInt32(texts.count))
        for text in texts {
            places[text] = 5 + 4 + symbols.count
            symbols.appendUvarint(UInt64(text.utf8.count))
            symbols.append(utf8: text)
        }
        section(&out, symbols)
        // Series, not aligned, referred to by where they stand.
        let seriesStart = out.count
        var references: [UInt32] = []
        for (number, labels) in series.enumerated() {
            references.append(UInt32(out.count))
            var entry = ByteWriter()
            entry.appendUvarint(UInt64(labels.count))
            labels.forEach { name, value in
                entry.appendUvarint(UInt64(places[name] ?? 0))
                entry.appendUvarint(UInt64(places[value] ?? 0))
            }
            entry.appendUvarint(1)
            entry.appendVarint(meta.minTime)
            entry.appendUvarint(UInt64(59_000))
            entry.appendUvarint(chunks[number])
            out.appendUvarint(UInt64(entry.count))
            entry.withBytes { out.append($0) }
            out.appendBigEndian(entry.withBytes { CRC32C.checksum($0) })
        }
        let postingsStart = out.count
        var lists: [(name: String, value: String, offset: Int)] = []
        func list(_ name: String, _ value: String, _ members: [UInt32]) {
            lists.append((name, value, out.count))
            var content = ByteWriter()
            content.appendBigEndian(UInt32(members.count))
            for member in members { content.appendBigEndian(member) }
            section(&out, content)
        }
        for name in ["n", "__name__"] {
            for value in Set(series.compactMap { $0[name] }) { list(name, value, series.indices.filter { series[$0][name] == value }.map { references[$0] }) }
        }
        list("", "", references)
        let table = out.count
        var content = ByteWriter()
        content.appendBigEndian(UInt32(lists.count))
        for (name, value, offset) in lists {
            content.appendUvarint(2)
            for text in [name, value] {
                content.appendUvarint(UInt64(text.utf8.count))
                content.append(utf8: text)
            }
            content.appendUvarint(UInt64(offset))
        }
        section(&out, content)
        var contents = ByteWriter()
        for offset in [5, seriesStart, 0, 0, postingsStart, table] { contents.appendBigEndian(UInt64(offset)) }
        contents.withBytes { out.append($0) }
        out.appendBigEndian(contents.withBytes { CRC32C.checksum($0) })
        return out.array()
    }
}
