import Bytes
import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

/// Blocks of newer Prometheus hold floats in XOR2 chunks. Here a block of ours has its chunks exchanged for such, made by an encoder of the test's own.
struct XOR2Tests {
    /// When the series of a chunk say that they began.
    private enum Starts: Hashable, CaseIterable { case none, constant, once, late, always }

    private static let start = StoreFixture.start

    /// Times with every width of change; `n` tells how they come.
    private static func times(_ n: Int, _ generator: inout SeededGenerator) -> [Int64] {
        var time = start + Int64(n)
        return (0..<260).map { index in
            switch n % 4 {
            // First slow, then fast: chunks of more than 127 samples.
            case 0: time += index < 31 ? 60_000 : 1_000
            case 1: time += 10_000
            case 2: time += Int64.random(in: 1...12_000, using: &generator)
            default: time += [10_000, 10_000, 10_007, 60_000, 600_000][index % 40 == 39 ? 4 : Int.random(in: 0..<4, using: &generator)]
            }
            return time
        }
    }

    private static func values(_ count: Int, _ kind: Int, _ generator: inout SeededGenerator) -> [Double] {
        var value = 0.0
        return (0..<count).map { index in
            if index % 17 == kind % 17 || kind == 3 && index == 0 { return Staleness.marker }
            switch kind % 4 {
            case 0: return 5
            case 1: value += Double(Int.random(in: 0...3, using: &generator))
            case 2: value = Double(Float.random(in: -1...1, using: &generator))
            default: value = [0, -0.0, .nan, .infinity, 2.5, Double(index)].randomElement(using: &generator) ?? 0
            }
            return value
        }
    }

    /// A store on a disk with one block of XOR2 chunks, and what it holds.
    private static func fixture(_ disk: SimulatedDisk) async throws -> (path: String, expected: [Labels: [StoreFixture.Sample]]) {
        var generator = SeededGenerator(41)
        let store = try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0; $0.blockRangeMillis = 6 * 3_600_000 }
        for n in 0..<24 {
            // Values that fill their chunks, so that what takes their place has room; less so where chunks are to have many samples.
            let unused: UInt64 = n % 4 == 0 ? 24 : 0
            let samples = times(n, &generator).map { time in
                (Labels(["__name__": "x", "n": "\(n)"]), time, Double(bitPattern: UInt64.random(in: 1..<(2047 << 52), using: &generator) & UInt64.max << unused))
            }
            _ = try await store.append(StoreFixture.batch(samples), durability: .logged)
        }
        _ = try await store.append(StoreFixture.batch([(Labels(["__name__": "later"]), start + 10 * 3_600_000, 1)]), durability: .logged)
        try store.maintain()
        let original = try StoreFixture.read(store, [.equal("__name__", "x")])
        store.close()

        let block = try #require(try disk.list("/data").first { $0.utf8.count == 26 })
        let path = "/data/\(block)/chunks/000001"
        var expected: [Labels: [StoreFixture.Sample]] = [:]
        // Chunks stand in the order of their series, and each series' in the order of time.
        var order = original.keys.sorted().flatMap { labels in (original[labels] ?? []).map { (labels, $0.time) } }[...]
        var (chunk, longest) = (0, 0)
        var uses: [Starts: Int] = [:]
        try disk.publish(path, ChunkFile.patch(try #require(try disk.contents(path))) { encoding, data in
            let count = Int(data[0]) << 8 | Int(data[1])
            longest = max(longest, count)
            let starts = Starts.allCases[chunk % Starts.allCases.count]
            var (samples, new): ([XOR2Encoder.Sample], [UInt8]) = ([], [])
            // What does not fit is told more simply.
            for (kind, starts) in [(chunk, starts), (0, starts), (0, .none)] {
                let values = values(count, kind, &generator)
                samples = order.prefix(count).enumerated().map { index, sample in
                    let began: Int64 = switch starts {
                    case .none: 0
                    case .constant: start - 5
                    case .once: index < 60 ? 0 : start - 100_000
                    case .late: index < 130 ? start - 7 : start + 7
                    case .always: sample.1 - Int64(index % 9) * 40_000
                    }
                    return XOR2Encoder.Sample(time: sample.1, value: values[index], start: began)
                }
                new = XOR2Encoder.encode(samples)
                if new.count <= data.count {
                    uses[starts, default: 0] += 1
                    break
                }
            }
            try #require(new.count <= data.count, "chunk \(chunk) of \(count) samples does not fit")
            for (sample, place) in zip(samples, order) { expected[place.0, default: []].append(.init(sample.time, sample.value)) }
            order = order.dropFirst(count)
            data = new + [UInt8](repeating: 0, count: data.count - new.count)
            chunk += 1
            return 4
        })
        #expect(order.isEmpty && chunk > 40 && longest > 130 && uses.count == Starts.allCases.count && uses.values.allSatisfy { $0 > 4 }, "\(chunk) \(longest) \(uses)")
        return (path, expected)
    }

    private static func open(_ disk: SimulatedDisk) throws -> MetricStore {
        try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0; $0.blockRangeMillis = 6 * 3_600_000 }
    }

    @Test("floats in XOR2 chunks are read, whole and in part, with and without start timestamps, and are deleted from")
    func reads() async throws {
        let disk = SimulatedDisk()
        let (_, expected) = try await Self.fixture(disk)
        let store = try Self.open(disk)
        #expect(store.opening.blockDamage.isEmpty)
        let matcher = Matcher.equal("__name__", "x")
        #expect(try StoreFixture.read(store, [matcher]) == expected)
        let part = (Self.start + 1_000_000)...(Self.start + 1_900_000)
        #expect(try StoreFixture.read(store, [matcher], part) == expected.mapValues { $0.filter { part.contains($0.time) } }.filter { !$0.value.isEmpty })
        try await store.delete([matcher], time: part)
        try await store.cleanTombstones()
        let left = expected.mapValues { $0.filter { !part.contains($0.time) } }
        #expect(try StoreFixture.read(store, [matcher]) == left)
        store.close()
    }

    @Test("a damaged XOR2 chunk is told or other samples, never worse; one that ends too early is told")
    func damage() async throws {
        let disk = SimulatedDisk()
        let (path, expected) = try await Self.fixture(disk)
        let whole = try #require(try disk.contents(path))
        var generator = SeededGenerator(43)
        for round in 0..<60 {
            try disk.publish(path, ChunkFile.patch(whole) { encoding, data in
                for _ in 0..<3 { data[Int.random(in: 0..<(round % 2 == 0 ? 20 : data.count), using: &generator)] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &generator) }
                return encoding
            })
            let store = try Self.open(disk)
            for n in 0..<24 { _ = try? StoreFixture.read(store, [.equal("n", "\(n)")]) }
            store.close()
        }
        try disk.publish(path, ChunkFile.patch(whole) { encoding, data in
            data[0] = 0x20
            return encoding
        })
        let store = try Self.open(disk)
        for labels in expected.keys { #expect(throws: MetricStoreError.self) { try StoreFixture.read(store, [.equal("n", labels["n"] ?? "")]) } }
        store.close()
    }
}
