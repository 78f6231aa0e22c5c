import Bytes
import Platform
import SegmentLog
import Testbed
import Testing

@Suite(.ownThread) struct SegmentLogTests {
    /// Records of every size around the edges of a page, compressible and not.
    static func records(seed: UInt64, count: Int, lengthMax: Int = 3000) -> [[UInt8]] {
        var generator = SeededGenerator(seed)
        return (0..<count).map { index in
            let length = index % 37 == 5 ? Int.random(in: 30_000...100_000, using: &generator) : Int.random(in: 0...lengthMax, using: &generator)
            let isNoise = Bool.random(using: &generator)
            return [UInt8(truncatingIfNeeded: index)] + (0..<length).map { isNoise ? UInt8.random(in: 0...255, using: &generator) : UInt8($0 / 64 & 0xFF) }
        }
    }

    static func open(_ disk: any FileSystem, options: SegmentLog.Options = .init()) throws -> (log: SegmentLog, records: [[UInt8]], report: ReplayReport) {
        var read: [[UInt8]] = []
        let (log, report) = try SegmentLog.open(on: disk, "/wal", options: options) {
            read.append([UInt8]($0))
            return nil
        }
        return (log, read, report)
    }

    @Test("what was appended is read back in order, over segments and restarts", arguments: [nil, Compression.snappy, .zstd])
    func roundTrip(compression: Compression?) async throws {
        let disk = SimulatedDisk()
        var options = SegmentLog.Options()
        options.compression = compression
        options.segmentBytes = 128 << 10
        var expected: [[UInt8]] = []
        for restart in 0..<4 {
            let (log, read, report) = try Self.open(disk, options: options)
            #expect(read == expected)
            #expect(report.damage.isEmpty)
            let more = Self.records(seed: UInt64(restart), count: 120)
            for start in stride(from: 0, to: more.count, by: 7) {
                try await log.append(Array(more[start..<min(start + 7, more.count)]), start % 2 == 0 ? .synced : .written)
            }
            expected += more
            log.close()
        }
        #expect(try SegmentDirectory(disk: disk, path: "/wal").segments().count > 4)
    }

    @Test("the bytes of a segment are Prometheus's")
    func golden() async throws {
        let disk = SimulatedDisk()
        var options = SegmentLog.Options()
        options.compression = nil
        let (log, _, _) = try Self.open(disk, options: options)
        try await log.append([Array("123456789".utf8), []], .synced)
        let bytes = try #require(try disk.contents("/wal/00000000"))
        // full, length 9, CRC-32C of the check string; then an empty full record.
        #expect(bytes == [1, 0, 9, 0xE3, 0x06, 0x92, 0x83] + Array("123456789".utf8) + [1, 0, 0, 0, 0, 0, 0])
        log.close()
        let closed = try disk.contents("/wal/00000000")
        #expect(closed?.count == 32 << 10)
    }

    @Test("many callers at once: each one's records stay in order and none is lost")
    func concurrentAppends() async throws {
        let disk = SimulatedDisk()
        let (log, _, _) = try Self.open(disk)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<16 {
                group.addTask {
                    for step in 0..<50 { try await log.append([[UInt8(caller), UInt8(step)]], step % 5 == 0 ? .synced : .written) }
                }
            }
            try await group.waitForAll()
        }
        #expect(log.statistics.records == 800)
        log.close()
        let (again, read, _) = try Self.open(disk)
        again.close()
        for caller in 0..<16 { #expect(read.filter { $0[0] == UInt8(caller) }.map { $0[1] } == (0..<50).map { UInt8($0) }) }
    }

    @Test("after a power cut everything synced is there, in order, and nothing that was never written", arguments: 0..<20)
    func powerLoss(seed: Int) async throws {
        var generator = SeededGenerator(UInt64(seed))
        let disk = SimulatedDisk()
        var options = SegmentLog.Options()
        options.segmentBytes = 128 << 10
        let (log, _, _) = try Self.open(disk, options: options)
        let records = Self.records(seed: UInt64(seed), count: 60)
        var synced = 0
        for (index, record) in records.enumerated() {
            let durability: SegmentLog.Durability = Int.random(in: 0..<4, using: &generator) == 0 ? .synced : .written
            try await log.append([record], durability)
            if durability == .synced { synced = index + 1 }
        }
        let survivor = disk.losingPower(using: &generator)
        log.close()
        let (again, read, _) = try Self.open(survivor, options: options)
        again.close()
        #expect(read.count >= synced)
        #expect(read == Array(records.prefix(read.count)))
        let (_, second, report) = try Self.open(survivor, options: options)
        #expect(second == read)
        #expect(report.damage.isEmpty, "the first opening repaired what it reported")
    }

    @Test("a segment cut at any byte gives every record before the cut, reports the torn one, and is whole afterwards")
    func tornTail() async throws {
        let disk = SimulatedDisk()
        let (log, _, _) = try Self.open(disk)
        let records = Self.records(seed: 3, count: 40, lengthMax: 400)
        var ends: [Int] = []
        for record in records {
            try await log.append([record], .written)
            ends.append(try disk.status("/wal/00000000")?.size ?? 0)
        }
        let whole = try #require(try disk.contents("/wal/00000000"))
        log.close()
        for cut in stride(from: 0, to: whole.count, by: 997) {
            let copy = SimulatedDisk()
            try copy.makeDirectory("/wal")
            try copy.publish("/wal/00000000", Array(whole[..<cut]))
            let (log, read, report) = try Self.open(copy)
            let complete = ends.prefix { $0 <= cut }.count
            #expect(read == Array(records.prefix(complete)))
            let isTail = report.damage.allSatisfy(\.isTornTail)
            #expect(isTail)
            try await log.append([[7]], .synced)
            log.close()
            let (_, after, again) = try Self.open(copy)
            #expect(after == Array(records.prefix(complete)) + [[7]])
            #expect(again.damage.isEmpty)
        }
    }

    @Test("a flipped bit is reported with its place; records on other pages are kept; the original is set aside", arguments: 0..<40)
    func flippedBit(seed: Int) async throws {
        var generator = SeededGenerator(UInt64(seed))
        let disk = SimulatedDisk()
        let (log, _, _) = try Self.open(disk)
        let records = Self.records(seed: 9, count: 200, lengthMax: 2000)
        for record in records { try await log.append([record], .written) }
        log.close()
        let size = try #require(try disk.contents("/wal/00000000")).count
        let at = Int.random(in: 0..<size, using: &generator)
        disk.flip("/wal/00000000", at: at, mask: 1 << UInt8.random(in: 0...7, using: &generator))
        let (again, read, report) = try Self.open(disk)
        again.close()
        #expect(!report.damage.isEmpty)
        let isPlaced = report.damage.allSatisfy { $0.file == "/wal/00000000" && !$0.reason.isEmpty }
        #expect(isPlaced)
        let aside = try disk.status("/wal/00000000.damaged")
        #expect(aside?.size == size)
        // What is read is a subsequence of what was written: nothing wrong is served.
        var rest = records[...]
        for record in read {
            guard let found = rest.firstIndex(of: record) else {
                Issue.record("a record was read that was never written")
                break
            }
            rest = rest[(found + 1)...]
        }
        #expect(read.count > records.count / 2)
        let (_, second, clean) = try Self.open(disk)
        #expect(second == read)
        #expect(clean.damage.isEmpty)
    }

    @Test("on a full disk appends fail with that reason, leave no trace, and work again when there is space")
    func diskFull() async throws {
        let disk = SimulatedDisk()
        var options = SegmentLog.Options()
        options.compression = nil
        options.segmentBytes = 64 << 10
        let (log, _, _) = try Self.open(disk, options: options)
        var accepted: [[UInt8]] = []
        disk.limit(toBytes: 100_000)
        var refusals = 0
        for index in 0..<60 {
            let record = [UInt8](repeating: UInt8(index), count: 4000)
            do throws(SegmentLogError) {
                try await log.append([record], .synced)
                accepted.append(record)
            } catch {
                #expect(error.isDiskFull)
                refusals += 1
            }
            if index == 40 { disk.limit(toBytes: .max) }
        }
        #expect(refusals > 10)
        #expect(accepted.count > 40)
        log.close()
        let (_, read, report) = try Self.open(disk, options: options)
        #expect(read == accepted)
        #expect(report.damage.isEmpty)
    }

    @Test("a record that was enqueued is written when there is space again, in its place")
    func diskFullKeepsEnqueued() async throws {
        let disk = SimulatedDisk()
        var options = SegmentLog.Options()
        options.compression = nil
        let (log, _, _) = try Self.open(disk, options: options)
        disk.limit(toBytes: 1000)
        let ticket = [UInt8](repeating: 1, count: 4000).withUnsafeBufferPointer { log.enqueue($0) }
        await #expect(throws: SegmentLogError.self) { try await log.wait(for: ticket, .written) }
        await #expect(throws: SegmentLogError.self) { try await log.append([[2]], .written) }
        disk.limit(toBytes: .max)
        try await log.append([[3]], .synced)
        log.close()
        let (_, read, _) = try Self.open(disk)
        #expect(read == [[UInt8](repeating: 1, count: 4000), [3]])
    }

    @Test("after a failed sync nothing is taken any more")
    func failedSync() async throws {
        let disk = SimulatedDisk()
        let (log, _, _) = try Self.open(disk)
        try await log.append([[1]], .synced)
        disk.refuseSync(true)
        await #expect(throws: SegmentLogError.self) { try await log.append([[2]], .synced) }
        disk.refuseSync(false)
        await #expect(throws: SegmentLogError.self) { try await log.append([[3]], .written) }
        log.close()
    }

    @Test("a checkpoint stands for the segments up to its number, and shows up whole or not at all")
    func checkpoint() async throws {
        let disk = SimulatedDisk()
        let (log, _, _) = try Self.open(disk)
        try await log.append([[1], [2]], .written)
        let cut = try await log.cutSegment()
        #expect(cut == 1)
        try await log.append([[3]], .written)
        var draft = try CheckpointWriter(log.directory, index: 0)
        try [UInt8]([9]).withUnsafeBufferPointer { try draft.append($0) }
        draft.abandon()
        var writer = try CheckpointWriter(log.directory, index: 0)
        try [UInt8]([2]).withUnsafeBufferPointer { try writer.append($0) }
        try writer.finish()
        try log.directory.removeSegments(below: 1)
        log.close()
        let (again, read, report) = try Self.open(disk)
        #expect(read == [[2], [3]])
        #expect(report.checkpoint == 0)
        again.close()
        #expect(try disk.list("/wal").first == "00000001")
    }

    @Test("a record that its reader rejects is reported, dropped and not offered again")
    func rejectedRecord() async throws {
        let disk = SimulatedDisk()
        let (log, _, _) = try Self.open(disk)
        try await log.append([[1], [2], [3]], .written)
        log.close()
        let (again, report) = try SegmentLog.open(on: disk, "/wal") { $0.first == 2 ? "two is not allowed" : nil }
        again.close()
        #expect(report.damage.map(\.reason) == ["two is not allowed"])
        let (_, read, clean) = try Self.open(disk)
        #expect(read == [[1], [3]])
        #expect(clean.damage.isEmpty)
    }

    @Test("the real disk holds what the simulated one does")
    func realDisk() async throws {
        let folder = try TemporaryFolder()
        let records = Self.records(seed: 5, count: 50)
        let (log, _) = try SegmentLog.open(on: Disk(), folder.path + "/a/wal") { _ in nil }
        try await log.append(records, .synced)
        log.close()
        var read: [[UInt8]] = []
        let (again, _) = try SegmentLog.open(on: Disk(), folder.path + "/a/wal") { read.append([UInt8]($0)); return nil }
        again.close()
        #expect(read == records)
    }
}
