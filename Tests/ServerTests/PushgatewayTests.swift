import Foundation
import Testbed
import Testing

@Suite("The Pushgateway", .serialized)
struct PushgatewayTests {
    @Test("the original and this answer one long list of requests alike: status, headers, words, exposition, API", .enabled(
        if: peer("prometheus-pushgateway") != nil, "the peers are not here: run scripts/get-peers.sh"), arguments: [false, true])
    func besideTheOriginal(isAdminEnabled: Bool) async throws {
        let admin = isAdminEnabled ? ["--web.enable-admin-api"] : []
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"], arguments: admin)
        defer { stack.stop() }
        let port = try freePort()
        let original = Process()
        original.executableURL = URL(fileURLWithPath: try #require(peer("prometheus-pushgateway")))
        original.arguments = ["--web.listen-address=127.0.0.1:\(port)", "--persistence.file="] + admin
        original.standardError = FileHandle.nullDevice
        try original.run()
        defer { original.terminate() }
        let theirs = "http://127.0.0.1:\(port)"
        #expect(try await eventually(within: 10) { (try? http("\(theirs)/-/ready").status) == 200 })
        let script = RunningStack.packageRoot.appendingPathComponent("Tests/Clients/pushgateway.py").path
        let comparison = try run(clientsPython ?? "/usr/bin/python3", [script, stack.url("pushgateway"), theirs] + (isAdminEnabled ? ["--admin"] : []))
        #expect(comparison.status == 0, "\(comparison.output.suffix(6000))\n\(comparison.error.suffix(2000))")
    }

    @Test("the line of the guide, as typed: pushed, scraped with its labels honoured, replaced, deleted")
    func asTyped() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let address = stack.url("pushgateway", "/metrics/job/some_job/instance/some_instance")
        let pushed = try run("/bin/sh", ["-c", "echo 'some_metric 3.14' | curl -sS -f --data-binary @- \(address)"])
        #expect(pushed.status == 0, "\(pushed.error)")
        #expect(pushed.output.isEmpty)
        func value(_ query: String) throws -> String? {
            let answer = try json(stack.url("prometheus", "/api/v1/query?query=\(query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? query)"))
            let result = (answer["data"] as? [String: Any])?["result"] as? [[String: Any]]
            return (result?.first?["value"] as? [Any])?.last as? String
        }
        let series = #"some_metric{job="some_job",instance="some_instance",exported_job=""}"#
        #expect(try await eventually(within: 20) { try value(series) == "3.14" })
        #expect(try http(address, method: "DELETE").status == 202)
        #expect(try await eventually(within: 20) { try value(series) == nil })
    }

    @Test("the real Python client pushes, adds and deletes; what stands is scraped, and survives kill -9",
          .enabled(if: clientsPython != nil, "the Python clients are not here: run scripts/test.sh"))
    func pythonClient() async throws {
        let stack = try await RunningStack()
        let folder = stack.folder
        let script = """
            import sys
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, delete_from_gateway, instance_ip_grouping_key, push_to_gateway, pushadd_to_gateway
            gateway = sys.argv[1]
            registry = CollectorRegistry()
            Gauge("batch_last_success_unixtime", "Last time the batch succeeded.", registry=registry).set(1234)
            h = Histogram("batch_step_seconds", "A step.", ["step"], registry=registry); h.labels("load").observe(0.3)
            push_to_gateway(gateway, job="batch", grouping_key={"instance": "db-1", "path": "/var/tmp", "none": ""}, registry=registry)
            more = CollectorRegistry(); Counter("batch_rows", "Rows.", registry=more).inc(7)
            pushadd_to_gateway(gateway, job="batch", grouping_key={"instance": "db-1", "path": "/var/tmp", "none": ""}, registry=more)
            push_to_gateway(gateway, job="gone", registry=more); delete_from_gateway(gateway, job="gone")
            """
        let client = try run(try #require(clientsPython), ["-c", script, stack.url("pushgateway")])
        #expect(client.status == 0, "\(client.error)")
        stack.killNow()
        let again = try await RunningStack(reusing: folder)
        defer { again.stop() }
        let exposed = try http(again.url("pushgateway", "/metrics")).body
        #expect(exposed.contains(#"batch_rows_total{instance="db-1",job="batch",none="",path="/var/tmp"} 7"#), "\(exposed)")
        #expect(exposed.contains(#"batch_step_seconds_bucket{instance="db-1",job="batch",none="",path="/var/tmp",step="load",le="0.5"} 1"#))
        #expect(!exposed.contains("job=\"gone\""))
        #expect(try await eventually(within: 20) {
            let query = #"batch_last_success_unixtime{job="batch",instance="db-1",path="/var/tmp"}"#
            let answer = try json(again.url("prometheus", "/api/v1/query?query=\(query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? query)"))
            return ((answer["data"] as? [String: Any])?["result"] as? [[String: Any]])?.count == 1
        })
    }

    @Test("kill -9 while many push: every push that was answered is there afterwards")
    func killedWhilePushing() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        let folder = stack.folder
        // Curl tells of each answer as it comes; the kill falls somewhere between them.
        let script = "for i in $(seq 1 400); do curl -s -o /dev/null -w \"$1 $i %{http_code}\\n\" --data-binary \"m_$i $i\n\" \(stack.url("pushgateway", "/metrics/job/worker"))$1; done"
        let workers = try (0..<3).map { worker in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", script, "sh", "\(worker)"]
            let output = folder.appendingPathComponent("worker-\(worker)")
            _ = FileManager.default.createFile(atPath: output.path, contents: nil)
            process.standardOutput = try FileHandle(forWritingTo: output)
            try process.run()
            return (process, output)
        }
        try await Task.sleep(for: .seconds(2))
        stack.killNow()
        for (process, _) in workers { process.terminate(); process.waitUntilExit() }
        let again = try await RunningStack(reusing: folder, configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { again.stop() }
        let exposed = Set(try http(again.url("pushgateway", "/metrics")).body.split(separator: "\n").map(String.init))
        var answered = 0
        for (_, output) in workers {
            for line in try String(contentsOf: output, encoding: .utf8).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 3, words[2] == "200" else { continue }
                answered += 1
                #expect(exposed.contains("m_\(words[1]){instance=\"\",job=\"worker\(words[0])\"} \(words[1])"))
            }
        }
        #expect(answered > 20, "only \(answered) pushes were answered before the kill")
    }
}
