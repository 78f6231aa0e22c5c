import Bytes
import Fuzzing
import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

/// The fuzzers of `scripts/fuzz.sh` for a moment, without sanitizer and coverage, and what they have found.
@Suite struct FuzzTests {
    /// Inputs that each decoder is given.
    private static let cases = environmentNumber("OBSTACK_FUZZ_CASES") ?? 1500
    private static let seed = UInt64(environmentNumber("OBSTACK_FUZZ_SEED") ?? .random(in: 1...1 << 32))

    @Test("what the store writes is taken by the decoders that the fuzzers drive", arguments: Decoder.allCases)
    func seeds(decoder: Decoder) async throws {
        let inputs = try #require(try await Seeds.ours().inputs[decoder])
        let taken = try await OwnThread.run { inputs.filter { decoder.decode($0) }.count }
        // Among the inputs are some that have been given other versions and kinds.
        #expect(taken >= inputs.count / 3 && taken > 0, "\(taken) of \(inputs.count)")
    }

    @Test("inputs changed at random are decoded or refused, and end no process", arguments: Decoder.allCases)
    func mutants(decoder: Decoder) async throws {
        let inputs = try #require(try await Seeds.ours().inputs[decoder])
        print("fuzz: \(decoder), OBSTACK_FUZZ_SEED=\(Self.seed)")
        let refused = try await OwnThread.run {
            var mutation = Mutation(seed: Self.seed)
            let cases = decoder == .log || decoder == .record ? Self.cases / 4 : Self.cases
            return (0..<cases).filter { _ in !decoder.decode(mutation.mutant(of: inputs)) }.count
        }
        #expect(refused > 0)
    }

    @Test("a log record that leaves no number for the next series is refused")
    func lastReference() throws {
        let record: [UInt8] = [1] + [UInt8](repeating: 0xFF, count: 8) + [1, 8] + Array("__name__".utf8) + [1] + Array("m".utf8)
        let refusals = try record.withUnsafeBufferPointer { try DecoderProbe.records([$0]).refusals }
        #expect(refusals == ["a series has the number \(UInt64.max), behind which none are left"])
    }

    @Test("samples at the ends of time are refused, and those next to them are kept, compacted and read")
    func endsOfTime() async throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.open(disk) { ($0.maintenanceSeconds, $0.retentionMillis) = (0, 0) }
        let labels = Labels(["__name__": "m"])
        for time in [.min, .min + 1, -(1 << 61) - 1, -(1 << 61), 0, 1 << 61, (1 << 61) + 1, .max - 1, .max] as [Int64] {
            let report = try await store.append(StoreFixture.batch([(labels, time, 1)]), durability: .logged)
            #expect(report.appended == (abs(time / 2) <= 1 << 60 && abs(time % (1 << 61)) == 0 ? 1 : 0), "\(time): \(report)")
        }
        try store.maintain()
        #expect(try StoreFixture.read(store)[labels]?.map(\.time) == [-(1 << 61), 0, 1 << 61])
        store.close()
        let again = try StoreFixture.open(disk) { ($0.maintenanceSeconds, $0.retentionMillis) = (0, 0) }
        #expect(try StoreFixture.read(again)[labels]?.map(\.time) == [-(1 << 61), 0, 1 << 61])
        again.close()
    }

    @Test("a meta.json with numbers at their ends is refused, or its numbers are bounded")
    func metaAtItsEnds() throws {
        let (low, high) = (Int64.min, Int64.max)
        for (minTime, maxTime) in [(low, low), (low, high), (0, high), (high, high)] {
            #expect(throws: BlockMeta.Malformed.self) { try BlockMeta(json: Array(#"{"ulid":"01KDVDNA0000000000000000AA","minTime":\#(minTime),"maxTime":\#(maxTime),"version":1}"#.utf8)) }
        }
        let counts = #""stats":{"numSeries":\#(high),"numTombstones":\#(high)},"compaction":{"level":\#(high),"sources":["01KDVDNA0000000000000000AA"]}"#
        let meta = try BlockMeta(json: Array(#"{"ulid":"01KDVDNA0000000000000000AA","minTime":0,"maxTime":1,\#(counts),"version":1}"#.utf8))
        #expect(BlockMeta(id: meta.id, merging: [meta, meta]).level > meta.level)
        _ = CompactionPlan(blockRangeMillis: 60_000, maxMillis: 600_000).choose([meta, meta, meta])
    }

    @Test("meta.json tells when one of its bytes changes, wherever, and is read as Prometheus wrote it")
    func metaChecksum() throws {
        var meta = BlockMeta(id: try #require(BlockID("01KDVDNA0000000000000000AA")), minTime: 1000, maxTime: 2000)
        meta.parents = [.init(id: meta.id, minTime: 0, maxTime: 1)]
        let json = meta.json
        #expect(try BlockMeta(json: json) == meta)
        for at in json.indices {
            for bit in 0..<8 {
                var changed = json
                changed[at] ^= 1 << UInt8(bit)
                let read = try? BlockMeta(json: changed)
                #expect(read == nil || read == meta, "byte \(at), bit \(bit)")
            }
        }
        let text = String(decoding: json, as: UTF8.self)
        let plain = text.replacing(#/,"obstack".*\}\}$/#, with: "}")
        #expect(plain != text)
        #expect(try BlockMeta(json: Array(plain.utf8)) == meta)
    }
}
