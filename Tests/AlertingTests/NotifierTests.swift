import Alerting
import Bytes
import Logging
import MetricModel
import Platform
import Synchronization
import Testing

/// The services on a transport that only notes what it is given.
struct NotifierTests {
    final class Transport: AlertTransport {
        private struct State {
            var requests: [AlertRequest] = []
            var answers: [Int] = []
        }

        private let state = Mutex(State())

        init(answers: [Int] = []) { state.withLock { $0.answers = answers } }

        var requests: [AlertRequest] { state.withLock(\.requests) }

        func post(_ request: AlertRequest) async throws(AlertTransportFailure) -> AlertResponse {
            let status = state.withLock { state in
                state.requests.append(request)
                return state.answers.isEmpty ? 200 : state.answers.removeFirst()
            }
            if status == 0 { throw .connection("connection refused") }
            return AlertResponse(status: status, body: status == 200 ? "" : "no")
        }
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Until it holds, for a minute at most.
    private static func wait(_ condition: () -> Bool) async throws {
        for _ in 0..<6_000 where !condition() { try await Task.sleep(nanoseconds: 10_000_000) }
        #expect(condition())
    }

    @Test("alerts go to every alert manager in batches, relabeled for each; at the bound the oldest are dropped; failures are counted")
    func notifier() async throws {
        let transport = Transport(answers: [200, 200, 200, 500])
        var options = AlertNotifier.Options()
        options.queueCapacity = 5
        options.batchMax = 2
        let notifier = AlertNotifier(transport: transport, clock: SystemClock(), options: options, logger: Self.logger)
        var set = AlertmanagerSet(urls: ["http://a/api/v2/alerts"])
        set.relabel = { $0["alertname"] == "drop" ? nil : Labels($0.pairs.map { ($0.name, $0.value) } + [("added", "1")]) }
        notifier.use([set])
        notifier.send([Fixture.alert(["alertname": "drop"])] + (1...6).map { Fixture.alert(["alertname": "A\($0)"]) })
        func value(_ name: String) -> Double? { notifier.metricFamilies().first { $0.name == "prometheus_notifications_" + name }?.points.first?.value }
        #expect(value("queue_length") == 5 && value("dropped_total") == 1 && value("alertmanagers_discovered") == 1 && value("queue_capacity") == 5)
        let run = Task { await notifier.run() }
        try await Self.wait { value("sent_total") == 5 }
        notifier.send([Fixture.alert(["alertname": "A7"])])
        try await Self.wait { value("errors_total") == 1 }
        run.cancel()
        await run.value
        #expect(transport.requests.count == 4 && value("dropped_total") == 2 && value("queue_length") == 0)
        let names = transport.requests.compactMap { try? JSONParser.parse($0.body).array?.map { $0["labels"]?["alertname"]?.string ?? "" } }
        #expect(names == [["A2", "A3"], ["A4", "A5"], ["A6"], ["A7"]])
        let body = try JSONParser.parse(transport.requests[0].body).array?[0]
        #expect(body?["labels"]?["added"] == "1" && body?["startsAt"] == "2023-11-20T12:00:00.000Z" && body?["generatorURL"] == "http://localhost:9090/graph")
    }

    @Test("the service tries again what a server's failure or silence spoiled, gives up what was refused, and a restart repeats nothing")
    func service() async throws {
        let disk = SimulatedDisk()
        let pool = try BlockingPool()
        defer { pool.close() }
        let root = Fixture.route("hook") { root in
            root.groupBy = ["alertname"]
            root.groupWait = .seconds(0)
        }
        let routing = try AlertRouting(root: root, receivers: [Fixture.receiver("hook")])
        func start(_ transport: Transport) throws -> (DispatchService, Task<Void, Never>) {
            let service = try DispatchService(
                directory: "/data/alerts", files: disk, pool: pool, transport: transport, clock: SystemClock(), userAgent: "test", externalURL: { "http://x" }, logger: Self.logger)
            service.use(routing)
            return (service, Task { await service.run() })
        }
        let now = SystemClock().unixMillis
        let alerts = [Fixture.alert(["alertname": "A"], at: now, startedAt: now - 60_000)]

        let first = Transport(answers: [0, 503, 200])
        let (service, run) = try start(first)
        #expect(service.receive(alerts) == [])
        try await Self.wait { (try? disk.contents("/data/alerts/notifications.json")).flatMap { $0 }.flatMap(NotificationLog.init)?.entries.count == 1 }
        run.cancel()
        await run.value
        #expect(first.requests.count == 3 && first.requests[0].userAgent == "test")
        let families = service.metricFamilies()
        #expect(families.first { $0.name == "alertmanager_notification_requests_failed_total" }?.points.first?.value == 2)

        let second = Transport(answers: [400])
        let (again, secondRun) = try start(second)
        again.receive(alerts + [Fixture.alert(["alertname": "B"], at: now, startedAt: now - 60_000)])
        try await Self.wait { again.metricFamilies().first { $0.name == "alertmanager_notifications_failed_total" }?.points.first?.value == 1 }
        secondRun.cancel()
        await secondRun.value
        let told = second.requests.compactMap { try? JSONParser.parse($0.body)["groupLabels"]?["alertname"]?.string }
        #expect(told == ["B"], "A was told before the restart, and B's refusal is not tried again")
    }

    @Test("without a routing alerts are passed over; a log that cannot be read is set aside")
    func withoutRouting() throws {
        let disk = SimulatedDisk()
        let pool = try BlockingPool()
        defer { pool.close() }
        try disk.makeDirectory("/data/alerts")
        try disk.publish("/data/alerts/notifications.json", Array("nonsense".utf8))
        let service = try DispatchService(
            directory: "/data/alerts", files: disk, pool: pool, transport: Transport(), clock: SystemClock(), userAgent: "test", externalURL: { "" }, logger: Self.logger)
        #expect(service.receive([Fixture.alert(["alertname": "A"])]) == [] && service.snapshot == nil && service.metricFamilies().isEmpty)
        #expect(try disk.contents("/data/alerts/notifications.json") == nil && disk.contents("/data/alerts/notifications.json.damaged") == Array("nonsense".utf8))
    }
}
