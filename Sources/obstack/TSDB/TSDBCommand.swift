import ArgumentParser
import MetricModel
import MetricStore
import Platform
import PromQL
import Server

/// `obstack tsdb`: looks at a data directory, or adds to one, without a running stack.
struct TSDBCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tsdb", abstract: "Looks at a Prometheus data directory offline.",
        subcommands: [ListCommand.self, AnalyzeCommand.self, DumpCommand.self, VerifyCommand.self, SnapshotCommand.self, ImportCommand.self])

    struct Directory: ParsableArguments {
        @Argument(help: "The data directory: `metrics` of the stack's data folder, or Prometheus's own.") var directory: String
    }

    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the blocks, as promtool tsdb list.")
        @Flag(name: [.customShort("r"), .customLong("human-readable")], help: "Times and sizes for people.") var humanReadable = false
        @OptionGroup var arguments: Directory

        func run() throws {
            try complaining {
                let store = try StoreInspection(directory: arguments.directory, readsLog: false)
                StandardStream.output.write(BlockSummary.table(store.summaries, humanReadable: humanReadable))
                try tell(store.damage)
            }
        }
    }

    struct AnalyzeCommand: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "analyze", abstract: "Says which labels and metrics make a block large, as promtool tsdb analyze.")
        @Option(help: "How many items a list has.") var limit = 20
        @Option(help: "Series selector.") var match: String?
        @OptionGroup var arguments: Directory
        @Argument(help: "The block (default: the last).") var block: String?

        func run() throws {
            try complaining {
                let matchers = try match.map { (list: try PromQL.parseSelector($0), text: $0) }
                let store = try StoreInspection(directory: arguments.directory, readsLog: false)
                guard let text = try store.analysis(block, limit: limit, matchers: matchers) else {
                    complain(block.map { "there is no block \($0) in \(arguments.directory)" } ?? "there is no block in \(arguments.directory)")
                    throw ExitCode(1)
                }
                StandardStream.output.write(text)
                try tell(store.damage)
            }
        }
    }

    struct DumpCommand: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "dump", abstract: "Prints every sample, as promtool tsdb dump.")
        @Option(help: "Series selector; may be given more than once.") var match: [String] = []
        @Option(name: .customLong("min-time"), help: "Milliseconds since the epoch.") var minTime = Int64.min
        @Option(name: .customLong("max-time"), help: "Milliseconds since the epoch.") var maxTime = Int64.max
        @OptionGroup var arguments: Directory

        func run() throws {
            try complaining {
                guard minTime <= maxTime else { throw ValidationError("--min-time is behind --max-time") }
                let selectors = try match.map { try PromQL.parseSelector($0) }
                let store = try StoreInspection(directory: arguments.directory)
                var pending = ""
                // What was read before an error is printed, too.
                defer { StandardStream.output.write(pending) }
                try store.dump(selectors, minTime...maxTime) { line in
                    pending += line
                    guard pending.utf8.count >= 1 << 16 else { return }
                    StandardStream.output.write(pending)
                    pending = ""
                }
                try tell(store.damage)
            }
        }
    }

    struct VerifyCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Checks every checksum and every order, and prints each problem with file and offset.", discussion: "The exit status is 1 when there is a problem.")
        @OptionGroup var arguments: Directory

        func run() throws {
            try complaining {
                let found = try StoreVerification(directory: arguments.directory)
                for problem in found.problems { StandardStream.output.write("\(problem)\n") }
                let looked = "\(found.blockCount) blocks, \(found.seriesCount) series, \(found.chunkCount) chunks, \(found.sampleCount) samples, \(found.recordCount) log records"
                StandardStream.output.write(found.problems.isEmpty ? "\(looked): nothing wrong\n" : "\(looked): \(found.problems.count) problems\n")
                if !found.problems.isEmpty { throw ExitCode(1) }
            }
        }
    }

    struct SnapshotCommand: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "snapshot", abstract: "Keeps blocks and log as they are now in a folder of their own under snapshots.")
        @OptionGroup var arguments: Directory

        func run() throws {
            try complaining {
                let store = try StoreInspection(directory: arguments.directory)
                StandardStream.output.write("\(try store.snapshot())\n")
                try tell(store.damage)
            }
        }
    }

    /// Says what could not be read; output without it is not all that there was.
    private static func tell(_ damage: [String]) throws {
        for sentence in damage { complain(sentence) }
        if !damage.isEmpty { throw ExitCode(1) }
    }

    static func complaining(_ body: () throws -> Void) throws {
        do { try body() } catch let error as MetricStoreError {
            complain("\(error)")
            throw ExitCode(1)
        } catch let error as ParseError {
            complain("\(error)")
            throw ExitCode(2)
        }
    }
}
