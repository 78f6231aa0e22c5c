import ArgumentParser
import Server

/// `obstack query`: asks a running stack, or any Prometheus, and shows the answer.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Asks a running stack, or any Prometheus, in PromQL.",
        discussion: "Exit status 1: no answer came; 2: the query is wrong; 3: the query has no result. Warnings are told on standard error.",
        subcommands: [InstantCommand.self, RangeCommand.self], defaultSubcommand: InstantCommand.self)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, csv }

    /// What both kinds of query take.
    struct Options: ParsableArguments {
        @Option(help: "Where to ask (default: the port in PROMETHEUS_PORT, or of the stack on the data folder, or 9090 of localhost).") var server: String?
        @Option(name: .customLong("http.config.file"), help: "How to ask a server that wants TLS or a password, in promtool's format.") var httpConfigFile: String?
        @Option(help: "Data folder of the stack, which tells where it is and lets in (default: ./data).") var data: String?
        @Option(help: "table, json (as the server answered) or csv.") var format = Format.table
        @Flag(help: "Draw the answer in the terminal.") var plot = false
        @Option(help: "Columns to draw in (default: the terminal's).") var width: Int?
        @Option(help: "How long the query may take, such as 30s.") var timeout: String?
        @Argument(help: "The query.") var expr: String

        func validate() throws {
            if let width, !(20...1_000).contains(width) { throw ValidationError("--width: \(width) is not a number of columns from 20 to 1000") }
            if plot, format != .table { throw ValidationError("--plot draws; it does not go with --format \(format.rawValue)") }
        }

        /// A server that was named is asked as the file says, and never with the word that this machine's stack left.
        private func client() throws -> QueryClient {
            if let server { return QueryClient(server: server, access: try ClientAccess(file: httpConfigFile, running: nil)) }
            let asked = Int(processEnvironment()["PROMETHEUS_PORT"] ?? "") ?? 0
            let found = RunFile.read(in: data ?? "./data").flatMap { $0.isAlive && (asked == 0 || asked == $0.ports[.prometheus]) ? $0 : nil }
            let access = try ClientAccess(file: httpConfigFile, running: found)
            let bound = found.map { $0.addresses[.prometheus] ?? $0.address } ?? "localhost"
            let host = ["0.0.0.0", "::"].contains(bound) ? "localhost" : bound.contains(":") ? "[\(bound)]" : bound
            return QueryClient(server: "\(access.scheme)://\(host):\(found?.ports[.prometheus] ?? (asked == 0 ? 9_090 : asked))", access: access)
        }

        /// Asks, and shows what came.
        func run(_ path: String, _ parameters: [(String, String)], draw: (QueryAnswer, Canvas) -> String) async throws {
            let client: QueryClient
            do {
                client = try self.client()
            } catch {
                complain("\(error)")
                throw ExitCode(2)
            }
            var parameters = [("query", expr)] + parameters
            if let timeout { parameters.append(("timeout", timeout)) }
            do throws(QueryFailure) {
                let body = try await client.ask(path, parameters)
                let answer = try QueryAnswer(body)
                for remark in answer.remarks { complain(remark) }
                switch format {
                case .json: StandardStream.output.write(String(decoding: body, as: UTF8.self) + "\n")
                case .csv: StandardStream.output.write(answer.csv)
                case .table where plot: StandardStream.output.write(draw(answer, Canvas(columns: width)))
                case .table: StandardStream.output.write(answer.table)
                }
            } catch {
                complain("\(error)")
                throw ExitCode(error.exitCode)
            }
        }
    }

    struct InstantCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "instant", abstract: "The answer at one moment; --plot draws a bar for every series.")
        @Option(help: "When: seconds since the epoch, RFC 3339, or now-5m (default: now).") var time: String?
        @OptionGroup var options: Options

        func run() async throws {
            let parameters = try time.map { [("time", try Moment.text($0, "--time"))] } ?? []
            try await options.run("/api/v1/query", parameters) { answer, canvas in answer.bars(canvas) }
        }
    }

    struct RangeCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "range", abstract: "The answer over time; --plot draws a line for every series.")
        @Option(help: "From when: seconds since the epoch, RFC 3339, or now-6h.") var start = "now-1h"
        @Option(help: "Until when.") var end = "now"
        @Option(help: "Seconds, or a duration such as 1m, between two points (default: what gives 250 points).") var step: String?
        @OptionGroup var options: Options

        func run() async throws {
            let (from, to) = (try Moment.text(start, "--start"), try Moment.text(end, "--end"))
            let span = (Moment.seconds(to) ?? 0) - (Moment.seconds(from) ?? 0)
            let step = step ?? "\(max(1, Int((span / 250).rounded(.up))))"
            try await options.run("/api/v1/query_range", [("start", from), ("end", to), ("step", step)]) { answer, canvas in
                answer.lines(canvas, from: Moment.seconds(from) ?? 0, to: Moment.seconds(to) ?? 0)
            }
        }
    }
}
