import MetricModel
import MetricStore
import Platform
import PromQL

/// A decoder of a data directory's files, or the parser of queries, as fuzzers call it: with any bytes, of which nothing but an answer may come.
package enum Decoder: String, CaseIterable, Sendable {
    /// A chunk: its encoding in the first byte, then its data.
    case chunk
    /// A block's index.
    case index
    /// A segment of the write-ahead log.
    case log
    /// Records of the log: each behind its length in two bytes.
    case record
    case tombstones
    case meta
    /// A file of `chunks_head`.
    case mapped
    /// A query's text.
    case query

    /// Decodes an input as it is, and once more with its checksums made right, so that what lies behind them is reached.
    /// Returns whether either was taken for whole.
    @discardableResult
    package func decode(_ input: [UInt8]) -> Bool {
        let isTaken = run(input)
        guard let repaired = Checksums.repaired(input, self), repaired != input else { return isTaken }
        return run(repaired) || isTaken
    }

    private func run(_ input: [UInt8]) -> Bool {
        do {
            switch self {
            case .chunk: return try chunk(input)
            case .index: return try DecoderProbe.index(Self.disk("/index", input), "/index") > 0
            case .log: return try DecoderProbe.log(Self.disk("/wal/00000000", input), "").damage.isEmpty
            case .record:
                return try Records.split(input) { try DecoderProbe.records($0).refusals.isEmpty }
            case .mapped: return try DecoderProbe.headChunks(Self.disk("/chunks_head/000001", input), "").damage.isEmpty
            case .tombstones: return try DecoderProbe.tombstones(input) >= 0
            case .meta:
                let meta = try BlockMeta(json: input)
                let again = try BlockMeta(json: meta.json)
                precondition(again == meta, "what is written of a block is read differently")
                return true
            case .query: return try query(String(decoding: input, as: UTF8.self))
            }
        } catch { return false }
    }

    /// What is printed of a query reads back as the same query, in one line and in several.
    private func query(_ text: String) throws -> Bool {
        var options = ParserOptions.allFeatures
        let printed = try PromQL.parse(text, options: options).description
        // Printing may add parentheses.
        options.depthMax *= 2
        do {
            let again = try PromQL.parse(printed, options: options)
            precondition(again.description == printed, "what is printed of a query is printed differently")
            let broken = try PromQL.parse(again.prettified(), options: options)
            precondition(broken.description == printed, "a query broken over lines is another")
        } catch {
            preconditionFailure("what is printed of a query is refused: \(printed): \(error)")
        }
        return true
    }

    private func chunk(_ input: [UInt8]) throws -> Bool {
        var buffer = SampleBuffer()
        return try input.withUnsafeBufferPointer { input in
            guard let encoding = input.first else { return false }
            let data = UnsafeBufferPointer(rebasing: input[1...])
            guard let count = try DecoderProbe.chunk(encoding, data, .min ... .max, into: &buffer) else { return false }
            for index in 0..<max(0, buffer.count - 1) { precondition(buffer.timestamps[index] < buffer.timestamps[index + 1], "time does not rise") }
            // A part of it is the same part.
            let whole = (floats: buffer.count, histograms: buffer.histograms.count)
            guard count > 0 else { return true }
            let times = whole.floats > 0 ? (0..<whole.floats).map { buffer.timestamps[$0] } : buffer.histograms.map(\.timestamp)
            let middle = times[times.count / 2]
            let part = try DecoderProbe.chunk(encoding, data, middle ... middle, into: &buffer)
            precondition(part == 1, "a sample of a chunk is not found alone")
            return true
        }
    }

    private static func disk(_ path: String, _ content: [UInt8]) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        try disk.makeDirectory(Disk.parent(path))
        try disk.open(path, .create).append(content)
        return disk
    }
}

/// Records one behind the other, each behind its length in two bytes.
enum Records {
    /// Calls `body` with the records of an input; the last one ends where the input does.
    static func split<R>(_ input: [UInt8], _ body: ([UnsafeBufferPointer<UInt8>]) throws -> R) rethrows -> R {
        try input.withUnsafeBufferPointer { input in
            var records: [UnsafeBufferPointer<UInt8>] = []
            var at = 0
            while at + 2 <= input.count {
                let end = min(at + 2 + (Int(input[at]) << 8) + Int(input[at + 1]), input.count)
                records.append(UnsafeBufferPointer(rebasing: input[at + 2..<end]))
                at = end
            }
            return try body(records)
        }
    }

    static func joined(_ records: [[UInt8]]) -> [UInt8] {
        records.filter { $0.count < 1 << 16 }.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 0xFF)] + $0 }
    }
}
