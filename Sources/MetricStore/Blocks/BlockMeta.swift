import Bytes

/// What `meta.json` says of a block (`tsdb/block.go`). Times are milliseconds, the end not included.
package struct BlockMeta: Equatable, Sendable {
    package struct Parent: Equatable, Sendable {
        package var id: BlockID
        package var minTime: Int64
        package var maxTime: Int64

        package init(id: BlockID, minTime: Int64, maxTime: Int64) {
            self.id = id
            self.minTime = minTime
            self.maxTime = maxTime
        }
    }

    package var id: BlockID
    package var minTime: Int64
    package var maxTime: Int64
    package var sampleCount = 0
    package var floatSampleCount = 0
    package var histogramSampleCount = 0
    package var seriesCount = 0
    package var chunkCount = 0
    package var tombstoneCount = 0
    package var level = 1
    package var sources: [BlockID] = []
    /// The blocks that this one replaces.
    package var parents: [Parent] = []
    package var isDeletable = false
    package var hasFailed = false
    package var hints: [String] = []

    package init(id: BlockID, minTime: Int64, maxTime: Int64) {
        self.id = id
        self.minTime = minTime
        self.maxTime = maxTime
        sources = [id]
    }

    /// What says that a block was made of samples that came out of order, all of it.
    static let outOfOrderHint = "from-out-of-order"

    var isOutOfOrder: Bool { hints.contains(Self.outOfOrderHint) }

    /// Whether it was made of a part of the head's samples (out of order, of some series), so that it says nothing of where the head begins.
    var isPartial: Bool { hints.contains { $0.hasPrefix("from-") } }

    /// What is said of the block that several become (`CompactBlockMetas`).
    package init(id: BlockID, merging blocks: [BlockMeta]) {
        self.init(id: id, minTime: blocks.map(\.minTime).min() ?? 0, maxTime: blocks.map(\.maxTime).max() ?? 0)
        level = (blocks.map(\.level).max() ?? 0) + 1
        sources = Set(blocks.flatMap(\.sources)).sorted { $0.description < $1.description }
        parents = blocks.map { Parent(id: $0.id, minTime: $0.minTime, maxTime: $0.maxTime) }
        for hint in ["from-stale-series", "from-selected-series"] where blocks.contains(where: { $0.hints.contains(hint) }) { hints.append(hint) }
        // A block with other samples, too, does say where the head begins.
        if !blocks.isEmpty, blocks.allSatisfy(\.isOutOfOrder) { hints.append(Self.outOfOrderHint) }
    }

    /// What is said of a block that is written again without what is deleted in it (`Block.CleanTombstones`).
    init(id: BlockID, rewriting block: BlockMeta) {
        self.init(id: id, minTime: block.minTime, maxTime: block.maxTime)
        parents = [Parent(id: block.id, minTime: block.minTime, maxTime: block.maxTime)]
        hints = block.hints.filter { $0.hasPrefix("from-") }
    }

    package struct Malformed: Error { package let reason: String }

    package init(json bytes: [UInt8]) throws(Malformed) {
        try Self.verify(bytes)
        let document: JSONValue
        do throws(JSONParser.Failure) { document = try JSONParser.parse(bytes) } catch { throw Malformed(reason: "\(error)") }
        guard document["version"]?.int == 1 else { throw Malformed(reason: "version \(document["version"]?.int.map(String.init) ?? "none") is not 1") }
        guard let id = document["ulid"]?.string.flatMap({ BlockID($0) }) else { throw Malformed(reason: "ulid is missing or malformed") }
        guard let minTime = document["minTime"]?.int, let maxTime = document["maxTime"]?.int, minTime <= maxTime else { throw Malformed(reason: "minTime and maxTime are no range") }
        guard SampleTime.blockRange.contains(Int64(minTime)), SampleTime.blockRange.contains(Int64(maxTime)) else {
            throw Malformed(reason: "minTime and maxTime, \(minTime) and \(maxTime), are not milliseconds since the epoch")
        }
        self.init(id: id, minTime: Int64(minTime), maxTime: Int64(maxTime))
        /// A count, as far as it can be one.
        func count(_ name: String) -> Int { min(max(document["stats"]?[name]?.int ?? 0, 0), 1 << 53) }
        sampleCount = count("numSamples")
        floatSampleCount = count("numFloatSamples")
        histogramSampleCount = count("numHistogramSamples")
        seriesCount = count("numSeries")
        chunkCount = count("numChunks")
        tombstoneCount = count("numTombstones")
        let compaction = document["compaction"]
        level = min(max(compaction?["level"]?.int ?? 1, 0), 1 << 31)
        sources = (compaction?["sources"]?.array ?? []).compactMap { $0.string.flatMap { BlockID($0) } }
        isDeletable = compaction?["deletable"]?.bool ?? false
        hasFailed = compaction?["failed"]?.bool ?? false
        hints = (compaction?["hints"]?.array ?? []).compactMap(\.string)
        parents = (compaction?["parents"]?.array ?? []).compactMap { parent in
            guard let id = parent["ulid"]?.string.flatMap({ BlockID($0) }) else { return nil }
            return Parent(id: id, minTime: Int64(parent["minTime"]?.int ?? 0), maxTime: Int64(parent["maxTime"]?.int ?? 0))
        }
    }

    /// What stands between the document, less its last brace, and the checksum over it, last brace included; then come eight digits and the end.
    private static let checksumKey = Array(#","obstack":{"crc32c":""#.utf8)
    private static let checksumEnd = Array(#""}}"#.utf8)

    /// Looks at the checksum of a document, if it has one: ours have, and lose it when Prometheus writes them again.
    private static func verify(_ bytes: [UInt8]) throws(Malformed) {
        let end = bytes.count - checksumKey.count - 8 - checksumEnd.count
        guard end > 0, bytes[end...].starts(with: checksumKey), bytes.suffix(checksumEnd.count).elementsEqual(checksumEnd) else { return }
        let expected = checksum(Array(bytes[..<end]) + [UInt8(ascii: "}")])
        guard bytes[(end + checksumKey.count)...].starts(with: expected) else { throw Malformed(reason: "its checksum is wrong") }
    }

    private static func checksum(_ document: [UInt8]) -> [UInt8] {
        let digits = String(document.withUnsafeBufferPointer { CRC32C.checksum($0) }, radix: 16)
        return Array((String(repeating: "0", count: 8 - digits.utf8.count) + digits).utf8)
    }

    /// The document as Prometheus writes it, what is zero or empty left out, and a checksum, which Prometheus does not mind.
    package var json: [UInt8] {
        let plain = document
        return plain.dropLast() + Self.checksumKey + Self.checksum(plain) + Self.checksumEnd
    }

    private var document: [UInt8] {
        var out = JSONWriter()
        out.object { out in
            out.member("ulid", id.description)
            out.member("minTime", minTime)
            out.member("maxTime", maxTime)
            out.key("stats")
            out.object { out in
                for (name, count) in [
                    ("numSamples", sampleCount), ("numFloatSamples", floatSampleCount), ("numHistogramSamples", histogramSampleCount), ("numSeries", seriesCount),
                    ("numChunks", chunkCount), ("numTombstones", tombstoneCount),
                ] where count > 0 { out.member(name, count) }
            }
            out.key("compaction")
            out.object { out in
                out.member("level", level)
                if !sources.isEmpty {
                    out.key("sources")
                    out.array { out in for source in sources { out.string(source.description) } }
                }
                if isDeletable { out.member("deletable", true) }
                if !parents.isEmpty {
                    out.key("parents")
                    out.array { out in
                        for parent in parents {
                            out.object { out in
                                out.member("ulid", parent.id.description)
                                out.member("minTime", parent.minTime)
                                out.member("maxTime", parent.maxTime)
                            }
                        }
                    }
                }
                if hasFailed { out.member("failed", true) }
                if !hints.isEmpty {
                    out.key("hints")
                    out.array { out in for hint in hints { out.string(hint) } }
                }
            }
            out.member("version", 1)
        }
        return out.finish()
    }
}
