import MetricModel
import Platform
import Testbed
import Testing
import TraceModel
import TraceStore

@Suite(.ownThread) struct StoreDurabilityTests {
    private func check(_ store: TraceStore, holds model: NaiveStore, _ context: String) throws {
        for id in model.traceIDs { #expect(try store.trace(id)?.counts == model.counts(of: id), "\(context): trace \(id)") }
        #expect(try store.find(TraceSearch(limit: 1000)).count == model.traceIDs.count, "\(context)")
    }

    @Test("what was acknowledged is there, once, after power is lost at any moment, sealing included", arguments: 1...10)
    func powerLoss(seed: Int) async throws {
        var random = RandomTraces(seed: UInt64(seed))
        var disk = SimulatedDisk()
        var model = NaiveStore()
        for round in 0..<5 {
            let store = try TraceStore.open("/traces", on: disk).store
            try check(store, holds: model, "seed \(seed), round \(round)")
            for _ in 0..<3 {
                let batch = random.batch(spans: 1 + random.below(40), traces: 30)
                try await store.write(batch)
                model.write(batch)
                if random.chance(50) { try await store.seal() }
            }
            disk = disk.losingPower(using: &random.generator)
            await store.close()
        }
    }

    @Test("a log that breaks off within a record loses that record alone and says so")
    func tornTail() async throws {
        var random = RandomTraces(seed: 5)
        let disk = SimulatedDisk()
        let first = random.batch(spans: 30, traces: 10)
        let second = random.batch(spans: 30, traces: 10)
        try await withStore(disk) { store in
            try await store.write(first)
            try await store.write(second)
        }
        let log = try #require(try disk.list("/traces/wal").first { $0.utf8.allSatisfy { $0 < 0x3A } })
        let file = try disk.open("/traces/wal/\(log)", .append)
        // The page's rest is zeros: what stands last is cut off with it.
        let content = try #require(try disk.contents("/traces/wal/\(log)"))
        let end = try #require(content.lastIndex { $0 != 0 })
        try file.truncate(to: end - 20)
        let (store, report) = try TraceStore.open("/traces", on: disk)
        var model = NaiveStore()
        model.write(first)
        #expect(report.replay.damage.count == 1)
        try check(store, holds: model, "torn")
        try await store.write(second)
        model.write(second)
        try check(store, holds: model, "written again")
        await store.close()
    }

    @Test("a full disk refuses writes, keeps reads, and both go on when there is space again")
    func diskFull() async throws {
        var random = RandomTraces(seed: 3)
        let disk = SimulatedDisk()
        var model = NaiveStore()
        let store = try TraceStore.open("/traces", on: disk).store
        let batch = random.batch(spans: 50, traces: 10)
        try await store.write(batch)
        model.write(batch)
        disk.limit(toBytes: disk.usedBytes + 10)
        let refused = random.batch(spans: 50, traces: 10)
        do throws(TraceStoreError) {
            try await store.write(refused)
            Issue.record("a full disk took a write")
        } catch {
            guard case .io(_, _, _, isDiskFull: true) = error else {
                Issue.record("\(error)")
                return
            }
        }
        do throws(TraceStoreError) {
            try await store.seal()
            Issue.record("a full disk took a segment")
        } catch {}
        try check(store, holds: model, "full")
        disk.limit(toBytes: .max)
        let later = random.batch(spans: 50, traces: 10)
        try await store.write(later)
        model.write(later)
        try await store.seal()
        try check(store, holds: model, "space again")
        await store.close()
        try await withStore(disk) { try check($0, holds: model, "opened again") }
    }

    @Test("a head that grows past its bound becomes a segment by itself, and the log before it goes")
    func sealsBySize() async throws {
        var random = RandomTraces(seed: 9)
        let disk = SimulatedDisk()
        var model = NaiveStore()
        let bound = 256 << 10
        try await withStore(disk, options: TraceStoreOptions(headBytesMax: bound)) { store in
            // However far sealing lags behind, a generation has less than three times the bound when it is sealed; this is many times more.
            for _ in 0..<60 {
                let batch = random.batch(spans: 300, traces: 500)
                try await store.write(batch)
                model.write(batch)
                // The head that is written to and the one that is being sealed may each have twice the bound, and their last batch.
                let held = try #require(store.metricFamilies().first { $0.name == "obstack_traces_head_bytes" }?.points.first?.value)
                #expect(held < 6 * Double(bound))
            }
            try await store.seal()
            let last = random.batch(spans: 1, traces: 500)
            try await store.write(last)
            model.write(last)
            try check(store, holds: model, "sealed by size")
        }
        #expect(try disk.list("/traces/segments").filter { $0.hasSuffix(".seg") }.count > 2)
        #expect(try disk.list("/traces/wal").filter { $0.utf8.allSatisfy { $0 < 0x3A } }.count <= 3)
    }

    @Test("segments go when their retention is over, the head is sealed when it has waited long enough")
    func time() async throws {
        var random = RandomTraces(seed: 11)
        let disk = SimulatedDisk()
        let clock = ManualClock(unixMillis: 1_800_000_000_000)
        try await withStore(disk, options: TraceStoreOptions(retentionSeconds: 3600, headAgeSecondsMax: 600), clock: clock) { store in
            try await store.write(random.batch(spans: 20, traces: 5))
            clock.advance(millis: 599_000)
            try await store.maintain()
            #expect(try disk.list("/traces/segments").isEmpty)
            clock.advance(millis: 1000)
            try await store.maintain()
            #expect(try disk.list("/traces/segments") == ["00000001.seg"])
            clock.advance(millis: 3_599_000)
            try await store.maintain()
            #expect(try store.find(TraceSearch()).count > 0)
            clock.advance(millis: 1000)
            try await store.maintain()
            #expect(try disk.list("/traces/segments") == ["expired"])
            #expect(try store.find(TraceSearch()).isEmpty)
            #expect(try store.services().isEmpty)
        }
    }

    /// The words in which `body` is refused; nil when it is not.
    private func refusal(_ body: () throws(TraceStoreError) -> Void) -> String? {
        do throws(TraceStoreError) {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("a store that is closed says so, and two cannot hold one directory")
    func closing() async throws {
        let folder = "/tmp/obstack-trace-tests-\(UInt64.random(in: 0 ... .max))"
        defer { try? Disk().removeTree(folder) }
        let store = try TraceStore.open(folder).store
        #expect(refusal { () throws(TraceStoreError) in _ = try TraceStore.open(folder) }?.hasPrefix("\(folder) is in use by process ") == true)
        await store.close()
        #expect(refusal { () throws(TraceStoreError) in _ = try store.services() } == "the trace store is shut down")
        let span = Span(traceID: TraceID(high: 1, low: 1), spanID: SpanID(1), name: "n", startUnixNano: 1, endUnixNano: 2)
        do throws(TraceStoreError) {
            try await store.write([ResourceSpans(scopes: [.init(spans: [span])])])
            Issue.record("a closed store took a write")
        } catch {
            #expect("\(error)" == "the trace store is shut down")
        }
        let services = try await withStore(Disk(), folder) { try $0.services() }
        #expect(services.isEmpty)
    }

    @Test("a directory copied while the store runs, as a crash would leave it, opens with everything acknowledged")
    func copied() async throws {
        let folder = "/tmp/obstack-trace-tests-\(UInt64.random(in: 0 ... .max))"
        defer { try? Disk().removeTree(folder) }
        var random = RandomTraces(seed: 21)
        var model = NaiveStore()
        try await withStore(Disk(), folder + "/live") { store in
            for round in 0..<4 {
                let batch = random.batch(spans: 200, traces: 40)
                try await store.write(batch)
                model.write(batch)
                if round == 1 { try await store.seal() }
            }
            for part in ["segments", "wal"] {
                try Disk().makeDirectory("\(folder)/copy/\(part)")
                for name in try Disk().list("\(folder)/live/\(part)") {
                    try Disk().publish("\(folder)/copy/\(part)/\(name)", try #require(try Disk().contents("\(folder)/live/\(part)/\(name)")))
                }
            }
            try await withStore(Disk(), folder + "/copy") { try check($0, holds: model, "copy") }
        }
    }
}
