import Platform
import Testbed
import Testing
import TraceModel
import TraceStore

@Suite(.ownThread) struct StoreLinkingTests {
    @Test("linked while spans come and are sealed, a copy has every trace that was acknowledged before, once, and none that came after one that it lacks")
    func whileWorking() async throws {
        var random = RandomTraces(seed: 31)
        let disk = SimulatedDisk()
        let count = 400
        var copies: [(path: String, least: Int, task: Task<Void, any Error>)] = []
        try await withStore(disk) { store in
            var seals: [Task<Void, any Error>] = []
            for number in 1...count {
                if number % 30 == 5 { seals.append(Task { try await store.seal() }) }
                if number % 25 == 6 {
                    let path = "/copies/\(number)"
                    copies.append((path, number - 1, Task { try await store.link(into: path) }))
                }
                try await store.write([ResourceSpans(scopes: [.init(spans: [random.span(TraceID(high: 0, low: UInt64(number)))])])])
            }
            for task in seals + copies.map(\.task) { try await task.value }
        }
        for (path, least, _) in copies {
            let (copy, report) = try TraceStore.open(path, on: disk)
            #expect(report.damage.isEmpty && report.replay.damage.isEmpty, "\(path)")
            let spans = try (1...count).map { try copy.trace(TraceID(high: 0, low: UInt64($0)))?.spanCount ?? 0 }
            let kept = spans.prefix { $0 == 1 }.count
            #expect(kept >= least && spans.dropFirst(kept).allSatisfy { $0 == 0 }, "\(path): \(kept) of at least \(least); \(spans)")
            await copy.close()
        }
        #expect(try disk.list("/traces/segments").contains { $0.hasSuffix(".seg") })
    }
}
