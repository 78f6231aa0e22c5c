import MetricModel

/// The alert manager's decisions: which alerts form which groups, and who is to be told what and when.
///
/// A plain value, driven by alerts that come in and by time that passes: `receive` takes alerts, `flush` tells what is to be sent now, `complete` hears what became
/// of it. Each group waits `group_wait` for its first notification, then looks every `group_interval` whether there is something new, and repeats after
/// `repeat_interval`. While a group's notification is under way the group waits. Alerts that are over are kept until that was told, or need not be.
///
/// Source: alertmanager `dispatch/dispatch.go`, `notify/notify.go`, `provider/mem/mem.go`.
package struct Dispatcher: Sendable {
    /// Bounds of what is held.
    package struct Limits: Sendable {
        /// Alerts; further ones are refused.
        package var alertsMax = 100_000
        package var groupsMax = 20_000
        /// Groups whose notifications are under way at once; others wait for them.
        package var flushesMax = 128
        package init() {}
    }

    /// Identity of a group: its route and the labels it is grouped by.
    package struct GroupID: Hashable, Sendable {
        package let route: Int
        package let labels: Labels
    }

    /// Alerts that are told of together.
    package struct Group: Sendable {
        package let key: String
        /// By fingerprint, each with a number that changes with every update.
        package fileprivate(set) var alerts: [UInt64: (alert: Alert, revision: UInt64)] = [:]
        package fileprivate(set) var nextFlushMillis: Int64
    }

    /// What became of alerts and notifications, since the beginning.
    package struct Tally: Sendable {
        package var receivedFiring = 0
        package var receivedResolved = 0
        package var refused = 0
        package var suppressedByInhibition = 0
        package var suppressedByMuteTime = 0
        package var suppressedByActiveTime = 0
    }

    /// A group's notifications that are under way.
    private struct Flush {
        var open: Int
        var hasFailed = false
        var resolved: [(fingerprint: UInt64, revision: UInt64)]
    }

    package private(set) var routing: AlertRouting
    package private(set) var log: NotificationLog
    package private(set) var groups: [GroupID: Group] = [:]
    /// Every alert that is known, by fingerprint.
    package private(set) var alerts: [UInt64: Alert] = [:]
    package private(set) var tally = Tally()

    private let limits: Limits
    private var flushes: [GroupID: Flush] = [:]
    /// Keys of groups with notifications under way, of this generation and of earlier ones: two routes may make groups of one key.
    private var busyKeys: [String: Int] = [:]
    private var generation = 0
    private var nextID: UInt64 = 0
    private var prunedAtMillis: Int64 = 0

    package init(_ routing: AlertRouting, log: NotificationLog = NotificationLog(), limits: Limits = Limits()) {
        self.routing = routing
        self.log = log
        self.limits = limits
    }

    // MARK: - Taking alerts

    /// Takes alerts and puts each into the groups of its routes. Answers what was wrong with those that were not taken.
    package mutating func receive(_ incoming: [Alert], nowMillis now: Int64) -> [String] {
        var refusals: [String] = []
        for alert in incoming {
            if alert.isResolved(atMillis: now) { tally.receivedResolved += 1 } else { tally.receivedFiring += 1 }
            if let refusal = alert.refusal ?? (alerts[alert.fingerprint] == nil && alerts.count >= limits.alertsMax ? "there are \(limits.alertsMax) alerts already" : nil) {
                tally.refused += 1
                refusals.append("\(alert.labels["alertname"] ?? "an alert without name"): \(refusal)")
                continue
            }
            var alert = alert
            if let known = alerts[alert.fingerprint], known.overlaps(alert) { alert = known.merged(with: alert, nowMillis: now) }
            alerts[alert.fingerprint] = alert
            if !group(alert, nowMillis: now) {
                refusals.append("\(alert.labels["alertname"] ?? "an alert without name"): there are \(limits.groupsMax) groups already")
            }
        }
        return refusals
    }

    /// Puts an alert into its groups; false where one of them could not be made.
    private mutating func group(_ alert: Alert, nowMillis now: Int64) -> Bool {
        var isTaken = true
        for index in routing.tree.matches(alert.labels) {
            let route = routing.tree.routes[index]
            let id = GroupID(route: index, labels: route.groupLabels(of: alert.labels))
            let revision = nextNumber()
            if groups[id] != nil {
                groups[id]?.alerts[alert.fingerprint] = (alert, revision)
            } else if groups.count < limits.groupsMax {
                // One that is old already has waited long enough.
                let isOld = alert.startsAtMillis + route.groupWaitMillis < now
                var group = Group(key: "\(route.key):\(Self.text(id.labels))", nextFlushMillis: isOld ? now : now + route.groupWaitMillis)
                group.alerts[alert.fingerprint] = (alert, revision)
                groups[id] = group
            } else {
                isTaken = false
            }
        }
        return isTaken
    }

    /// `{alertname="X", service="y"}`
    private static func text(_ labels: Labels) -> String { "{" + labels.pairs.map { "\($0.name)=\(LabelName.quoted($0.value))" }.joined(separator: ", ") + "}" }

    private mutating func nextNumber() -> UInt64 {
        nextID += 1
        return nextID
    }

    // MARK: - A new configuration

    /// Goes on under another configuration: every alert is grouped anew, and what the log knows is not told again. Notifications that are under way are
    /// to be given up or finished as `isCurrent` tells; until then their groups wait.
    package mutating func use(_ routing: AlertRouting, nowMillis now: Int64) {
        guard routing != self.routing else { return }
        self.routing = routing
        generation += 1
        groups = [:]
        flushes = [:]
        for fingerprint in alerts.keys.sorted() { if let alert = alerts[fingerprint] { _ = group(alert, nowMillis: now) } }
    }

    /// Whether trying again still makes sense: the configuration is the one under which it was decided.
    package func isCurrent(_ delivery: Delivery) -> Bool { delivery.generation == generation }

    // MARK: - Telling

    /// When `flush` may have something to tell, milliseconds since the epoch; nil while nothing waits for time to pass.
    package var nextFlushMillis: Int64? {
        guard flushes.count < limits.flushesMax else { return nil }
        return groups.lazy.filter { busyKeys[$0.value.key] == nil }.map(\.value.nextFlushMillis).min()
    }

    /// What is to be sent now. Each delivery must be answered with `complete`.
    package mutating func flush(nowMillis now: Int64) -> [Delivery] {
        prune(nowMillis: now)
        let due = groups.filter { $0.value.nextFlushMillis <= now && busyKeys[$0.value.key] == nil }
            .sorted { ($0.value.nextFlushMillis, $0.value.key) < ($1.value.nextFlushMillis, $1.value.key) }
        guard !due.isEmpty else { return [] }
        let inhibition = Inhibition(routing.inhibitRules, firing: alerts.values.lazy.filter { !$0.isResolved(atMillis: now) })
        var deliveries: [Delivery] = []
        for (id, group) in due {
            guard flushes.count < limits.flushesMax else { break }
            // Another of the same key may just have become busy.
            guard busyKeys[group.key] == nil else { continue }
            deliveries += flush(id, group, inhibition, nowMillis: now)
        }
        return deliveries
    }

    private mutating func flush(_ id: GroupID, _ group: Group, _ inhibition: Inhibition, nowMillis now: Int64) -> [Delivery] {
        let route = routing.tree.routes[id.route]
        groups[id]?.nextFlushMillis = now + route.groupIntervalMillis
        let sorted = group.alerts.values.sorted { Alert.precedes($0.alert, $1.alert) }
        let resolved = sorted.filter { $0.alert.isResolved(atMillis: now) }.map { (fingerprint: $0.alert.fingerprint, revision: $0.revision) }
        let items = audible(sorted.map { Delivery.Item(alert: $0.alert, isResolved: $0.alert.isResolved(atMillis: now)) }, route, inhibition, nowMillis: now)
        let deliveries = items.isEmpty ? [] : decide(id, group, route, items, nowMillis: now)
        if deliveries.isEmpty {
            forget(resolved, in: id)
        } else {
            flushes[id] = Flush(open: deliveries.count, resolved: resolved)
            busyKeys[group.key] = deliveries.count
        }
        return deliveries
    }

    /// What is left of a group's alerts when those are left out that nobody is to hear of now.
    private mutating func audible(_ items: [Delivery.Item], _ route: Route, _ inhibition: Inhibition, nowMillis now: Int64) -> [Delivery.Item] {
        let left = items.filter { !inhibition.inhibits($0.alert.labels) }
        tally.suppressedByInhibition += items.count - left.count
        if !route.activeTimeIntervals.isEmpty, !routing.isWithin(route.activeTimeIntervals, atMillis: now) {
            tally.suppressedByActiveTime += left.count
            return []
        }
        if routing.isWithin(route.muteTimeIntervals, atMillis: now) {
            tally.suppressedByMuteTime += left.count
            return []
        }
        return left
    }

    /// One delivery for each webhook that does not know yet.
    private mutating func decide(_ id: GroupID, _ group: Group, _ route: Route, _ items: [Delivery.Item], nowMillis now: Int64) -> [Delivery] {
        let firing = Set(items.lazy.filter { !$0.isResolved }.map(\.alert.fingerprint))
        let resolved = Set(items.lazy.filter(\.isResolved).map(\.alert.fingerprint))
        var deliveries: [Delivery] = []
        for webhook in routing.receivers[route.receiver]?.webhooks ?? [] {
            let key = NotificationLog.Key(group: group.key, receiver: route.receiver, integration: webhook.index)
            guard let reason = log.reason(
                key, firing: firing, resolved: resolved, sendsResolved: webhook.sendsResolved, repeatMillis: route.repeatIntervalMillis, nowMillis: now)
            else { continue }
            let told = webhook.sendsResolved ? items : items.filter { !$0.isResolved }
            guard !told.isEmpty else {
                // It does not want to hear that all is over; it is remembered as if it had.
                log.record(key, firing: firing, resolved: resolved, repeatMillis: route.repeatIntervalMillis, nowMillis: now)
                continue
            }
            deliveries.append(Delivery(
                id: nextNumber(), key: key, groupLabels: id.labels, webhook: webhook, reason: reason, items: told,
                deadlineMillis: now + max(route.groupIntervalMillis, 10_000), firing: firing, resolved: resolved, repeatMillis: route.repeatIntervalMillis, group: id,
                generation: generation))
        }
        return deliveries
    }

    /// Hears what became of a delivery. A failure leaves the group as it is: its next look tells again.
    package mutating func complete(_ delivery: Delivery, succeeded: Bool, nowMillis now: Int64) {
        if succeeded { log.record(delivery.key, firing: delivery.firing, resolved: delivery.resolved, repeatMillis: delivery.repeatMillis, nowMillis: now) }
        if let open = busyKeys[delivery.key.group] { busyKeys[delivery.key.group] = open > 1 ? open - 1 : nil }
        guard delivery.generation == generation, var flush = flushes[delivery.group] else { return }
        flush.open -= 1
        if !succeeded { flush.hasFailed = true }
        flushes[delivery.group] = flush.open > 0 ? flush : nil
        if flush.open == 0, !flush.hasFailed { forget(flush.resolved, in: delivery.group) }
    }

    /// Lets go of alerts that are over and have not been heard of since; a group without alerts goes with them.
    private mutating func forget(_ resolved: [(fingerprint: UInt64, revision: UInt64)], in id: GroupID) {
        for (fingerprint, revision) in resolved where groups[id]?.alerts[fingerprint]?.revision == revision { groups[id]?.alerts[fingerprint] = nil }
        if groups[id]?.alerts.isEmpty == true { groups[id] = nil }
    }

    /// Every minute: alerts that are over and in no group, and expired entries of the log, go.
    private mutating func prune(nowMillis now: Int64) {
        guard now - prunedAtMillis >= 60_000 || now < prunedAtMillis else { return }
        prunedAtMillis = now
        let grouped = groups.values.reduce(into: Set<UInt64>()) { $0.formUnion($1.alerts.keys) }
        alerts = alerts.filter { !$0.value.isResolved(atMillis: now) || grouped.contains($0.key) }
        log.prune(nowMillis: now)
    }
}
