import Acquisition
import Alerting
import MetricModel
import Platform

/// What `alertmanager.yml` says: routes, receivers with webhooks, inhibition, time intervals. What alertmanager knows and this does not deliver is listed by name.
///
/// Routes, inhibition and time intervals are read strictly. In `global`, receivers and at the top a key that nobody knows is listed as well: it changes nothing of
/// who is told. Source: alertmanager config/config.go.
struct AlertmanagerConfiguration: Sendable {
    let routing: AlertRouting
    /// Keys without effect here, each with its place.
    private(set) var notServed: [String] = []

    init(_ text: String, file: String) throws(ConfigurationError) {
        var top = try YAMLSection.document(text, file: file)
        var notServed: [String] = []
        var global = Global()
        if var section = try top.section("global") { global = try Global(&section, &notServed) }
        guard var root = try top.section("route") else { throw ConfigurationError(file: file, line: nil, reason: "no route provided in config") }
        let routeOptions = try Self.route(&root, &notServed)
        var receivers: [Receiver] = []
        for var section in try top.sections("receivers") ?? [] { receivers.append(try Self.receiver(&section, global, &notServed)) }
        var rules: [InhibitRule] = []
        for var section in try top.sections("inhibit_rules") ?? [] { rules.append(try Self.inhibitRule(&section)) }
        var intervals: [(name: String, intervals: [TimeInterval])] = []
        for key in ["mute_time_intervals", "time_intervals"] {
            for var section in try top.sections(key) ?? [] { intervals.append(try Self.timeInterval(&section)) }
        }
        if try top.strings("templates")?.isEmpty == false { notServed.append("\(file): templates") }
        for key in top.unasked { notServed.append("\(file): \(key)") }
        do {
            routing = try AlertRouting(root: routeOptions, receivers: receivers, inhibitRules: rules, timeIntervals: intervals, resolveTimeout: global.resolveTimeout)
        } catch {
            throw ConfigurationError(file: file, line: nil, reason: "\(error)")
        }
        self.notServed = notServed
    }

    private struct Global {
        var resolveTimeout = ModelDuration.seconds(300)
        var http = DeliveryHTTP()

        init() {}

        init(_ section: inout YAMLSection, _ notServed: inout [String]) throws(ConfigurationError) {
            resolveTimeout = try section.duration("resolve_timeout") ?? resolveTimeout
            if let options = try AlertmanagerConfiguration.http(&section, &notServed) { http = options }
            for key in section.unasked { notServed.append("\(section.file): \(section.name(of: key))") }
        }
    }

    /// The keys of `http_config`; nil where it is not given.
    private static func http(_ section: inout YAMLSection, _ notServed: inout [String]) throws(ConfigurationError) -> DeliveryHTTP? {
        guard var http = try section.section("http_config") else { return nil }
        let options = try http.httpOptions(&notServed)
        notServed += options.ofScrapesAlone.map { "\(http.file): \(http.name(of: $0))" }
        try http.refuseUnknown()
        return DeliveryHTTP(options)
    }

    private static func route(_ section: inout YAMLSection, _ notServed: inout [String]) throws(ConfigurationError) -> RouteOptions {
        var route = RouteOptions()
        route.receiver = try section.string("receiver")
        route.groupBy = try section.strings("group_by")
        route.groupWait = try section.duration("group_wait")
        route.groupInterval = try section.duration("group_interval")
        route.repeatInterval = try section.duration("repeat_interval")
        route.matchers = try matchers(&section, prefix: "")
        route.continues = try section.bool("continue") ?? false
        route.muteTimeIntervals = try section.strings("mute_time_intervals") ?? []
        route.activeTimeIntervals = try section.strings("active_time_intervals") ?? []
        for var child in try section.sections("routes") ?? [] { route.routes.append(try Self.route(&child, &notServed)) }
        if section.node("labels") != nil { notServed.append("\(section.file): \(section.name(of: "labels"))") }
        try section.refuseUnknown()
        return route
    }

    /// `match`, `match_re` and `matchers` under their names in routes and, with a prefix, in inhibition rules.
    private static func matchers(_ section: inout YAMLSection, prefix: String) throws(ConfigurationError) -> AlertMatchers {
        var matchers: [Matcher] = []
        for (key, kind) in [(prefix + "match", Matcher.Kind.equal), (prefix + "match_re", .regex)] {
            for (name, value) in try section.texts(key) ?? [] {
                guard LabelName.isLegacy(name) else { throw section.error(key, "invalid label name \"\(name)\"") }
                // So upstream has it, and so it stands in the keys of groups.
                do { matchers.append(try Matcher(kind, name, kind == .regex ? "^(?:\(value))$" : value)) } catch { throw section.error(key, "\(error)") }
            }
        }
        let key = prefix + "matchers"
        let lines = try section.strings(key) ?? []
        do { matchers += try AlertMatchers(lines: lines).matchers } catch { throw section.error(key, "\(error)") }
        return AlertMatchers(matchers)
    }

    private static func inhibitRule(_ section: inout YAMLSection) throws(ConfigurationError) -> InhibitRule {
        let rule = InhibitRule(
            source: try matchers(&section, prefix: "source_"), target: try matchers(&section, prefix: "target_"), equal: try section.strings("equal") ?? [])
        _ = try section.string("name")
        try section.refuseUnknown()
        return rule
    }

    private static func receiver(_ section: inout YAMLSection, _ global: Global, _ notServed: inout [String]) throws(ConfigurationError) -> Receiver {
        guard let name = try section.string("name"), !name.isEmpty else { throw section.error("name", "missing name in receiver") }
        var receiver = Receiver(name: name)
        for (index, var entry) in (try section.sections("webhook_configs") ?? []).enumerated() {
            if let webhook = try webhook(&entry, index: index, global, &notServed) { receiver.webhooks.append(webhook) }
        }
        _ = try section.texts("labels")
        for key in section.unasked { notServed.append("\(section.file): \(section.name(of: key)) of receiver \"\(name)\", through which nothing is delivered") }
        return receiver
    }

    private static func webhook(_ section: inout YAMLSection, index: Int, _ global: Global, _ notServed: inout [String]) throws(ConfigurationError) -> Webhook? {
        let (url, file) = (try section.string("url") ?? "", try section.string("url_file") ?? "")
        guard !url.isEmpty || !file.isEmpty else { throw section.error("url", "one of url or url_file must be configured") }
        guard url.isEmpty || file.isEmpty else { throw section.error("url", "at most one of url & url_file must be configured") }
        var webhook = Webhook(url: file.isEmpty ? .inline(url) : .file(file), index: index)
        webhook.sendsResolved = try section.bool("send_resolved") ?? true
        webhook.alertsMax = try section.int("max_alerts") ?? 0
        guard webhook.alertsMax >= 0 else { throw section.error("max_alerts", "must not be negative") }
        webhook.timeoutMillis = try section.duration("timeout")?.millis ?? 0
        webhook.http = try http(&section, &notServed) ?? global.http
        for key in section.unasked { notServed.append("\(section.file): \(section.name(of: key))") }
        if url.contains("{{") {
            notServed.append("\(section.file): \(section.name(of: "url")) is a template; nothing is delivered through it, which")
            return nil
        }
        if file.isEmpty, !["http://", "https://"].contains(where: { url.lowercased().hasPrefix($0) && url.utf8.count > $0.utf8.count }) {
            throw section.error("url", "unsupported scheme or missing host in \"\(url)\": an address such as http://localhost:5001/ is needed")
        }
        return webhook
    }

    private static func timeInterval(_ section: inout YAMLSection) throws(ConfigurationError) -> (name: String, intervals: [TimeInterval]) {
        let name = try section.string("name") ?? ""
        var intervals: [TimeInterval] = []
        for var entry in try section.sections("time_intervals") ?? [] {
            var interval = TimeInterval()
            for var time in try entry.sections("times") ?? [] {
                guard let start = try time.string("start_time"), let end = try time.string("end_time") else {
                    throw time.error("start_time", "both start and end times must be provided")
                }
                do { interval.times.append(try TimeInterval.times(from: start, to: end)) } catch { throw time.error("start_time", "\(error)") }
                try time.refuseUnknown()
            }
            interval.weekdays = try ranges(&entry, "weekdays", TimeInterval.weekdays)
            interval.daysOfMonth = try ranges(&entry, "days_of_month", TimeInterval.days)
            interval.months = try ranges(&entry, "months", TimeInterval.months)
            interval.years = try ranges(&entry, "years", TimeInterval.years)
            if let location = try entry.string("location"), !["", "UTC", "Etc/UTC"].contains(location) { interval.zone = try zone(location, &entry) }
            try entry.refuseUnknown()
            intervals.append(interval)
        }
        try section.refuseUnknown()
        return (name, intervals)
    }

    /// A place of the time zone database, as it lies on this machine.
    private static func zone(_ name: String, _ section: inout YAMLSection) throws(ConfigurationError) -> ZoneRules {
        let isPath = name.hasPrefix("/") || name.contains("..") || name.contains("\\")
        for folder in isPath ? [] : zoneFolders {
            guard let bytes = try? Disk().contents("\(folder)/\(name)") else { continue }
            guard let rules = ZoneRules(bytes) else { throw section.error("location", "\(folder)/\(name) is no file of the time zone database") }
            return rules
        }
        throw section.error("location", "unknown time zone \(name): it is looked for in \(zoneFolders.joined(separator: ", "))")
    }

    /// Where Go looks, too.
    private static let zoneFolders = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"]

    private static func ranges<Range>(_ section: inout YAMLSection, _ key: String, _ read: (String) throws(AlertingError) -> Range) throws(ConfigurationError) -> [Range] {
        var ranges: [Range] = []
        for text in try section.strings(key) ?? [] {
            do { ranges.append(try read(text)) } catch { throw section.error(key, "\(error)") }
        }
        return ranges
    }
}
