import Platform
import Testbed
import Testing
import TraceModel
import TraceStore

@Suite struct StoreCrashTests {
    /// How many scripts are cut everywhere; `OBSTACK_CRASH_SEEDS=10` looks longer.
    private static let seeds = environmentNumber("OBSTACK_CRASH_SEEDS") ?? 3

    /// What a store was told, and what of that it has answered for.
    private struct Script {
        var acknowledged = NaiveStore()
        /// The batch whose write did not return, which may stand in the log or not.
        var doubtful: [ResourceSpans] = []
        /// Whether segments may have been removed for their age.
        var isExpiring = false

        /// Opens a store, writes, seals, opens it again, seals again; then lets everything expire. Ends with the first refusal.
        mutating func run(on disk: any FileSystem, seed: UInt64) async {
            var random = RandomTraces(seed: seed)
            let clock = ManualClock(unixMillis: 1_800_000_000_000)
            do throws(TraceStoreError) {
                for round in 0..<2 {
                    let store = try TraceStore.open("/traces", on: disk, options: TraceStoreOptions(retentionSeconds: 3600), clock: clock).store
                    do throws(TraceStoreError) {
                        for _ in 0..<3 {
                            for _ in 0..<2 {
                                doubtful = random.batch(spans: 1 + random.below(20), traces: 12)
                                try await store.write(doubtful)
                                acknowledged.write(doubtful)
                                doubtful = []
                            }
                            try await store.seal()
                        }
                        doubtful = random.batch(spans: 5, traces: 12)
                        try await store.write(doubtful)
                        acknowledged.write(doubtful)
                        doubtful = []
                        if round == 1 {
                            clock.advance(millis: 3_600_000)
                            isExpiring = true
                            try await store.maintain()
                        }
                    } catch {
                        await store.close()
                        throw error
                    }
                    await store.close()
                }
            } catch {}
        }

        func check(_ store: TraceStore, _ context: String) throws {
            var most = acknowledged
            most.write(doubtful)
            for id in most.traceIDs {
                let found = try store.trace(id)?.counts ?? [:]
                let (least, most) = (acknowledged.counts(of: id), most.counts(of: id))
                for (span, count) in found { #expect(count <= most[span, default: 0], "\(context): trace \(id) has a span too often") }
                if isExpiring { continue }
                for (span, count) in least { #expect(found[span, default: 0] >= count, "\(context): trace \(id) has lost a span") }
            }
        }
    }

    @Test("killed or without power between any two changes to the disk, a store has everything acknowledged, once, and goes on", arguments: 1...seeds)
    func everyCut(seed: Int) async throws {
        try await OwnThread.run { try await Self.cutEverywhere(seed) }
    }

    private static func cutEverywhere(_ seed: Int) async throws {
        var whole = Script()
        let disk = CutDisk(SimulatedDisk())
        await whole.run(on: disk, seed: UInt64(seed))
        try #require(whole.isExpiring && whole.doubtful.isEmpty, "the script did not reach its end")
        var generator = SeededGenerator(UInt64(seed))
        for cut in 0..<disk.changes {
            var script = Script()
            let disk = CutDisk(SimulatedDisk(), changesMax: cut)
            await script.run(on: disk, seed: UInt64(seed))
            for (survivor, what) in [(disk.inner.losingPower(using: &generator), "power"), (disk.inner, "kill")] {
                let context = "seed \(seed), \(what) after change \(cut)"
                var later = script
                let clock = ManualClock(unixMillis: 1_800_000_000_000)
                try await withStore(survivor, clock: clock) { store in
                    try script.check(store, context)
                    var random = RandomTraces(seed: 99)
                    let batch = random.batch(spans: 10, traces: 12)
                    try await store.write(batch)
                    later.acknowledged.write(batch)
                    try await store.seal()
                    try later.check(store, context + ", sealed")
                }
                try await withStore(survivor, clock: clock) { try later.check($0, context + ", opened again") }
            }
        }
    }

    @Test("what has expired does not come back from the log")
    func expiryIsForGood() async throws {
        var random = RandomTraces(seed: 4)
        let disk = SimulatedDisk()
        let clock = ManualClock(unixMillis: 1_800_000_000_000)
        let options = TraceStoreOptions(retentionSeconds: 60)
        let store = try TraceStore.open("/traces", on: disk, options: options, clock: clock).store
        try await store.write(random.batch(spans: 20, traces: 5))
        try await store.seal()
        clock.advance(millis: 60_000)
        try await store.maintain()
        #expect(try store.find(TraceSearch()).isEmpty)
        let crashed = disk.losingPower(using: &random.generator)
        await store.close()
        for disk in [disk, crashed] {
            let (found, files) = try await withStore(disk, options: options, clock: clock) { (try $0.find(TraceSearch()), try disk.list("/traces/wal")) }
            #expect(found.isEmpty)
            #expect(files.count == 1, "the log behind sealed spans is removed at opening")
        }
    }

    @Test("many write while the head is sealed again and again: each span is there once, before and after opening again")
    func writersBesideSeals() async throws {
        let disk = SimulatedDisk()
        var batches: [[[ResourceSpans]]] = []
        var model = NaiveStore()
        for writer in 0..<6 {
            var random = RandomTraces(seed: UInt64(1000 + writer))
            batches.append((0..<25).map { _ in random.batch(spans: 1 + random.below(20), traces: 30) })
            for batch in batches[writer] { model.write(batch) }
        }
        let work = batches
        func check(_ store: TraceStore) throws {
            for id in model.traceIDs { #expect(try store.trace(id)?.counts == model.counts(of: id)) }
        }
        try await withStore(disk) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for batches in work { group.addTask { for batch in batches { try await store.write(batch) } } }
                group.addTask { for _ in 0..<20 { try await store.seal() } }
                try await group.waitForAll()
            }
            try check(store)
        }
        try await withStore(disk) { try check($0) }
    }
}
