import MetricStore
import Testing

@Suite struct CompactionPlanTests {
    private static func meta(_ number: Int, _ times: (Int64, Int64), series: Int = 0, tombstones: Int = 0) throws -> BlockMeta {
        var meta = BlockMeta(id: try id(number), minTime: times.0, maxTime: times.1)
        meta.seriesCount = series
        meta.tombstoneCount = tombstones
        return meta
    }

    private static func id(_ number: Int) throws -> BlockID {
        let digits = String(number)
        return try #require(BlockID(String(repeating: "0", count: 26 - digits.count) + digits))
    }

    struct Case: Sendable {
        var blocks: [(Int64, Int64)]
        var chosen: [Int]
        var stats: (series: Int, tombstones: Int) = (0, 0)
        init(_ blocks: [(Int64, Int64)], _ chosen: [Int], _ stats: (Int, Int) = (0, 0)) {
            self.blocks = blocks
            self.chosen = chosen
            self.stats = stats
        }
    }

    /// The cases of upstream's `TestLeveledCompactor`, ranges 20, 60, 180, 540, 1620; statistics are the first block's.
    static let cases: [Case] = [
        Case([], []),
        Case([(0, 20)], []),
        Case([(0, 20), (20, 40)], []),
        // The newest is left alone.
        Case([(0, 20), (20, 40), (40, 60)], []),
        Case([(0, 20), (20, 40), (40, 60), (60, 80)], [0, 1, 2]),
        // A gap that will not be filled any more.
        Case([(0, 20), (20, 40), (60, 80)], []),
        Case([(0, 20), (20, 40), (60, 80), (80, 100)], [0, 1]),
        Case([(0, 20), (20, 40), (40, 60), (60, 120), (120, 180)], [0, 1, 2]),
        Case([(20, 40), (60, 120), (960, 980), (120, 180), (720, 960)], [0, 1, 3]),
        Case([(0, 540)], [], (10, 3)),
        Case([(0, 540), (540, 560)], [0], (10, 3)),
        Case([(0, 60), (60, 80)], [], (10, 3)),
        Case([(0, 60), (60, 80)], [0], (10, 10)),
        Case([(0, 540), (540, 560)], []),
        Case([(0, 360), (540, 560), (360, 420), (420, 540)], [2, 3]),
        Case([(0, 20), (19, 40), (40, 60)], [0, 1]),
        Case([(0, 20), (20, 40), (30, 50)], [1, 2]),
        Case([(0, 20), (10, 40), (30, 50)], [0, 1, 2]),
        Case([(0, 360), (340, 560), (360, 420), (420, 540)], [0, 1, 2, 3]),
        Case([(0, 10), (9, 20), (30, 40), (39, 50)], [0, 1]),
    ]

    @Test("blocks are chosen as Prometheus chooses them", arguments: cases.indices)
    func chooses(index: Int) throws {
        let wanted = Self.cases[index]
        let plan = CompactionPlan(ranges: [20, 60, 180, 540, 1620])
        var metas: [BlockMeta] = []
        for (number, times) in wanted.blocks.enumerated() {
            metas.append(try Self.meta(number, times, series: number == 0 ? wanted.stats.series : 0, tombstones: number == 0 ? wanted.stats.tombstones : 0))
        }
        let expected = try wanted.chosen.map { try Self.id($0) }
        #expect(plan.choose(metas)?.blocks ?? [] == expected)
        #expect(plan.choose(metas.reversed())?.blocks ?? [] == expected)
    }

    @Test("what failed once is not chosen again, alone or with others", arguments: [
        [(0, 20), (20, 40), (40, 60), (60, 80)], [(0, 20), (20, 40), (60, 80), (80, 100)], [(0, 20), (20, 40), (40, 60), (60, 120), (120, 180), (180, 200)], [(0, 20), (10, 40), (40, 60)],
    ] as [[(Int64, Int64)]])
    func failed(times: [(Int64, Int64)]) throws {
        var metas: [BlockMeta] = []
        for (number, times) in times.enumerated() { metas.append(try Self.meta(number, times)) }
        metas[1].hasFailed = true
        #expect(CompactionPlan(ranges: [20, 60, 240, 720, 2160]).choose(metas) == nil)
    }

    @Test("blocks of a part of the head's series are not mixed with others")
    func classes() throws {
        var metas: [BlockMeta] = []
        for (number, times) in [(0, 20), (20, 40), (40, 60), (60, 80)].enumerated() { metas.append(try Self.meta(number, (Int64(times.0), Int64(times.1)))) }
        metas[1].hints = ["from-stale-series"]
        #expect(CompactionPlan(ranges: [20, 60]).choose(metas)?.blocks == [try Self.id(0), try Self.id(2)])
        for index in metas.indices { metas[index].hints = ["from-stale-series"] }
        #expect(CompactionPlan(ranges: [20, 60]).choose(metas)?.blocks.count == 3)
    }

    @Test("blocks of late samples that reach past where the head begins become one with such as they overlap, and with no others")
    func ahead() throws {
        func chosen(_ times: [(Int64, Int64)], late: Set<Int>) throws -> [Int]? {
            var metas: [BlockMeta] = []
            for (number, times) in times.enumerated() {
                metas.append(try Self.meta(number, times))
                if late.contains(number) { metas[number].hints = ["from-out-of-order"] }
            }
            let choice = CompactionPlan(ranges: [20, 60, 180]).choose(metas)
            return try choice.map { choice in try metas.indices.filter { choice.blocks.contains(try Self.id($0)) } }
        }
        #expect(try chosen([(0, 20), (20, 40), (40, 60), (60, 80)], late: [2, 3]) == nil)
        #expect(try chosen([(0, 20), (20, 40), (40, 60), (60, 80)], late: [1]) == [0, 1, 2])
        #expect(try chosen([(0, 20), (0, 20), (20, 40)], late: [1]) == [0, 1])
        #expect(try chosen([(0, 20), (20, 40), (20, 40)], late: [1, 2]) == [1, 2])
        // One that overlaps one that is ahead is so, too.
        #expect(try chosen([(0, 20), (0, 20), (0, 60)], late: [1, 2]) == [1, 2])
        // Where there are no others they grow as any.
        #expect(try chosen([(0, 20), (20, 40), (40, 60), (60, 80)], late: [0, 1, 2, 3]) == [0, 1, 2])
    }

    @Test("blocks grow by threes to a tenth of the retention, 31 days at most")
    func ranges() {
        let hour: Int64 = 3_600_000
        #expect(CompactionPlan(blockRangeMillis: 2 * hour, maxMillis: 36 * hour).ranges == [2 * hour, 6 * hour, 18 * hour])
        #expect(CompactionPlan.blockMillisMax(retentionMillis: 15 * 24 * hour, blockRangeMillis: 2 * hour) == 36 * hour)
        #expect(CompactionPlan.blockMillisMax(retentionMillis: 0, blockRangeMillis: 2 * hour) == 31 * 24 * hour)
        #expect(CompactionPlan.blockMillisMax(retentionMillis: hour, blockRangeMillis: 2 * hour) == 2 * hour)
        #expect(CompactionPlan(blockRangeMillis: 2 * hour, maxMillis: hour).ranges == [2 * hour])
    }

    @Test("what is too old and what is too much goes, the oldest first, the log counted before any block")
    func retention() throws {
        let blocks = try (0..<5).map { Retention.Candidate(id: try Self.id($0), maxTime: Int64(100 * ($0 + 1)), byteCount: 10) }
        func gone(_ millis: Int64, _ bytes: Int, log: Int = 0) throws -> ([Int], [Int]) {
            let verdict = Retention(millis: millis, bytes: bytes).judge(blocks.shuffled(), logBytes: log)
            return (try (0..<5).filter { verdict.tooOld.contains(try Self.id($0)) }, try (0..<5).filter { verdict.tooMuch.contains(try Self.id($0)) })
        }
        #expect(try gone(0, 0) == ([], []))
        #expect(try gone(300, 0) == ([0, 1], []))
        #expect(try gone(301, 0) == ([0], []))
        #expect(try gone(0, 50) == ([], []))
        #expect(try gone(0, 49) == ([], [0]))
        #expect(try gone(0, 50, log: 1) == ([], [0]))
        #expect(try gone(100, 25) == ([0, 1, 2, 3], [0, 1, 2]))
        #expect(try gone(0, 5) == ([], [0, 1, 2, 3, 4]))
    }

    @Test("a merged block names where its samples come from and what it replaces")
    func merged() throws {
        var a = try Self.meta(1, (0, 20))
        var b = try Self.meta(2, (10, 40))
        (a.level, b.level) = (1, 2)
        b.sources = [try Self.id(5), try Self.id(4)]
        a.hints = ["from-out-of-order"]
        let merged = BlockMeta(id: try Self.id(9), merging: [a, b])
        #expect(merged.level == 3)
        #expect(merged.sources == [try Self.id(1), try Self.id(4), try Self.id(5)])
        #expect(merged.parents == [.init(id: a.id, minTime: 0, maxTime: 20), .init(id: b.id, minTime: 10, maxTime: 40)])
        #expect((merged.minTime, merged.maxTime) == (0, 40))
        #expect(merged.hints.isEmpty)
        #expect(try BlockMeta(json: merged.json) == merged)
    }
}
