import MetricModel
import PromQL

/// How fast a budget may burn before somebody is told: so much of it within a part of the window (Google's SRE workbook, "Alerting on SLOs").
private struct BurnAlert {
    let severity: String
    let budgetShare: Double
    let windowShare: Double

    /// For 30 days: 14.4 times over an hour, 6 times over six hours, once over three days.
    static let all = [
        BurnAlert(severity: "critical", budgetShare: 0.02, windowShare: 1.0 / 720), BurnAlert(severity: "critical", budgetShare: 0.05, windowShare: 1.0 / 120),
        BurnAlert(severity: "warning", budgetShare: 0.1, windowShare: 1.0 / 10),
    ]
}

extension ServiceLevel {
    /// A look at how fast the budget burns: over a long time, and over a short one that tells whether it still does.
    private struct BurnWindow {
        let long: ModelDuration
        let short: ModelDuration
        let factor: Double
        let severity: String
    }

    /// Windows of at least five minutes, in which there is something to measure, and only those in which the budget burns faster than it should.
    private var burnWindows: [BurnWindow] {
        var windows: [BurnWindow] = []
        for alert in BurnAlert.all {
            let long = max((window.seconds * alert.windowShare / 60).rounded() * 60, 300)
            let factor = alert.budgetShare * window.seconds / long
            guard factor >= 0.999, long < window.seconds, !windows.contains(where: { $0.long.seconds == long }) else { continue }
            windows.append(BurnWindow(long: .seconds(Int64(long)), short: .seconds(Int64(max((long / 12).rounded(), 60))), factor: factor, severity: alert.severity))
        }
        return windows
    }

    /// The selector of a metric's series that count.
    private func selector(_ metric: String, _ more: String = "") -> String {
        let matchers = [("primitive", primitive), ("job", job)].compactMap { name, value in value.map { "\(name)=\(LabelName.quoted($0))" } } + (more.isEmpty ? [] : [more])
        return matchers.isEmpty ? metric : "\(metric){\(matchers.joined(separator: ","))}"
    }

    /// The share of executions that were not good. Nothing where there were none.
    private func badShare(_ window: ModelDuration) -> String {
        switch objective {
        case .latency(let millis):
            // Bounds are written as 1, 1.0 or 1e+00 by different libraries.
            let bound = GoFormat.shortest(millis / 1_000)
            let pattern = bound.replacing(".", with: "[.]") + (bound.contains(".") ? "0*" : "([.]0*)?")
            let good = selector("primitive_duration_seconds_bucket", "le=~\(LabelName.quoted(pattern))")
            return "1 - sum(rate(\(good)[\(window)])) / sum(rate(\(selector("primitive_duration_seconds_count"))[\(window)]))"
        case .errors:
            let (errors, all) = (selector("primitive_errors_total"), selector("primitive_requests_total"))
            return "(sum(rate(\(errors)[\(window)])) or vector(0)) / sum(rate(\(all)[\(window)]))"
        }
    }

    /// The rules of this service level: what is left of its budget, how fast it burns, and alerts on that.
    ///
    /// - Parameter file: where the service level was read.
    package func groups(file: String, intervalMillis: Int64) throws(ParseError) -> [RuleGroup] {
        let budget = GoFormat.shortest(((1 - target) * 1e12).rounded() / 1e12)
        let windows = burnWindows
        var rules: [Rule] = []
        for window in Set(windows.flatMap { [$0.long, $0.short] }).sorted() {
            rules.append(Rule(
                recording: "slo:burn_rate:ratio", try PromQL.parse("(\(badShare(window))) / \(budget)"), labels: ["slo": name, "window": window.description]))
        }
        for window in windows { rules.append(try alert(on: window)) }
        if case .errors(let threshold) = objective {
            rules.append(Rule(
                alerting: "SLOErrorRate", try PromQL.parse("\(badShare(.seconds(300))) > \(GoFormat.shortest(threshold))"),
                .init(holdMillis: 300_000, annotations: annotations("fails more often than it may", "{{ $value | humanizePercentage }} of the executions of the last five minutes have failed.")),
                labels: ["slo": name, "severity": "warning"]))
        }
        let left = Rule(recording: "slo:error_budget_remaining:ratio", try PromQL.parse("1 - (\(badShare(window))) / \(budget)"), labels: ["slo": name])
        // A long window is much to read and changes slowly; beyond two minutes its series would have gaps.
        let slowMillis = max(intervalMillis, min(window.millis / 720, 120_000))
        return [
            RuleGroup(name: "slo:\(name)", file: file, intervalMillis: intervalMillis, rules: rules),
            RuleGroup(name: "slo:\(name):budget", file: file, intervalMillis: slowMillis, rules: [left]),
        ]
    }

    private func alert(on window: BurnWindow) throws(ParseError) -> Rule {
        func burn(_ length: ModelDuration) -> String { "slo:burn_rate:ratio{slo=\(LabelName.quoted(name)),window=\"\(length)\"}" }
        let factor = GoFormat.shortest((window.factor * 1_000).rounded() / 1_000)
        return Rule(
            alerting: "SLOBurnRate", try PromQL.parse("\(burn(window.long)) > \(factor) and ignoring (window) \(burn(window.short)) > \(factor)"),
            .init(annotations: annotations(
                "uses up its error budget", "It burns {{ $value | humanize }} times as fast as it may, over \(window.long) and over \(window.short); \(factor) times is too much.")),
            labels: ["severity": window.severity])
    }

    private func annotations(_ summary: String, _ text: String) -> [String: String] {
        // What people write is no template.
        func plain(_ text: String) -> String { text.replacing("{{", with: "{ {") }
        return ["summary": "\(plain(name)) \(summary)", "description": (description.isEmpty ? "" : plain(description) + " ") + text]
    }
}
