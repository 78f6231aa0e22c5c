import Foundation
import Testbed
import Testing

@Suite("obstack query", .serialized, .ownWaitingThread)
struct QueryCommandTests {
    private static func query(_ arguments: [String], _ stack: RunningStack) throws -> (status: Int32, output: String, error: String) {
        try run(RunningStack.binary.path, ["query"] + arguments + ["--server", stack.url("prometheus")])
    }

    /// Three series, with what needs quoting.
    static let three = #"label_replace(vector(1.5), "a", "x,\"y\"\n", "", "") or label_replace(vector(-20), "__name__", "up", "", "") or label_replace(vector(10), "a", "z", "", "")"#

    static let answers: [(arguments: [String], output: String)] = [
        (["instant", "1 + 1", "--time", "0"], "2\n"),
        (["\"text\""], "text\n"),
        (["vector(1) > 2"], "no series\n"),
        (["instant", three, "--time", "0"], #"{a="x,\"y\"\n"}  1.5"# + "\n" + #"up               -20"# + "\n" + #"{a="z"}           10"# + "\n"),
        (["instant", three, "--time", "1970-01-01T00:00:01Z", "--format", "csv"],
         "__name__,a,timestamp,value\n,\"x,\"\"y\"\"\n\",1970-01-01T00:00:01.000Z,1.5\nup,,1970-01-01T00:00:01.000Z,-20\n,z,1970-01-01T00:00:01.000Z,10\n"),
        (["vector(7)", "--time", "1.5", "--format", "json"], #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1.500,"7"]}]}}"# + "\n"),
        (["range", "vector(time())", "--start", "0", "--end", "20", "--step", "10"],
         "{}\n  1970-01-01T00:00:00.000Z  0\n  1970-01-01T00:00:10.000Z  10\n  1970-01-01T00:00:20.000Z  20\n"),
        (["range", "vector(time())", "--start", "0", "--end", "20", "--step", "20s", "--format=csv"], "timestamp,value\n1970-01-01T00:00:00.000Z,0\n1970-01-01T00:00:20.000Z,20\n"),
        (["instant", three, "--plot", "--width", "40"],
         #"{a="x,\"y\"\n"} 1.5 █▌"# + "\n" + #"up              -20 ████████████████████"# + "\n" + #"{a="z"}          10 ██████████"# + "\n"),
    ]

    @Test("answers come as a table, as CSV, as the server's JSON, and as bars")
    func answers() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        for (arguments, output) in Self.answers {
            let answer = try Self.query(arguments, stack)
            #expect(answer.status == 0, "\(arguments): \(answer.error)")
            #expect(answer.output == output, "\(arguments)")
        }
        let remark = try Self.query(["rate(a[1m])", "--format", "json"], stack)
        #expect(remark.error == "" && remark.status == 0)
        let warned = try Self.query(["quantile(2, vector(1))"], stack)
        #expect(warned.error.contains("warning: PromQL warning: quantile value should be between 0 and 1, got 2"), "\(warned.error)")
    }

    @Test("a plot has the line, its scale, its times and its series, and keeps to its width")
    func plot() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let drawn = try Self.query(["range", "vector(time())", "--start", "0", "--end", "600", "--step", "10", "--plot", "--width", "60"], stack)
        #expect(drawn.status == 0, "\(drawn.error)")
        let lines = drawn.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.allSatisfy { $0.count <= 60 }, "\(drawn.output)")
        #expect(lines[0].hasPrefix("600 ┤") && lines[15].hasPrefix("  0 ┤"), "\(drawn.output)")
        // The line rises from the lower left to the upper right.
        let marks = lines[0..<16].map { line in line.enumerated().filter { ("\u{2801}"..."\u{28FF}").contains($0.element) }.map(\.offset) }
        #expect(marks.allSatisfy { !$0.isEmpty })
        #expect(zip(marks, marks.dropFirst()).allSatisfy { ($0.min() ?? 0) >= ($1.max() ?? 0) })
        #expect(lines[17].contains("1970-01-01T00:00:00.000Z") && lines[17].hasSuffix("1970-01-01T00:10:00.000Z"))
        #expect(lines[18] == "━━ {}  600")
        let flat = try Self.query(["range", "vector(1)", "--start", "0", "--end", "60", "--step", "60", "--plot", "--width", "20"], stack)
        #expect(flat.status == 0 && flat.output.contains("1.1 ┤"), "\(flat.output)")
        #expect(flat.output.split(separator: "\n").allSatisfy { $0.count <= 20 }, "\(flat.output)")
        #expect(try Self.query(["range", "vector(1) > 2", "--plot"], stack).output == "nothing to draw\n")
    }

    @Test("what is wrong is said in words and by the status", arguments: [
        (["topk("], 2, "the query cannot be asked: "), (["range", "a[5m]"], 2, "invalid expression type"), (["vector(1)", "--timeout", "0"], 3, "the query failed (timeout): query timed out"),
        (["vector(1)", "--time", "yesterday"], 64, "--time: \"yesterday\" is neither"), (["range", "1", "--start", "now-x"], 64, "--start"), (["1", "--plot", "--format", "csv"], 64, "--plot"),
        (["1", "--width", "3"], 64, "--width"),
    ] as [([String], Int32, String)])
    func failures(_ arguments: [String], _ status: Int32, _ words: String) async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let answer = try Self.query(arguments, stack)
        #expect(answer.status == status, "\(answer.error)")
        #expect(answer.error.contains(words) && answer.output.isEmpty, "\(answer.error)")
    }

    @Test("where nobody answers, and where somebody else does, that is said with the address")
    func strangers() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let port = try freePort()
        for (server, words) in [("http://127.0.0.1:\(port)", "127.0.0.1:\(port) does not answer"), (stack.url("jaeger"), "does not answer as Prometheus does"), ("localhost:9090", "not a URL")] {
            let answer = try run(RunningStack.binary.path, ["query", "1", "--server", server])
            #expect(answer.status == 1)
            #expect(answer.error.contains(words), "\(answer.error)")
        }
    }
}
