import MetricFormats
import Platform
import PushGroups
import Testbed
import Testing

@Suite("What is acknowledged is on the disk", .ownThread)
struct PersistenceTests {
    private static let clock = ManualClock(unixMillis: 1_700_000_000_000)

    private func gauge(_ name: String, _ value: Double) -> ClientMetricFamily {
        ClientMetricFamily(name: name, kind: .gauge, help: "Help of \(name).", metrics: [.init(labels: [.init("part", "1")], value: .gauge(value))])
    }

    /// Groups as text: key → name=value, pushed and refused or not.
    private func shown(_ groups: PushGroups) -> [String: String] {
        Dictionary(uniqueKeysWithValues: groups.snapshot.groups.values.map { group in
            let families = group.families.values.map { "\($0.family.name)=\($0.family.metrics) at \($0.pushedNanos)" }.sorted()
            return ("\(group.key.labels)", "\(families) \(group.pushedNanos) \(group.failedNanos) \(group.createdNanos)")
        })
    }

    @Test("random pushes, replacements, deletions and refusals: after losing power everything acknowledged is there, and nothing else", arguments: 1...12)
    func losesNothing(seed: UInt64) async throws {
        var generator = SeededGenerator(seed)
        let pool = try BlockingPool(threads: 1)
        defer { pool.close() }
        var limits = PushLimits()
        limits.logBytesMin = seed.isMultiple(of: 3) ? 1 << 30 : 2_000
        var disk = SimulatedDisk()
        for _ in 0..<4 {
            let (groups, report) = try PushGroups.open("/push", on: disk, limits: limits, pool: pool, clock: Self.clock)
            #expect(report.damage.filter { !$0.isTornTail }.isEmpty)
            for _ in 0..<40 {
                Self.clock.advance(millis: 7)
                let key = GroupingKey(job: "job\(Int.random(in: 0..<5, using: &generator))", labels: Bool.random(using: &generator) ? [.init("x", "")] : [])
                let families = (0..<Int.random(in: 0..<4, using: &generator)).map { gauge("m\($0)", Double.random(in: 0..<1, using: &generator)) }
                switch Int.random(in: 0..<10, using: &generator) {
                case 0: try await groups.delete(key)
                case 1:
                    let wrong = [ClientMetricFamily(name: "m0", kind: .gauge, metrics: [.init(value: .counter(1))])]
                    await #expect(throws: PushGroupsError.self) { try await groups.push(wrong, to: key, replaces: false) }
                case 2...4: try await groups.push(families, to: key, replaces: true)
                default: try await groups.push(families, to: key, replaces: false)
                }
            }
            let acknowledged = shown(groups)
            let lost = disk.losingPower(using: &generator)
            groups.close()
            disk = lost
            let (again, _) = try PushGroups.open("/push", on: disk, limits: limits, pool: pool, clock: Self.clock)
            #expect(shown(again) == acknowledged, "seed \(seed)")
            again.close()
        }
    }

    @Test("a log that has outgrown its groups becomes a checkpoint, and stays small")
    func compacts() async throws {
        let pool = try BlockingPool(threads: 1)
        defer { pool.close() }
        let disk = SimulatedDisk()
        var limits = PushLimits()
        limits.logBytesMin = 10_000
        let (groups, _) = try PushGroups.open("/push", on: disk, limits: limits, pool: pool, clock: Self.clock)
        for round in 0..<2_000 { try await groups.push([gauge("m", Double(round))], to: GroupingKey(job: "j"), replaces: false) }
        let before = shown(groups)
        groups.close()
        #expect(disk.usedBytes < 200_000, "the log has \(disk.usedBytes) bytes")
        let (again, _) = try PushGroups.open("/push", on: disk, limits: limits, pool: pool, clock: Self.clock)
        #expect(shown(again) == before)
        again.close()
    }

    @Test("a disk that refuses: the push is refused, nothing of it is seen, and what was there still is; then it works again")
    func fullDisk() async throws {
        let pool = try BlockingPool(threads: 1)
        defer { pool.close() }
        let disk = SimulatedDisk()
        let (groups, _) = try PushGroups.open("/push", on: disk, pool: pool, clock: Self.clock)
        let key = GroupingKey(job: "j")
        try await groups.push([gauge("a", 1), gauge("b", 1)], to: key, replaces: false)
        let before = shown(groups)
        disk.limit(toBytes: disk.usedBytes)
        Self.clock.advance(millis: 5)
        for replaces in [true, false] {
            await #expect { try await groups.push([self.gauge("a", 2)], to: key, replaces: replaces) } throws: { error in
                if case .storage(_, let isDiskFull)? = error as? PushGroupsError { isDiskFull } else { false }
            }
        }
        await #expect(throws: PushGroupsError.self) { try await groups.delete(key) }
        #expect(shown(groups) == before)
        disk.limit(toBytes: .max)
        try await groups.push([gauge("a", 3)], to: key, replaces: false)
        #expect(groups.snapshot.groups[key]?.families["a"]?.family.metrics.first?.value == .gauge(3))
        #expect(groups.snapshot.groups[key]?.families["b"]?.family.metrics.first?.value == .gauge(1))
        groups.close()
        let (again, _) = try PushGroups.open("/push", on: disk, pool: pool, clock: Self.clock)
        #expect(again.snapshot.groups[key]?.families["a"]?.family.metrics.first?.value == .gauge(3))
        again.close()
    }

    @Test("pushes at the same time are all there")
    func concurrent() async throws {
        let pool = try BlockingPool(threads: 1)
        defer { pool.close() }
        let disk = SimulatedDisk()
        let (groups, _) = try PushGroups.open("/push", on: disk, pool: pool, clock: Self.clock)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for worker in 0..<300 {
                tasks.addTask { try await groups.push([self.gauge("m\(worker % 3)", Double(worker))], to: GroupingKey(job: "job\(worker / 3)"), replaces: false) }
            }
            try await tasks.waitForAll()
        }
        #expect(groups.snapshot.groups.count == 100)
        #expect(groups.snapshot.groups.values.allSatisfy { $0.families.count == 3 })
        groups.close()
        await #expect(throws: PushGroupsError.closed) { try await groups.delete(GroupingKey(job: "job1")) }
    }

    @Test("every bound is an error that names it, and takes nothing")
    func bounds() async throws {
        let pool = try BlockingPool(threads: 1)
        defer { pool.close() }
        var limits = PushLimits()
        (limits.groupsMax, limits.seriesMax, limits.labelsMax, limits.labelValueBytesMax, limits.bytesMax) = (3, 12, 5, 10, 20_000)
        let (groups, _) = try PushGroups.open("/push", on: SimulatedDisk(), limits: limits, pool: pool, clock: Self.clock)
        defer { groups.close() }
        for job in ["a", "b", "c"] { try await groups.push([gauge("m", 1)], to: GroupingKey(job: job), replaces: false) }
        let before = shown(groups)
        let many = ClientMetricFamily(name: "n", kind: .gauge, metrics: (0..<10).map { .init(labels: [.init("part", "\($0)")], value: .gauge(1)) })
        let wide = ClientMetricFamily(name: "w", kind: .gauge, metrics: [.init(labels: (0..<5).map { .init("l\($0)", "") }, value: .gauge(1))])
        let long = ClientMetricFamily(name: "l", kind: .gauge, metrics: [.init(labels: [.init("l", "0123456789a")], value: .gauge(1))])
        let large = ClientMetricFamily(name: "h", kind: .gauge, help: String(repeating: "x", count: 30_000), metrics: [.init(value: .gauge(1))])
        for (families, job, word) in [([gauge("m", 1)], "d", "groups"), ([many], "a", "series"), ([wide], "a", "labels"), ([long], "a", "bytes"), ([large], "a", "bytes")] {
            await #expect { try await groups.push(families, to: GroupingKey(job: job), replaces: true) } throws: { "\($0)".contains(word) }
        }
        #expect(groups.snapshot.groups.count == 3)
        #expect(groups.snapshot.groups.values.allSatisfy { Array($0.families.keys) == ["m"] })
        #expect(shown(groups).keys == before.keys)
        #expect(groups.snapshot.groups[GroupingKey(job: "a")]?.failedNanos ?? 0 > 0)
    }
}
