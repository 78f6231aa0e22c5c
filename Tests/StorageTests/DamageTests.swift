import Bytes
import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

/// Damage at random to every kind of file of a data directory.
@Suite struct DamageTests {
    /// How many; `OBSTACK_DAMAGE_CASES=1000` looks longer, `OBSTACK_DAMAGE_SEED` repeats a run.
    private static let cases = environmentNumber("OBSTACK_DAMAGE_CASES") ?? 100
    private static let seed = environmentNumber("OBSTACK_DAMAGE_SEED") ?? .random(in: 1...1 << 32)

    @Test("a directory damaged anywhere opens, tells what is lost and why, keeps the rest, and never shows what was not there")
    func anywhere() async throws {
        print("damage: \(Self.cases) cases, OBSTACK_DAMAGE_SEED=\(Self.seed)")
        try await OwnThread.run {
            let original = try await DamagedStore.Original()
            var outcomes: [String: Int] = [:]
            for number in 0..<Self.cases {
                var generator = SeededGenerator(UInt64(Self.seed + number))
                var store = try DamagedStore(original, using: &generator)
                try await store.check("seed \(Self.seed + number): \(store.damage)")
                outcomes["\(store.kind): \(store.outcome)", default: 0] += 1
            }
            // `DamagedStore.check` expects what each case must keep; here that damage was done at all, and seen.
            #expect(outcomes.values.reduce(0, +) == Self.cases)
            #expect(outcomes.contains { $0.key.contains("told") })
            for (outcome, count) in outcomes.sorted(by: { $0.key < $1.key }) { print("damage: \(outcome): \(count)") }
        }
    }

    @Test("what stands in the lock file does not matter")
    func lockFile() throws {
        let folder = try TemporaryFolder()
        for content in [nil, [], [0xFF, 0, 10], Array("999999999\n".utf8)] as [[UInt8]?] {
            if let content { try Disk().publish(folder.path + "/lock", content) } else { try Disk().removeFile(folder.path + "/lock") }
            let store = try StoreFixture.open(Disk(), folder.path)
            #expect(store.opening.log.damage.isEmpty && store.opening.blockDamage.isEmpty)
            store.close()
        }
    }
}
