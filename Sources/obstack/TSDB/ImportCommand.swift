import ArgumentParser
import MetricFormats
import MetricModel
import MetricStore
import Platform
import Server

/// `obstack tsdb import`: OpenMetrics text with timestamps becomes blocks (`promtool tsdb create-blocks-from openmetrics`).
///
/// The file is checked and counted first, and then read once for as many ranges of time as memory may hold, not the whole of it.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Makes blocks of an OpenMetrics file with timestamps, as promtool tsdb create-blocks-from openmetrics.",
        discussion: "No stack may be running on the directory; one that is started on it afterwards serves the blocks.")

    @Flag(name: [.customShort("r"), .customLong("human-readable")], help: "Times and sizes for people.") var humanReadable = false
    @Flag(name: .shortAndLong, help: "Do not print the blocks.") var quiet = false
    @Option(help: "A label that every series gets, NAME=VALUE; may be given more than once.") var label: [String] = []
    @Argument(help: "The OpenMetrics file.") var file: String
    @Argument(help: "The data directory.") var directory: String

    private static let rangeMillis: Int64 = 2 * 3_600_000
    /// How many samples are held at once, unless a single range has more.
    private static let samplesMax = 4_000_000

    func run() throws {
        try TSDBCommand.complaining {
            let extra = try label.map { text in
                guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { throw ValidationError("--label \(text) is not NAME=VALUE") }
                return (String(text[..<equals]), String(text[text.index(after: equals)...]))
            }
            let map: MemoryMap
            do throws(PlatformError) { map = try Disk().map(file) } catch {
                complain("\(error)")
                throw ExitCode(1)
            }
            do {
                let writer = try HistoryWriter(directory: directory)
                var made: [BlockSummary] = []
                var ranges = try samplesByRange(map.bytes).sorted { $0.key < $1.key }[...]
                while let first = ranges.first {
                    var (count, end) = (0, first.key)
                    while let range = ranges.first, count == 0 || count + range.value <= Self.samplesMax {
                        count += range.value
                        end = range.key + Self.rangeMillis
                        ranges.removeFirst()
                    }
                    try add(map.bytes, first.key..<end, extra, to: writer)
                    made += try writer.writeBlocks(every: Self.rangeMillis)
                }
                if !quiet { StandardStream.output.write(BlockSummary.table(made, humanReadable: humanReadable)) }
            } catch let error as MetricFormatError {
                complain("\(file): \(error)")
                throw ExitCode(1)
            }
        }
    }

    /// How many samples each range has, by its start. The whole file is checked before anything is written.
    private func samplesByRange(_ bytes: UnsafeBufferPointer<UInt8>) throws -> [Int64: Int] {
        var parser = ExpositionParser(bytes, dialect: .openMetrics)
        var counts: [Int64: Int] = [:]
        while let entry = try parser.next() {
            guard case .series = entry else { continue }
            guard let time = parser.timestamp else {
                complain("\(file): \(String(decoding: parser.metric, as: UTF8.self)) has no timestamp")
                throw ExitCode(1)
            }
            counts[try HistoryWriter.range(time, Self.rangeMillis), default: 0] += 1
        }
        return counts
    }

    /// Adds the samples of some ranges.
    private func add(_ bytes: UnsafeBufferPointer<UInt8>, _ time: Range<Int64>, _ extra: [(String, String)], to writer: HistoryWriter) throws {
        var parser = ExpositionParser(bytes, dialect: .openMetrics)
        // Series by how they are written, which means the same within one family only.
        var known: [String: UInt32] = [:]
        while let entry = try parser.next() {
            if case .type = entry { known.removeAll(keepingCapacity: true) }
            guard case .series = entry, let at = parser.timestamp, time.contains(at) else { continue }
            let text = String(decoding: parser.metric, as: UTF8.self)
            let series = try known[text] ?? writer.number(Labels(try parser.labels().map { ($0.name, $0.value) } + extra))
            known[text] = series
            writer.add(series, at, parser.value)
        }
    }
}
