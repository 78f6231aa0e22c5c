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
        let family = parser.family
        let hash = ByteHash.hash(family)
        let index = table.find(family, hash: hash) ?? table.insert(family, hash: hash)
        if index == families.count {
            families.append(Family(name: parser.familyName, metadata: MetricMetadata(kind: .unknown), lastPass: pass, isChanged: true))
        }
        families[index].lastPass = pass
        switch entry {
        case .type where families[index].metadata.kind != parser.kind:
            families[index].metadata.kind = parser.kind
            families[index].isChanged = true
        case .help:
            let hash = ByteHash.hash(parser.text)
            guard families[index].helpHash != hash else { return }
            families[index].helpHash = hash
            families[index].metadata.help = parser.help()
            families[index].isChanged = true
        case .unit:
            let hash = ByteHash.hash(parser.text)
            guard families[index].unitHash != hash else { return }
            families[index].unitHash = hash
            families[index].metadata.unit = parser.unit()
            families[index].isChanged = true
        case .type, .series, .comment: break
        }
    }

    mutating func finish(isSuccess: Bool, isStored: Bool, pass: UInt64) {
        if isStored { for index in families.indices { families[index].isChanged = false } }
        guard isSuccess, families.contains(where: { pass - $0.lastPass > Self.memoryPasses }) else { return }
        let old = families
        table.filter { pass - old[$0].lastPass <= Self.memoryPasses }
        families = old.filter { pass - $0.lastPass <= Self.memoryPasses }
    }
}
