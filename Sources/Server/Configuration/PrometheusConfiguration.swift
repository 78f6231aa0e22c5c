import Acquisition
import MetricModel
import Platform
import RemoteStores

/// What `prometheus.yml` says, as far as it is served; what is valid and not served yet is listed by name.
struct PrometheusConfiguration: Sendable {
    var scrapes: [ScrapeConfig] = []
    var remoteWrites: [RemoteWriteOptions] = []
    var storage = StorageConfiguration()
    var alerting = AlertingConfiguration()
    var rules = RuleConfiguration()
    /// Where every query is written down; nil for nowhere.
    var queryLogFile: String?
    /// The file as it was read, its secrets left out, for `/api/v1/status/config`.
    var text = ""
    /// Keys that Prometheus knows and this does not serve, each with its place.
    var notServed: [String] = []

    /// The stack itself, the push gateway, an application on 9464 and a node exporter on 9100: what runs when no file says otherwise.
    /// A target that is not there is simply `up 0`.
    static func standard(doors: [DoorName: Int]) -> PrometheusConfiguration {
        func job(_ name: String, _ port: Int, seconds: Int64) -> ScrapeConfig {
            var config = ScrapeConfig(job: name)
            config.interval = .seconds(seconds)
            config.timeout = .seconds(min(seconds, 4))
            config.staticGroups = [TargetGroup(addresses: ["localhost:\(port)"])]
            return config
        }
        var push = job("pushgateway", doors[.pushgateway] ?? DoorName.pushgateway.defaultPort, seconds: 5)
        push.honorsLabels = true
        var application = job("application", 9464, seconds: 5)
        var formats = ScrapeFormats()
        (formats.scrapesNativeHistograms, formats.alwaysScrapesClassicHistograms) = (true, true)
        formats.apply(to: &application)
        var configuration = PrometheusConfiguration()
        configuration.rules.interval = .seconds(15)
        configuration.rules.files = [RuleConfiguration.alertsFile]
        configuration.rules.usesEmbeddedAlerts = true
        configuration.scrapes = [
            job("prometheus", doors[.prometheus] ?? DoorName.prometheus.defaultPort, seconds: 5), push, application, job("node", 9100, seconds: 15),
        ]
        configuration.text = configuration.scrapes.map { config in
            let target = config.staticGroups[0].targets[0][TargetLabel.address] ?? ""
            return """
                - job_name: \(config.job)
                  scrape_interval: \(config.interval)
                  scrape_timeout: \(config.timeout)
                  honor_labels: \(config.honorsLabels)
                  scrape_native_histograms: \(config.scrapesNativeHistograms)
                  always_scrape_classic_histograms: \(config.alwaysScrapesClassicHistograms)
                  static_configs:
                  - targets: ["\(target)"]

                """
        }.reduce("global:\n  evaluation_interval: \(configuration.rules.interval)\nrule_files:\n- \(RuleConfiguration.alertsFile)\nscrape_configs:\n", +)
        return configuration
    }

    /// Reads the text of a `prometheus.yml`. Source: upstream config/config.go.
    ///
    /// With `scrapesNativeHistograms` native histograms are scraped where the file does not say otherwise.
    init(_ text: String, file: String, scrapesNativeHistograms: Bool = false) throws(ConfigurationError) {
        self.text = YAMLDocument.redacted(text)
        var top = try YAMLSection.document(text, file: file)
        var globals = Globals()
        globals.formats.scrapesNativeHistograms = scrapesNativeHistograms
        if var section = try top.section("global") { try globals.read(&section, &notServed) }
        queryLogFile = globals.queryLogFile
        rules = globals.rules
        rules.files = try top.strings("rule_files") ?? []
        for path in rules.files where !RuleConfiguration.isPattern(path) { throw top.error("rule_files", "invalid rule file path \"\(path)\"") }
        for key in ["remote_read", "tracing", "otlp", "runtime"] where top.node(key) != nil {
            notServed.append("\(file): \(key)")
        }
        if var section = try top.section("alerting") { alerting = try AlertingConfiguration(&section, &notServed) }
        alerting.externalLabels = rules.externalLabels
        if var section = try top.section("storage") { storage = try StorageConfiguration(&section, &notServed) }
        remoteWrites = try RemoteWriteConfiguration.all(try top.sections("remote_write") ?? [], externalLabels: Labels(globals.rules.externalLabels.map { ($0.key, $0.value) }), &notServed)
        var names: Set<String> = []
        for var section in try (top.sections("scrape_configs") ?? []) + Self.included(&top) {
            let config = try Self.scrape(&section, globals, &notServed)
            guard names.insert(config.job).inserted else { throw section.error("job_name", "found multiple scrape configs with job name \"\(config.job)\"") }
            scrapes.append(config)
        }
        try top.refuseUnknown()
    }

    private init() {}

    /// The scrape configs of other files. Their own files are looked for from their own folders.
    private static func included(_ top: inout YAMLSection) throws(ConfigurationError) -> [YAMLSection] {
        var sections: [YAMLSection] = []
        for pattern in try top.strings("scrape_config_files") ?? [] {
            guard RuleConfiguration.isPattern(pattern) else { throw top.error("scrape_config_files", "invalid scrape config file path \"\(pattern)\"") }
            for file in FilePattern.files(FilePattern.joined(top.folder, pattern)) {
                var included = try YAMLSection.document(try ConfigurationFolder.text(file) ?? "", file: file)
                sections += try included.sections("scrape_configs") ?? []
                try included.refuseUnknown()
            }
        }
        return sections
    }

    private struct Globals {
        var interval = ModelDuration.seconds(60)
        var timeout = ModelDuration.seconds(10)
        var bodyBytesMax = 0, sampleLimit = 0, targetLimit = 0, labelLimit = 0, labelNameLengthMax = 0, labelValueLengthMax = 0, keptDroppedTargets = 0

        var formats = ScrapeFormats()
        var queryLogFile: String?
        var nameRules: NameRules?
        var nameEscaping: NameEscaping?
        var storesExtraMetrics = false
        var rules = RuleConfiguration()

        mutating func read(_ section: inout YAMLSection, _ notServed: inout [String]) throws(ConfigurationError) {
            if let interval = try section.duration("scrape_interval"), interval.millis > 0 { self.interval = interval }
            if let timeout = try section.duration("scrape_timeout") {
                guard timeout <= interval else { throw section.error("scrape_timeout", "global scrape timeout greater than scrape interval") }
                self.timeout = timeout
            }
            timeout = min(timeout, interval)
            try formats.read(&section, place: "for global config")
            if let interval = try section.duration("evaluation_interval"), interval.millis > 0 { rules.interval = interval }
            rules.queryOffset = try section.duration("rule_query_offset") ?? rules.queryOffset
            for (name, value) in try section.texts("external_labels") ?? [] {
                guard !name.isEmpty, name != LabelName.metric else { throw section.error("external_labels", "\(LabelName.quoted(name)) is not a valid label name") }
                rules.externalLabels[name] = EnvironmentText.expanded(value)
            }
            if let scheme = try section.string("metric_name_validation_scheme") {
                guard ["legacy", "utf8", ""].contains(scheme) else { throw section.error("metric_name_validation_scheme", "\"\(scheme)\" is neither legacy nor utf8") }
                rules.requiresLegacyNames = scheme == "legacy"
            }
            bodyBytesMax = try section.bytes("body_size_limit") ?? 0
            sampleLimit = try section.int("sample_limit") ?? 0
            targetLimit = try section.int("target_limit") ?? 0
            labelLimit = try section.int("label_limit") ?? 0
            labelNameLengthMax = try section.int("label_name_length_limit") ?? 0
            labelValueLengthMax = try section.int("label_value_length_limit") ?? 0
            keptDroppedTargets = try section.int("keep_dropped_targets") ?? 0
            nameRules = try section.choice("metric_name_validation_scheme", NameRules.self)
            nameEscaping = try section.choice("metric_name_escaping_scheme", NameEscaping.self)
            storesExtraMetrics = try section.bool("extra_scrape_metrics") ?? false
            if let path = try section.string("query_log_file"), !path.isEmpty {
                // A relative path starts at the file that says it, as upstream.
                queryLogFile = path.hasPrefix("/") ? path : "\(Disk.parent(section.file))/\(path)"
            }
            for key in [
                "scrape_failure_log_file", "runtime", "scrape_classic_histograms", "convert_classic_histograms_to_nhcb",
            ] where section.node(key) != nil { notServed.append("\(section.file): \(section.name(of: key))") }
            try section.refuseUnknown()
        }
    }

    private static func scrape(_ section: inout YAMLSection, _ globals: Globals, _ notServed: inout [String]) throws(ConfigurationError) -> ScrapeConfig {
        guard let job = try section.string("job_name"), !job.isEmpty else { throw section.error("job_name", "a scrape config needs a job_name") }
        var config = ScrapeConfig(job: job)
        config.interval = try section.duration("scrape_interval") ?? globals.interval
        config.timeout = try section.duration("scrape_timeout") ?? min(globals.timeout, config.interval)
        if let path = try section.string("metrics_path") { config.metricsPath = path }
        if let scheme = try section.string("scheme") { config.scheme = scheme }
        for (name, values) in try section.lists("params") ?? [] { config.parameters[name] = values }
        config.honorsLabels = try section.bool("honor_labels") ?? false
        config.honorsTimestamps = try section.bool("honor_timestamps") ?? true
        config.tracksTimestampStaleness = try section.bool("track_timestamps_staleness") ?? false
        config.requestsCompression = try section.bool("enable_compression") ?? true
        var formats = globals.formats
        try formats.read(&section, place: "for scrape config with job name \"\(job)\"")
        formats.apply(to: &config)
        try ScrapeFormats.readLimits(&section, into: &config)
        config.bodyBytesMax = try section.bytes("body_size_limit") ?? globals.bodyBytesMax
        config.sampleLimit = try section.int("sample_limit") ?? globals.sampleLimit
        config.targetLimit = try section.int("target_limit") ?? globals.targetLimit
        config.labelLimit = try section.int("label_limit") ?? globals.labelLimit
        config.labelNameLengthMax = try section.int("label_name_length_limit") ?? globals.labelNameLengthMax
        config.labelValueLengthMax = try section.int("label_value_length_limit") ?? globals.labelValueLengthMax
        config.keptDroppedTargets = try section.int("keep_dropped_targets") ?? globals.keptDroppedTargets
        try targets(&section, &config)
        config.relabelRules = try rules(&section, "relabel_configs")
        config.metricRelabelRules = try rules(&section, "metric_relabel_configs")
        config.http = try section.httpOptions(&notServed)
        try names(&section, globals, &config)
        for key in ["scrape_classic_histograms", "convert_classic_histograms_to_nhcb", "scrape_failure_log_file"] + discoveriesNotServed where section.node(key) != nil { notServed.append("\(section.file): \(section.name(of: key))") }
        try section.refuseUnknown()
        do {
            try config.validate()
        } catch {
            throw section.error("job_name", "\(error)")
        }
        return config
    }

    /// Ways to find targets that Prometheus has and this has not.
    static let discoveriesNotServed = [
        "azure_sd_configs", "aws_sd_configs", "consul_sd_configs", "digitalocean_sd_configs", "dns_sd_configs", "docker_sd_configs", "dockerswarm_sd_configs", "ec2_sd_configs",
        "eureka_sd_configs", "gce_sd_configs", "hetzner_sd_configs", "http_sd_configs", "ionos_sd_configs", "kubernetes_sd_configs", "kuma_sd_configs", "lightsail_sd_configs",
        "linode_sd_configs", "marathon_sd_configs", "nerve_sd_configs", "nomad_sd_configs", "oci_sd_configs", "openstack_sd_configs", "outscale_sd_configs",
        "ovhcloud_sd_configs", "puppetdb_sd_configs", "scaleway_sd_configs", "serverset_sd_configs", "stackit_sd_configs", "triton_sd_configs", "uyuni_sd_configs",
        "vultr_sd_configs",
    ]

    /// `static_configs` and `file_sd_configs`, of scrapes and of alert managers.
    static func targets(_ section: inout YAMLSection, _ config: inout ScrapeConfig) throws(ConfigurationError) {
        for (index, var group) in (try section.sections("static_configs") ?? []).enumerated() {
            let labels = Dictionary(try group.texts("labels") ?? []) { $1 }
            config.staticGroups.append(TargetGroup(addresses: try group.strings("targets") ?? [], labels: labels, source: String(index)))
            try group.refuseUnknown()
        }
        for var discovery in try section.sections("file_sd_configs") ?? [] {
            // From the folder of this file on, as upstream.
            let folder = section.folder
            let paths = (try discovery.strings("files") ?? []).map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
            config.fileDiscoveries.append(FileDiscoveryOptions(paths: paths))
            _ = try discovery.duration("refresh_interval")
            try discovery.refuseUnknown()
        }
    }

    /// Which names are taken from targets, and which series are made beside theirs.
    private static func names(_ section: inout YAMLSection, _ globals: Globals, _ config: inout ScrapeConfig) throws(ConfigurationError) {
        config.nameRules = try section.choice("metric_name_validation_scheme", NameRules.self) ?? globals.nameRules ?? .utf8
        // Names that need no escape are what legacy rules leave (upstream config/config.go).
        config.nameEscaping = try section.choice("metric_name_escaping_scheme", NameEscaping.self) ?? globals.nameEscaping ?? (config.nameRules == .utf8 ? .allowUTF8 : .underscores)
        config.storesExtraMetrics = try section.bool("extra_scrape_metrics") ?? globals.storesExtraMetrics
    }

    static func rules(_ section: inout YAMLSection, _ key: String) throws(ConfigurationError) -> [RelabelRule] {
        var rules: [RelabelRule] = []
        for var entry in try section.sections(key) ?? [] {
            var options = RelabelRule.Options()
            guard !entry.has("action") || entry.node("action") != nil else { throw entry.error("action", "relabel action cannot be empty") }
            if let action = try entry.string("action") {
                guard let known = RelabelRule.Action(rawValue: action.lowercased()) else { throw entry.error("action", "unknown relabel action \"\(action)\"") }
                options.action = known
            }
            options.sourceLabels = try entry.strings("source_labels")
            if let separator = try entry.string("separator") { options.separator = separator }
            if let regex = try entry.string("regex") { options.regex = regex }
            if let modulus = try entry.int("modulus") { options.modulus = UInt64(max(0, modulus)) }
            if let target = try entry.string("target_label") { options.targetLabel = target }
            if let replacement = try entry.string("replacement") { options.replacement = replacement }
            try entry.refuseUnknown()
            do {
                rules.append(try RelabelRule(options))
            } catch {
                throw entry.error("action", "\(error)")
            }
        }
        return rules
    }
}
