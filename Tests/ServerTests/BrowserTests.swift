import Foundation
import Testing

@Suite("A visit with a browser")
struct BrowserTests {
    static let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Read instead of the rules that come with the stack.
    private static let rules = """
        groups:
          - name: browser
            interval: 1s
            rules:
              - record: browser:on
                expr: vector(1)
              - alert: AlwaysOn
                expr: label_replace(vector(1), "zone", "here", "", "")
                labels: {severity: page}
                annotations: {summary: "It is on: {{ $value }}"}
        """

    @Test("log in, the dashboard's curves move while the demo runs, a trace opens from the search page, an alert shows, at three sizes in two themes",
          .enabled(if: chromium != nil, "no headless Chromium on this machine"), .timeLimit(.minutes(8)))
    func visit() async throws {
        let stack = try await RunningStack(configuration: ["prometheus/alerts.yml": Self.rules])
        defer { stack.stop() }
        let demo = Process()
        demo.executableURL = RunningStack.binary
        demo.arguments = ["demo", "--otlp", stack.url("otlpHTTP")]
        demo.standardOutput = FileHandle.nullDevice
        try demo.run()
        defer { kill(demo.processIdentifier, SIGKILL) }
        try await Task.sleep(for: .seconds(12))
        let output = stack.folder.appendingPathComponent("screenshots")
        let script = RunningStack.packageRoot.appendingPathComponent("Tests/Clients/browser.py").path
        let python = clientsPython ?? "/usr/bin/python3"
        let visit = try run(python, [script, stack.url("grafana"), stack.url("jaeger"), stack.url("prometheus"), stack.url("pushgateway"), output.path])
        #expect(visit.status == 0, "\(visit.output.suffix(4000))\n\(visit.error.suffix(1000))")
    }
}
