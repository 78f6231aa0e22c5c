import Platform
import Synchronization
import Testbed
import Testing
import TraceModel
import TraceStore

@Suite struct StoreDamageTests {
    /// How many corruptions; `OBSTACK_DAMAGE_CASES=1000` looks longer.
    private static let cases = environmentNumber("OBSTACK_DAMAGE_CASES") ?? 400

    private static let first = "/traces/segments/00000001.seg"
    private static let second = "/traces/segments/00000002.seg"

    /// Two segments: one of many pages, whose log is gone, and one that late spans of its traces make, whose log is still there.
    private struct Original {
        let disk = SimulatedDisk()
        var early = NaiveStore()
        var late = NaiveStore()

        init() async throws {
            var random = RandomTraces(seed: 77)
            let (many, few) = (random.batch(spans: 5000, traces: 300), random.batch(spans: 40, traces: 300))
            early.write(many)
            late.write(few)
            try await withStore(disk) { store in
                try await store.write(many)
                try await store.seal()
                try await store.write(few)
                try await store.seal()
            }
        }

        func copy() throws -> SimulatedDisk {
            let copy = SimulatedDisk()
            for folder in ["/traces/segments", "/traces/wal"] {
                try copy.makeDirectory(folder)
                for name in try disk.list(folder) { try copy.publish("\(folder)/\(name)", try #require(try disk.contents("\(folder)/\(name)"))) }
            }
            return copy
        }
    }

    @Test("bytes changed or cut off anywhere in a segment are told, hide at most what they touch, and never show anything else")
    func corruption() async throws {
        try await OwnThread.run { try await Self.corrupt() }
    }

    private static func corrupt() async throws {
        let original = try await Original()
        let size = try #require(try original.disk.contents(Self.first)).count
        var all = original.early
        for span in original.late.spans { all.write([ResourceSpans(resource: span.resource, schemaURL: span.resourceSchemaURL, scopes: [
            .init(scope: span.scope, schemaURL: span.scopeSchemaURL, spans: [span.span]),
        ])]) }
        let ids = Array(all.traceIDs)
        let (counts, lateCounts) = (ids.map { all.counts(of: $0) }, ids.map { original.late.counts(of: $0) })
        let services = all.services
        for seed in 0..<Self.cases {
            var random = RandomTraces(seed: UInt64(seed))
            let disk = try original.copy()
            if seed % 8 == 0 {
                try disk.open(Self.first, .append).truncate(to: random.below(size))
            } else {
                for _ in 0..<(seed % 3 + 1) { disk.flip(Self.first, at: random.below(size), mask: UInt8(1 + random.below(255))) }
            }
            if try disk.contents(Self.first) == original.disk.contents(Self.first) { continue }
            let told = Mutex<[String]>([])
            let (store, report) = try TraceStore.open("/traces", on: disk, damage: { damage in told.withLock { $0.append("\(damage)") } })
            var missing = 0
            // Some of the traces, others every time; the whole segment is hidden or a page of about a tenth of it.
            for index in stride(from: seed % 4, to: ids.count, by: 4) {
                let id = ids[index]
                let found = try store.trace(id)?.counts ?? [:]
                for (span, count) in lateCounts[index] where found[span, default: 0] < count { Issue.record("seed \(seed): \(id) misses a span of the whole segment") }
                for (span, count) in found where count > counts[index][span, default: 0] { Issue.record("seed \(seed): \(id) has a span that nobody sent") }
                if found != counts[index] { missing += 1 }
            }
            for trace in try store.find(TraceSearch(tags: [("k1", "x")], limit: 1000)) { #expect(!trace.resourceSpans.isEmpty, "seed \(seed)") }
            #expect(try Set(store.services()).isSubset(of: services), "seed \(seed)")
            let damage = report.damage.map { "\($0)" } + told.withLock { $0 }
            #expect(!damage.isEmpty, "seed \(seed): nothing was told")
            #expect(damage.allSatisfy { $0.contains(Self.first) }, "seed \(seed): \(damage)")
            #expect(missing > 0, "seed \(seed): told of damage that hides nothing")
            #expect(Set(damage).count == damage.count, "seed \(seed): told twice")
            await store.close()
        }
    }

    @Test("a corrupt segment is set aside once, what the log still has of it is read back, and it goes with the segments of its age")
    func settingAside() async throws {
        let original = try await Original()
        let disk = original.disk
        disk.flip(Self.second, at: 3, mask: 4)
        let clock = SystemClock()
        let (store, report) = try TraceStore.open("/traces", on: disk, options: TraceStoreOptions(retentionSeconds: 0), clock: clock)
        #expect(report.damage.map { "\($0)" } == ["\(Self.second) is corrupt at byte 0: it does not begin as a trace segment does"])
        #expect(report.segments == 1)
        for id in original.late.traceIDs {
            let found = try store.trace(id)?.counts ?? [:]
            for (span, count) in original.late.counts(of: id) { #expect(found[span, default: 0] >= count) }
        }
        try await store.seal()
        #expect(try disk.list("/traces/segments") == ["00000001.seg", "00000002.seg.damaged", "00000003.seg"])
        await store.close()
        let again = try TraceStore.open("/traces", on: disk, options: TraceStoreOptions(retentionSeconds: 0), clock: clock)
        #expect(again.report.damage.isEmpty && again.report.segments == 2)
        try await again.store.maintain()
        #expect(try disk.list("/traces/segments") == ["expired"])
        await again.store.close()
    }

    @Test("a segment of a later version is left as it is and told")
    func laterVersion() async throws {
        let original = try await Original()
        original.disk.flip(Self.first, at: 4, mask: 3)
        let (store, report) = try TraceStore.open("/traces", on: original.disk)
        #expect(report.damage.map { "\($0)" } == ["\(Self.first) is of version 2, and only version 1 is known; it is left as it is"])
        #expect(try original.disk.list("/traces/segments").contains("00000001.seg"))
        await store.close()
    }
}
