import ArgumentParser
import MetricFormats
import MetricModel
import MetricStore
import Platform
import Server

/// `obstack tsdb import`: OpenMetrics text with timestamps becomes blocks (`promtool tsdb create-blocks-from openmetrics`).
///
/// The file is read once for every range of time in which it has samples, so that memory holds one range and not the file.
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
                var next = try start(of: map.bytes)
                while let start = next {
                    next = try add(map.bytes, start..<(start + Self.rangeMillis), extra, to: writer)
                    if let block = try writer.writeBlock() { made.append(block) }
                }
                if !quiet { StandardStream.output.write(BlockSummary.table(made, humanReadable: humanReadable)) }
            } catch let error as MetricFormatError {
                complain("\(file): \(error)")
                throw ExitCode(1)
            }
        }
    }

    /// The start of the range that a time lies in.
    private static func range(_ time: Int64) -> Int64 { (time >= 0 ? time / rangeMillis : (time - rangeMillis + 1) / rangeMillis) * rangeMillis }

    /// Where the earliest sample's range begins; nil without samples. The whole file is checked before anything is written.
    private func start(of bytes: UnsafeBufferPointer<UInt8>) throws -> Int64? {
        var parser = ExpositionParser(bytes, dialect: .openMetrics)
        var earliest: Int64?
        while let entry = try parser.next() {
            guard case .series = entry else { continue }
            guard let time = parser.timestamp else {
                complain("\(file): \(String(decoding: parser.metric, as: UTF8.self)) has no timestamp")
                throw ExitCode(1)
            }
            earliest = min(earliest ?? time, time)
        }
        return earliest.map(Self.range)
    }

    /// Adds the samples of a range, and returns where the next one that has any begins.
    private func add(_ bytes: UnsafeBufferPointer<UInt8>, _ time: Range<Int64>, _ extra: [(String, String)], to writer: HistoryWriter) throws -> Int64? {
        var parser = ExpositionParser(bytes, dialect: .openMetrics)
        var next: Int64?
        // Series by how they are written, which means the same within one family only.
        var known: [String: UInt32] = [:]
        while let entry = try parser.next() {
            if case .type = entry { known.removeAll(keepingCapacity: true) }
            guard case .series = entry, let at = parser.timestamp else { continue }
            if at >= time.upperBound { next = min(next ?? at, at) }
            guard time.contains(at) else { continue }
            let text = String(decoding: parser.metric, as: UTF8.self)
            let series = try known[text] ?? writer.number(Labels(try parser.labels().map { ($0.name, $0.value) } + extra))
            known[text] = series
            writer.add(series, at, parser.value)
        }
        return next.map(Self.range)
    }
}
