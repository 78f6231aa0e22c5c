import MetricModel
import MetricStore
import Platform
import Synchronization
import Testbed
import Testing

@Suite(.ownThread) struct LinkingTests {
    private typealias Sample = StoreFixture.Sample
    private static let start = StoreFixture.start
    private static let range: Int64 = 60_000
    private static let seconds = 700
    private static let names = (0..<4).map { Labels(["__name__": "m", "n": "\($0)"]) }
    private static let late = Labels(["__name__": "late"])
    /// How much a late sample comes behind its time.
    private static let lateSeconds = 30

    private static func open(_ disk: any FileSystem, _ directory: String = "/data") throws -> MetricStore {
        try StoreFixture.open(disk, directory) {
            $0.blockRangeMillis = range
            $0.blockMillisMax = 9 * range
            $0.retentionMillis = 0
            $0.maintenanceSeconds = 0
            $0.logSegmentBytes = 32 << 10
            $0.outOfOrderWindowMillis = 10 * range
        }
    }

    /// What is written in one second: a sample of each series, and one that is late by half a minute and a half second.
    private static func batch(_ second: Int) -> [(Labels, Int64, Double)] {
        let time = start + Int64(second) * 1000
        var samples = names.indices.map { (names[$0], time, Double(second * ($0 + 1))) } + [(late, time, Double(second))]
        if second > lateSeconds { samples.append((late, time - Int64(lateSeconds) * 1000 - 500, -Double(second))) }
        return samples
    }

    @Test("linked while samples come, in order and late, and blocks are made of them: each copy is a whole store of all that was acknowledged before, without a gap")
    func whileWorking() async throws {
        let disk = SimulatedDisk()
        let store = try Self.open(disk)
        let pool = try BlockingPool(threads: 1)
        let told = Atomic(0)
        var maintenance: [Task<Void, any Error>] = []
        var copies: [(path: String, least: Int, Task<Void, any Error>)] = []
        for second in 0..<Self.seconds {
            if second % 40 == 7 { maintenance.append(Task { try await pool.run { try store.maintain() } }) }
            if second % 50 == 11 {
                let path = "/copies/\(second)"
                copies.append((path, told.load(ordering: .relaxed), Task { try await store.link(into: path) }))
            }
            #expect(try await store.append(StoreFixture.batch(Self.batch(second)), durability: .synced).refused == 0)
            told.store(second + 1, ordering: .relaxed)
        }
        for task in maintenance { try await task.value }
        for copy in copies { try await copy.2.value }
        pool.close()
        store.close()

        for (path, least, _) in copies {
            let copy = try Self.open(disk, path)
            defer { copy.close() }
            let opening = copy.opening
            #expect(opening.log.damage.isEmpty && opening.outOfOrderLog?.damage.isEmpty != false && opening.blockDamage.isEmpty && opening.samplesOfUnknownSeries == 0, "\(path)")
            let found = try StoreFixture.read(copy)
            for (number, labels) in Self.names.enumerated() {
                let samples = found[labels] ?? []
                #expect(samples.count >= least && samples.count <= Self.seconds, "\(path): \(samples.count) of at least \(least)")
                #expect(samples == samples.indices.map { Sample(Self.start + Int64($0) * 1000, Double($0 * (number + 1))) }, "\(path): \(labels)")
            }
            let late = found[Self.late] ?? []
            let (inOrder, behind) = (late.filter { $0.time % 1000 == 0 }, late.filter { $0.time % 1000 != 0 })
            #expect(inOrder.count >= least && inOrder == inOrder.indices.map { Sample(Self.start + Int64($0) * 1000, Double($0)) }, "\(path)")
            let first = Self.lateSeconds + 1
            #expect(behind.count >= least - first, "\(path): \(behind.count) late ones of at least \(least - first)")
            #expect(behind == behind.indices.map { Sample(Self.start + Int64($0 + first - Self.lateSeconds) * 1000 - 500, -Double($0 + first)) }, "\(path)")
        }
        #expect(try disk.list("/data").contains { BlockID($0) != nil })
    }
}
