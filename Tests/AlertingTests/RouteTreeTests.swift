import Alerting
import MetricModel
import Testing

struct RouteTreeTests {
    /// A root with a child for critical alerts, that goes on, and one for a team, with a child of its own.
    private static func tree() throws -> RouteTree {
        try RouteTree(Fixture.route("default") { root in
            root.groupBy = ["alertname"]
            root.groupWait = .seconds(10)
            root.routes = [
                Fixture.route("pager") { $0.matchers = try! AlertMatchers(lines: ["severity=critical"]); $0.continues = true; $0.repeatInterval = .seconds(60) },
                Fixture.route("team") { team in
                    team.matchers = try! AlertMatchers(lines: ["team=web"])
                    team.groupBy = ["..."]
                    team.routes = [Fixture.route(nil) { $0.matchers = try! AlertMatchers(lines: ["service=~\"api.*\""]); $0.groupInterval = .seconds(1) }]
                },
            ]
        })
    }

    @Test("an alert takes the deepest routes that match, further ones behind those that go on, and the root when none does", arguments: [
        (["severity": "warning"], ["{}"]), (["severity": "critical"], ["{}/{severity=\"critical\"}"]),
        (["severity": "critical", "team": "web"], ["{}/{severity=\"critical\"}", "{}/{team=\"web\"}"]),
        (["team": "web", "service": "api2"], ["{}/{team=\"web\"}/{service=~\"api.*\"}"]),
    ])
    func matching(labels: [String: String], keys: [String]) throws {
        let tree = try Self.tree()
        #expect(tree.matches(Labels(labels.map { ($0.key, $0.value) })).map { tree.routes[$0].key } == keys)
    }

    @Test("what a route does not say it has from its parent, or is the default")
    func inheritance() throws {
        let routes = try Self.tree().routes
        let deepest = try #require(routes.last)
        #expect(deepest.receiver == "team" && deepest.grouping == .everything && deepest.groupWaitMillis == 10_000 && deepest.groupIntervalMillis == 1_000)
        #expect(routes[0].groupIntervalMillis == 300_000 && routes[0].repeatIntervalMillis == 14_400_000 && routes[1].repeatIntervalMillis == 60_000)
        #expect(routes[1].grouping == .names(["alertname"]))
    }

    @Test("what upstream refuses is refused", arguments: [
        (Fixture.route(nil), "root route must specify a default receiver"),
        (Fixture.route("r") { $0.matchers = try! AlertMatchers(lines: ["a=b"]) }, "root route must not have any matchers"),
        (Fixture.route("r") { $0.continues = true }, "cannot have continue in root route"),
        (Fixture.route("r") { $0.muteTimeIntervals = ["x"] }, "root route must not have any mute time intervals"),
        (Fixture.route("r") { $0.groupBy = ["...", "a"] }, "cannot have wildcard group_by (`...`) and other labels at the same time"),
        (Fixture.route("r") { $0.groupBy = ["a", "a"] }, "duplicated label in group_by"),
        (Fixture.route("r") { $0.groupInterval = .seconds(0) }, "group_interval cannot be zero"),
        (Fixture.route("r") { $0.routes = [Fixture.route("nobody")] }, "undefined receiver \"nobody\" used in route"),
        (Fixture.route("r") { $0.routes = [Fixture.route("r") { $0.activeTimeIntervals = ["t"] }] }, "undefined time interval \"t\" used in route"),
    ])
    func refusals(root: RouteOptions, reason: String) {
        #expect(throws: AlertingError.invalidRoute(reason: reason)) { try AlertRouting(root: root, receivers: [Receiver(name: "r")]) }
    }

    @Test("a time interval holds where all of its parts hold")
    func timeIntervals() throws {
        var interval = TimeInterval()
        interval.times = [try TimeInterval.times(from: "09:00", to: "12:01")]
        interval.weekdays = [try TimeInterval.weekdays("Monday:friday")]
        interval.daysOfMonth = [try TimeInterval.days("-11:-1")]
        interval.months = [try TimeInterval.months("november")]
        interval.years = [try TimeInterval.years("2023:2024")]
        // Monday, 20 November 2023.
        #expect(interval.contains(unixMillis: Fixture.noon))
        #expect(!interval.contains(unixMillis: Fixture.noon + 60_000))
        #expect(!interval.contains(unixMillis: Fixture.noon + 5 * 86_400_000), "a Saturday")
        #expect(!interval.contains(unixMillis: Fixture.noon - 3 * 86_400_000), "the 17th")
        #expect(!interval.contains(unixMillis: Fixture.noon + 14 * 86_400_000), "December")
        #expect(TimeInterval().contains(unixMillis: 0))
        for text in ["someday", "friday:monday"] { #expect(throws: AlertingError.self) { try TimeInterval.weekdays(text) } }
        for text in ["0", "32", "-1:5", "10:3"] { #expect(throws: AlertingError.self) { try TimeInterval.days(text) } }
        for (start, end) in [("9:00", "10:00"), ("10:00", "10:00"), ("24:01", "24:30"), ("12:60", "13:00")] {
            #expect(throws: AlertingError.self) { try TimeInterval.times(from: start, to: end) }
        }
    }
}
