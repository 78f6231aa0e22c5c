import Alerting
import MetricModel
import Testing

/// Grouping, waiting, repeating and forgetting, without a clock: the tests say what time it is.
struct DispatcherTests {
    private static let noon = Fixture.noon

    private static let root = Fixture.route("hook") { root in
        root.groupBy = ["alertname"]
        root.groupWait = .seconds(30)
        root.groupInterval = .seconds(300)
        root.repeatInterval = .seconds(3_600)
    }

    @Test("a group waits for its first notification, then tells what is new, then repeats")
    func life() throws {
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")])
        #expect(dispatcher.receive([Fixture.alert(["alertname": "A", "instance": "1"])], nowMillis: Self.noon) == [])
        #expect(dispatcher.flush(nowMillis: Self.noon + 29_999).isEmpty)
        #expect(dispatcher.nextFlushMillis == Self.noon + 30_000)
        _ = dispatcher.receive([Fixture.alert(["alertname": "A", "instance": "2"], at: Self.noon + 10_000)], nowMillis: Self.noon + 10_000)

        let first = try #require(dispatcher.flush(nowMillis: Self.noon + 30_000).first)
        #expect(first.reason == .first && first.items.map { $0.alert.labels["instance"] } == ["1", "2"] && first.key.group == #"{}:{alertname="A"}"#)
        #expect(dispatcher.flush(nowMillis: Self.noon + 400_000).isEmpty, "nothing while a notification is under way")
        dispatcher.complete(first, succeeded: true, nowMillis: Self.noon + 31_000)

        #expect(dispatcher.flush(nowMillis: Self.noon + 330_000).isEmpty, "nothing new")
        _ = dispatcher.receive([Fixture.alert(["alertname": "A", "instance": "3"], at: Self.noon + 340_000)], nowMillis: Self.noon + 340_000)
        #expect(dispatcher.flush(nowMillis: Self.noon + 629_999).isEmpty)
        let second = try #require(dispatcher.flush(nowMillis: Self.noon + 630_000).first)
        #expect(second.reason == .newAlerts && second.items.count == 3)
        dispatcher.complete(second, succeeded: true, nowMillis: Self.noon + 630_000)

        // Heard of again now and then, as rules raise them.
        var repeated: [Delivery] = []
        for minute in 11...75 {
            let now = Self.noon + Int64(minute) * 60_000
            _ = dispatcher.receive(["1", "2", "3"].map { Fixture.alert(["alertname": "A", "instance": $0], at: now, startedAt: Self.noon) }, nowMillis: now)
            for delivery in dispatcher.flush(nowMillis: now) {
                repeated.append(delivery)
                dispatcher.complete(delivery, succeeded: true, nowMillis: now)
            }
        }
        #expect(repeated.map(\.reason) == [.repeatInterval])
    }

    @Test("what is over is told once, and the group goes")
    func resolution() throws {
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")])
        _ = dispatcher.receive([Fixture.alert(["alertname": "A", "i": "1"]), Fixture.alert(["alertname": "A", "i": "2"])], nowMillis: Self.noon)
        for delivery in dispatcher.flush(nowMillis: Self.noon + 30_000) { dispatcher.complete(delivery, succeeded: true, nowMillis: Self.noon + 30_000) }
        let end = Self.noon + 60_000
        _ = dispatcher.receive([Fixture.alert(["alertname": "A", "i": "1"], firing: false, at: end, startedAt: Self.noon)], nowMillis: end)
        let some = try #require(dispatcher.flush(nowMillis: Self.noon + 330_000).first)
        #expect(some.reason == .someResolved && Fixture.names(some) == ["A-", "A+"])
        dispatcher.complete(some, succeeded: true, nowMillis: Self.noon + 330_000)
        #expect(dispatcher.groups.values.first?.alerts.count == 1)

        _ = dispatcher.receive([Fixture.alert(["alertname": "A", "i": "2"], firing: false, at: Self.noon + 400_000, startedAt: Self.noon)], nowMillis: Self.noon + 400_000)
        let all = try #require(dispatcher.flush(nowMillis: Self.noon + 630_000).first)
        #expect(all.reason == .allResolved && Fixture.names(all) == ["A-"])
        dispatcher.complete(all, succeeded: true, nowMillis: Self.noon + 630_000)
        #expect(dispatcher.groups.isEmpty && dispatcher.nextFlushMillis == nil)
        #expect(dispatcher.flush(nowMillis: Self.noon + 700_000).isEmpty)
        #expect(dispatcher.alerts.isEmpty, "an alert that is over and told is forgotten")
    }

    @Test("an alert that nobody renews is over at its end")
    func timeout() throws {
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")])
        let alert = Alert(labels: Labels(["alertname": "A"]), nowMillis: Self.noon, resolveTimeoutMillis: 300_000)
        _ = dispatcher.receive([alert], nowMillis: Self.noon)
        for delivery in dispatcher.flush(nowMillis: Self.noon + 30_000) {
            #expect(Fixture.names(delivery) == ["A+"])
            dispatcher.complete(delivery, succeeded: true, nowMillis: Self.noon + 30_000)
        }
        #expect(dispatcher.flush(nowMillis: Self.noon + 330_000).map(\.reason) == [.allResolved])
    }

    @Test("an alert that fires again while its end is told is kept")
    func refiring() throws {
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")])
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"])], nowMillis: Self.noon)
        for delivery in dispatcher.flush(nowMillis: Self.noon + 30_000) { dispatcher.complete(delivery, succeeded: true, nowMillis: Self.noon + 30_000) }
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"], firing: false, at: Self.noon + 60_000, startedAt: Self.noon)], nowMillis: Self.noon + 60_000)
        let over = try #require(dispatcher.flush(nowMillis: Self.noon + 330_000).first)
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"], at: Self.noon + 331_000)], nowMillis: Self.noon + 331_000)
        dispatcher.complete(over, succeeded: true, nowMillis: Self.noon + 332_000)
        #expect(dispatcher.flush(nowMillis: Self.noon + 630_000).map(\.reason) == [.first])
    }

    @Test("a notification that failed is tried again at the group's next look, with what is new by then; resolved alerts wait for it")
    func failure() throws {
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook", webhooks: 2)])
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"])], nowMillis: Self.noon)
        let both = dispatcher.flush(nowMillis: Self.noon + 30_000)
        #expect(both.map(\.key.integration) == [0, 1])
        dispatcher.complete(both[0], succeeded: true, nowMillis: Self.noon + 31_000)
        #expect(dispatcher.nextFlushMillis == nil, "the second is still under way")
        dispatcher.complete(both[1], succeeded: false, nowMillis: Self.noon + 330_000)
        let again = dispatcher.flush(nowMillis: Self.noon + 330_000)
        #expect(again.map(\.key.integration) == [1] && again[0].reason == .first && again[0].deadlineMillis == Self.noon + 630_000)
        dispatcher.complete(again[0], succeeded: true, nowMillis: Self.noon + 330_000)

        _ = dispatcher.receive([Fixture.alert(["alertname": "A"], firing: false, at: Self.noon + 340_000, startedAt: Self.noon)], nowMillis: Self.noon + 340_000)
        for delivery in dispatcher.flush(nowMillis: Self.noon + 630_000) { dispatcher.complete(delivery, succeeded: delivery.key.integration == 0, nowMillis: Self.noon + 640_000) }
        #expect(dispatcher.groups.count == 1)
        #expect(dispatcher.flush(nowMillis: Self.noon + 930_000).map(\.key.integration) == [1])
    }

    @Test("a webhook that does not want to hear of ends is not told of them, and the next alert is a first one")
    func withoutResolved() throws {
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook") { $0.sendsResolved = false }])
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"])], nowMillis: Self.noon)
        for delivery in dispatcher.flush(nowMillis: Self.noon + 30_000) { dispatcher.complete(delivery, succeeded: true, nowMillis: Self.noon + 30_000) }
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"], firing: false, at: Self.noon + 60_000, startedAt: Self.noon)], nowMillis: Self.noon + 60_000)
        #expect(dispatcher.flush(nowMillis: Self.noon + 330_000).isEmpty)
        #expect(dispatcher.groups.isEmpty)
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"], at: Self.noon + 400_000)], nowMillis: Self.noon + 400_000)
        #expect(dispatcher.flush(nowMillis: Self.noon + 430_000).map(\.reason) == [.first])
    }

    @Test("after a restart nothing is told again that the log knows; an old alert does not wait for its group")
    func restart() throws {
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")])
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"])], nowMillis: Self.noon)
        for delivery in dispatcher.flush(nowMillis: Self.noon + 30_000) { dispatcher.complete(delivery, succeeded: true, nowMillis: Self.noon + 30_000) }

        let log = try #require(NotificationLog(dispatcher.log.encoded))
        #expect(log == dispatcher.log)
        var next = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")], log: log)
        let later = Self.noon + 120_000
        _ = next.receive([Fixture.alert(["alertname": "A"], at: later, startedAt: Self.noon), Fixture.alert(["alertname": "B"], at: later, startedAt: Self.noon)], nowMillis: later)
        #expect(next.nextFlushMillis == later)
        #expect(next.flush(nowMillis: later).map(Fixture.names) == [["B+"]])
    }

    @Test("what is no log of notifications is not taken for one", arguments: ["", "{}", "[]", #"{"version":2,"notifications":[]}"#, #"{"version":1,"notifications":[{}]}"#])
    func damagedLog(text: String) { #expect(NotificationLog(Array(text.utf8)) == nil) }

    @Test("another configuration groups every alert anew and repeats nothing; a notification under way is heard of before")
    func reload() throws {
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")])
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"]), Fixture.alert(["alertname": "B"])], nowMillis: Self.noon)
        let first = dispatcher.flush(nowMillis: Self.noon + 30_000)
        #expect(first.count == 2)
        dispatcher.complete(first[0], succeeded: true, nowMillis: Self.noon + 30_000)
        var changed = Self.root
        changed.repeatInterval = .seconds(7_200)
        dispatcher.use(try AlertRouting(root: changed, receivers: [Fixture.receiver("hook")]), nowMillis: Self.noon + 40_000)
        #expect(!dispatcher.isCurrent(first[1]))
        #expect(dispatcher.flush(nowMillis: Self.noon + 40_000).isEmpty, "A was told, B is being told")
        dispatcher.complete(first[1], succeeded: true, nowMillis: Self.noon + 41_000)
        #expect(dispatcher.flush(nowMillis: Self.noon + 41_000).isEmpty)
        #expect(dispatcher.groups.count == 2)
    }

    @Test("a firing source inhibits targets with equal labels, not itself, and not when it is over")
    func inhibition() throws {
        let rules = [InhibitRule(source: try AlertMatchers(lines: ["severity=critical"]), target: try AlertMatchers(lines: ["severity=~\"critical|warning\""]), equal: ["service"])]
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")], inhibit: rules)
        _ = dispatcher.receive(
            [
                Fixture.alert(["alertname": "Down", "severity": "critical", "service": "a"]), Fixture.alert(["alertname": "Slow", "severity": "warning", "service": "a"]),
                Fixture.alert(["alertname": "Slow", "severity": "warning", "service": "b"]),
            ], nowMillis: Self.noon)
        let told = dispatcher.flush(nowMillis: Self.noon + 30_000)
        #expect(told.map { $0.items.map { $0.alert.labels["service"] } } == [["a"], ["b"]])
        #expect(dispatcher.tally.suppressedByInhibition == 1)
        for delivery in told { dispatcher.complete(delivery, succeeded: true, nowMillis: Self.noon + 30_000) }
        _ = dispatcher.receive([Fixture.alert(["alertname": "Down", "severity": "critical", "service": "a"], firing: false, at: Self.noon + 60_000, startedAt: Self.noon)], nowMillis: Self.noon + 60_000)
        let later = dispatcher.flush(nowMillis: Self.noon + 330_000)
        #expect(later.map(\.reason) == [.allResolved, .newAlerts])
    }

    @Test("within a mute time, and outside an active time, nothing is told")
    func muting() throws {
        var lunch = TimeInterval()
        lunch.times = [try TimeInterval.times(from: "12:00", to: "13:00")]
        var root = Self.root
        root.routes = [
            Fixture.route(nil) { $0.matchers = try! AlertMatchers(lines: ["kind=muted"]); $0.muteTimeIntervals = ["lunch"] },
            Fixture.route(nil) { $0.matchers = try! AlertMatchers(lines: ["kind=active"]); $0.activeTimeIntervals = ["lunch"] },
        ]
        var dispatcher = try Fixture.dispatcher(root, [Fixture.receiver("hook")], intervals: [("lunch", [lunch])])
        _ = dispatcher.receive(["muted", "active"].map { Fixture.alert(["alertname": $0, "kind": $0]) }, nowMillis: Self.noon)
        let atNoon = dispatcher.flush(nowMillis: Self.noon + 30_000)
        #expect(atNoon.map(Fixture.names) == [["active+"]])
        for delivery in atNoon { dispatcher.complete(delivery, succeeded: true, nowMillis: Self.noon + 30_000) }
        _ = dispatcher.receive(["muted", "active"].map { Fixture.alert(["alertname": $0, "kind": $0, "new": "1"], at: Self.noon + 3_600_000) }, nowMillis: Self.noon + 3_600_000)
        #expect(dispatcher.flush(nowMillis: Self.noon + 3_600_000).map(Fixture.names) == [["muted+", "muted+"]])
        #expect(dispatcher.tally.suppressedByMuteTime == 1 && dispatcher.tally.suppressedByActiveTime == 2)
    }

    @Test("bounds hold: alerts and groups beyond them are refused by name, and only so many groups are told of at once")
    func bounds() throws {
        var limits = Dispatcher.Limits()
        limits.alertsMax = 3
        limits.groupsMax = 2
        limits.flushesMax = 1
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")], limits: limits)
        let refusals = dispatcher.receive(["A", "B", "C", "D"].map { Fixture.alert(["alertname": $0]) }, nowMillis: Self.noon)
        #expect(refusals == ["C: there are 2 groups already", "D: there are 3 alerts already"])
        let first = dispatcher.flush(nowMillis: Self.noon + 30_000)
        #expect(first.count == 1 && dispatcher.nextFlushMillis == nil)
        dispatcher.complete(first[0], succeeded: true, nowMillis: Self.noon + 30_000)
        #expect(dispatcher.flush(nowMillis: Self.noon + 30_000).count == 1)
        #expect(dispatcher.receive([Fixture.alert([:])], nowMillis: Self.noon) == ["an alert without name: at least one label pair required"])
    }

    @Test("of an alert that is heard of again the earliest start counts, and the latest end")
    func merging() throws {
        var dispatcher = try Fixture.dispatcher(Self.root, [Fixture.receiver("hook")])
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"], annotations: ["n": "1"])], nowMillis: Self.noon)
        _ = dispatcher.receive([Fixture.alert(["alertname": "A"], at: Self.noon + 60_000, annotations: ["n": "2"])], nowMillis: Self.noon + 60_000)
        let alert = try #require(dispatcher.alerts.values.first)
        #expect(alert.startsAtMillis == Self.noon && alert.endsAtMillis == Self.noon + 7_260_000 && alert.annotations == ["n": "2"])
    }

    @Test("waits between attempts grow by half up to a minute, spread by half")
    func retrySchedule() {
        var schedule = RetrySchedule()
        #expect((0..<4).map { _ in schedule.next(chance: 0.5) } == [500, 750, 1_125, 1_687])
        for _ in 0..<30 { _ = schedule.next(chance: 0) }
        #expect(schedule.next(chance: 0) == 30_000 && schedule.next(chance: 1) == 90_000)
    }
}
