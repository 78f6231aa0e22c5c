import Acquisition
import Alerting
import MetricModel
import Platform

/// What `prometheus.yml` says under `alerting`: what becomes of alerts' labels, and to which alert managers alerts are sent.
///
/// Source: upstream config/config.go `AlertingConfig`, `AlertmanagerConfig`.
struct AlertingConfiguration: Sendable {
    /// One entry of `alertmanagers`.
    struct Alertmanagers: Sendable {
        var scheme = "http"
        var pathPrefix = ""
        var timeoutMillis: Int64 = 10_000
        var http = DeliveryHTTP()
        var staticGroups: [TargetGroup] = []
        var fileDiscoveries: [FileDiscoveryOptions] = []
        var relabelRules: [RelabelRule] = []
        var alertRelabelRules: [RelabelRule] = []
    }

    /// Added to every alert that has not got them.
    var externalLabels: [String: String] = [:]
    var relabelRules: [RelabelRule] = []
    var alertmanagers: [Alertmanagers] = []

    init() {}

    init(_ section: inout YAMLSection, _ notServed: inout [String]) throws(ConfigurationError) {
        relabelRules = try PrometheusConfiguration.rules(&section, "alert_relabel_configs")
        for var entry in try section.sections("alertmanagers") ?? [] { alertmanagers.append(try Self.alertmanagers(&entry, &notServed)) }
        try section.refuseUnknown()
    }

    private static func alertmanagers(_ section: inout YAMLSection, _ notServed: inout [String]) throws(ConfigurationError) -> Alertmanagers {
        var entry = Alertmanagers()
        if let scheme = try section.string("scheme") {
            guard scheme == "http" || scheme == "https" else { throw section.error("scheme", "must be 'http' or 'https', not \"\(scheme)\"") }
            entry.scheme = scheme
        }
        entry.pathPrefix = try section.string("path_prefix") ?? ""
        if let timeout = try section.duration("timeout") {
            guard timeout.millis > 0 else { throw section.error("timeout", "must be greater than 0") }
            entry.timeoutMillis = timeout.millis
        }
        if let version = try section.string("api_version"), version != "v2" {
            throw section.error("api_version", "expected Alertmanager api version to be one of [v2] but got \(version)")
        }
        entry.relabelRules = try PrometheusConfiguration.rules(&section, "relabel_configs")
        entry.alertRelabelRules = try PrometheusConfiguration.rules(&section, "alert_relabel_configs")
        var targets = ScrapeConfig(job: "alertmanager")
        try PrometheusConfiguration.targets(&section, &targets)
        let http = try section.httpOptions(&notServed)
        notServed += http.ofScrapesAlone.map { "\(section.file): \(section.name(of: $0))" }
        targets.relabelRules = entry.relabelRules
        do { try targets.validate() } catch { throw section.error("static_configs", "\(error)") }
        entry.staticGroups = targets.staticGroups
        entry.fileDiscoveries = targets.fileDiscoveries
        entry.http = DeliveryHTTP(http)
        for key in PrometheusConfiguration.discoveriesNotServed + ["sigv4"] where section.node(key) != nil { notServed.append("\(section.file): \(section.name(of: key))") }
        try section.refuseUnknown()
        return entry
    }

    /// An alert's labels as everybody is told them; nil where they are dropped.
    func relabeled(_ labels: Labels) -> Labels? {
        var set = LabelSet(labels)
        for (name, value) in externalLabels where set[name].isEmpty { set[name] = value }
        return RelabelRule.apply(relabelRules, to: &set) ? set.labels : nil
    }
}

extension AlertingConfiguration.Alertmanagers {
    /// Whom alerts go to, when the files name `discovered`.
    ///
    /// Source: upstream notifier/alertmanager.go `AlertmanagerFromGroup`.
    func set(discovered: [TargetGroup]) -> AlertmanagerSet {
        var set = AlertmanagerSet(urls: [])
        for group in staticGroups + discovered {
            for target in group.targets {
                var labels = LabelSet(target.map { (name: $0.key, value: $0.value) })
                for (name, value) in group.labels where labels[name].isEmpty { labels[name] = value }
                labels[TargetLabel.scheme] = scheme
                labels["__alerts_path__"] = path
                let before = Self.url(labels)
                guard RelabelRule.apply(relabelRules, to: &labels) else {
                    set.droppedURLs.append(before)
                    continue
                }
                let url = Self.url(labels)
                if !set.urls.contains(url) { set.urls.append(url) }
            }
        }
        set.timeoutMillis = timeoutMillis
        set.http = http
        set.relabel = { [alertRelabelRules] labels in
            guard !alertRelabelRules.isEmpty else { return labels }
            var set = LabelSet(labels)
            return RelabelRule.apply(alertRelabelRules, to: &set) ? set.labels : nil
        }
        return set
    }

    private var path: String { "/" + (pathPrefix.split(separator: "/").map(String.init) + ["api", "v2", "alerts"]).joined(separator: "/") }

    private static func url(_ labels: LabelSet) -> String { "\(labels[TargetLabel.scheme])://\(labels[TargetLabel.address])\(labels["__alerts_path__"])" }
}

extension DeliveryHTTP {
    /// The same as for a scrape.
    init(_ options: ScrapeHTTPOptions) {
        self.init()
        func secret(_ secret: ScrapeHTTPOptions.Secret) -> Secret {
            switch secret {
            case .inline(let text): .inline(text)
            case .file(let path): .file(path)
            }
        }
        switch options.authorization {
        case .none: authorization = .none
        case .basic(.inline(let username), let password): authorization = .basic(username: username, password: secret(password))
        case .basic(.file, let password): authorization = .basic(username: "", password: secret(password))
        case .credentials(let type, let credentials): authorization = .credentials(type: type, secret(credentials))
        }
        if let options = options.tls {
            var tls = TLS()
            tls.caFile = options.authority?.file
            tls.certificateFile = options.certificate?.file
            tls.keyFile = options.key?.file
            tls.skipsVerification = options.skipsVerification
            self.tls = tls
        }
        followsRedirects = options.followsRedirects
    }
}
