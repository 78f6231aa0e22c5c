import Bytes
import MetricFormats
import MetricModel

/// What a target's metadata lines said, by metric family. A line that says what it said before costs two hashes.
struct ScrapeMetadata: Sendable {
    private struct Family: Sendable {
        let name: String
        var metadata: MetricMetadata
        var helpHash: UInt64?
        var unitHash: UInt64?
        var lastPass: UInt64
        /// Whether the store has not been told yet.
        var isChanged: Bool
    }

    private var table = ByteTable()
    private var families: [Family] = []

    /// How many scrapes a family is remembered for after it was last named.
    private static let memoryPasses: UInt64 = 10

    init() {}

    var all: [(metric: String, MetricMetadata)] { families.map { ($0.name, $0.metadata) } }
    var changes: [(metric: String, MetricMetadata)] { families.filter(\.isChanged).map { ($0.name, $0.metadata) } }

    mutating func take(_ entry: ExpositionParser.Entry, _ parser: ExpositionParser, pass: UInt64) {
        let index = index(of: parser.family, pass: pass) { parser.familyName }
        switch entry {
        case .type: take(parser.kind, index)
        case .help: takeHelp(parser.text, index) { parser.help() }
        case .unit: takeUnit(parser.text, index) { parser.unit() }
        case .series, .comment: break
        }
    }

    /// Takes what a protobuf family says of itself.
    mutating func take(_ parser: ProtobufExpositionParser, pass: UInt64) {
        let index = index(of: parser.family, pass: pass) { String(decoding: parser.family, as: UTF8.self) }
        take(parser.kind, index)
        takeHelp(parser.help, index) { String(decoding: parser.help, as: UTF8.self) }
        if !parser.unit.isEmpty { takeUnit(parser.unit, index) { String(decoding: parser.unit, as: UTF8.self) } }
    }

    private mutating func index(of family: UnsafeBufferPointer<UInt8>, pass: UInt64, name: () -> String) -> Int {
        let hash = ByteHash.hash(family)
        let index = table.find(family, hash: hash) ?? table.insert(family, hash: hash)
        if index == families.count { families.append(Family(name: name(), metadata: MetricMetadata(kind: .unknown), lastPass: pass, isChanged: true)) }
        families[index].lastPass = pass
        return index
    }

    private mutating func take(_ kind: MetricKind, _ index: Int) {
        guard families[index].metadata.kind != kind else { return }
        families[index].metadata.kind = kind
        families[index].isChanged = true
    }

    private mutating func takeHelp(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ text: () -> String) {
        let hash = ByteHash.hash(bytes)
        guard families[index].helpHash != hash else { return }
        families[index].helpHash = hash
        families[index].metadata.help = text()
        families[index].isChanged = true
    }

    private mutating func takeUnit(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ text: () -> String) {
        let hash = ByteHash.hash(bytes)
        guard families[index].unitHash != hash else { return }
        families[index].unitHash = hash
        families[index].metadata.unit = text()
        families[index].isChanged = true
    }

    mutating func finish(isSuccess: Bool, isStored: Bool, pass: UInt64) {
        if isStored { for index in families.indices { families[index].isChanged = false } }
        guard isSuccess, families.contains(where: { pass - $0.lastPass > Self.memoryPasses }) else { return }
        let old = families
        table.filter { pass - old[$0].lastPass <= Self.memoryPasses }
        families = old.filter { pass - $0.lastPass <= Self.memoryPasses }
    }
}
