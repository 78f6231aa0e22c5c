import Bytes
import Glibc
import Platform
import PromQL
import Rules
import WebAssets

/// The folder of the originals' configuration files. Every file is optional.
struct ConfigurationFolder: Sendable {
    let path: String
    /// Files that were named by hand, in place of the folder's; then they must be there.
    private let namedPrometheusFile: String?
    private let namedWebFile: String?
    private let scrapesNativeHistograms: Bool

    /// Throws when the folder was asked for by name and is not there.
    init(_ options: ServerOptions) throws(StartFailure) {
        path = options.configDirectory
        namedPrometheusFile = options.configFile
        namedWebFile = options.webConfigFile
        scrapesNativeHistograms = options.scrapesNativeHistograms
        var status = stat()
        let exists = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        if !exists, options.configDirectoryIsExplicit { throw StartFailure("--config: \(path) is not a folder that can be read") }
    }

    var prometheusFile: String { namedPrometheusFile ?? path + "/prometheus.yml" }
    var webFile: String { namedWebFile ?? path + "/web.yml" }
    var alertmanagerFile: String { path + "/alertmanager.yml" }
    var collectorFile: String { path + "/otel-collector.yml" }
    var dashboardsDirectory: String { path + "/grafana/dashboards" }

    /// `prometheus.yml`, or the standard targets when there is none.
    func prometheus(doors: [DoorName: Int]) throws(ConfigurationError) -> PrometheusConfiguration {
        guard let text = try Self.text(prometheusFile, isNamed: namedPrometheusFile != nil) else { return .standard(doors: doors) }
        return try PrometheusConfiguration(text, file: prometheusFile, scrapesNativeHistograms: scrapesNativeHistograms)
    }

    /// `otel-collector.yml`; nothing is passed on when there is none.
    func collector(doors: [DoorName: Int]) throws(ConfigurationError) -> CollectorConfiguration {
        guard let text = try Self.text(collectorFile) else { return CollectorConfiguration() }
        let own = CollectorConfiguration.Own(grpcPort: doors[.otlpGRPC] ?? DoorName.otlpGRPC.defaultPort, httpPort: doors[.otlpHTTP] ?? DoorName.otlpHTTP.defaultPort)
        return try CollectorConfiguration(text, file: collectorFile, own: own)
    }

    /// `web.yml`: how 9090 is to be asked. Without one it takes anybody who reaches it.
    func web() throws(ConfigurationError) -> WebConfiguration {
        guard let text = try Self.text(webFile, isNamed: namedWebFile != nil) else { return WebConfiguration() }
        return try WebConfiguration(text, file: webFile)
    }

    /// `alertmanager.yml`; nil when there is none.
    func alertmanager() throws(ConfigurationError) -> AlertmanagerConfiguration? {
        guard let text = try Self.text(alertmanagerFile) else { return nil }
        return try AlertmanagerConfiguration(text, file: alertmanagerFile)
    }

    /// The groups of the rule files that the configuration names. A pattern that no file matches names none.
    func ruleGroups(_ configuration: RuleConfiguration, parser: ParserOptions) throws(ConfigurationError) -> [RuleGroup] {
        var options = RuleFile.Options()
        options.intervalMillis = configuration.interval.millis
        options.parser = parser
        options.requiresLegacyNames = configuration.requiresLegacyNames
        var groups: [RuleGroup] = []
        do throws(RefusedRules) {
            let files = configuration.files.flatMap { FilePattern.files(FilePattern.joined(Disk.parent(prometheusFile), $0)) }
            for file in files { groups += try RuleFile.parse(try Self.ruleText(file), file: file, options) }
            if files.isEmpty, configuration.usesEmbeddedAlerts, let alerts = EmbeddedFile.all["rules/alerts.yml"] {
                groups += try RuleFile.parse(String(decoding: alerts.bytes, as: UTF8.self), file: RuleConfiguration.alertsFile, options)
            }
        } catch {
            throw error.configurationError
        }
        return groups
    }

    /// The rules of the service levels in `slo/`; none without the folder.
    func serviceLevelGroups(intervalMillis: Int64) throws(ConfigurationError) -> [RuleGroup] {
        var groups: [RuleGroup] = []
        var places: [String: String] = [:]
        for file in FilePattern.files(FilePattern.joined(path, "slo/*.yml")) + FilePattern.files(FilePattern.joined(path, "slo/*.yaml")) {
            for level in try ServiceLevelFile.parse(try Self.text(file) ?? "", file: file) {
                if let other = places.updateValue(file, forKey: level.name) { throw ConfigurationError(file: file, line: nil, reason: "the service level \"\(level.name)\" stands in \(other), too") }
                do { groups += try level.groups(file: file, intervalMillis: intervalMillis) } catch { throw ConfigurationError(file: file, line: nil, reason: "\(error)") }
            }
        }
        return groups
    }

    private static func ruleText(_ file: String) throws(RefusedRules) -> String {
        do throws(ConfigurationError) {
            guard let text = try text(file) else { throw ConfigurationError(file: file, line: nil, reason: "the file does not exist") }
            return text
        } catch {
            throw RefusedRules(problems: [RuleProblem(file: file, reason: error.reason)])
        }
    }

    /// The text of a file; nil when there is none and nobody named it.
    static func text(_ file: String, isNamed: Bool = false) throws(ConfigurationError) -> String? {
        guard let stream = fopen(file, "r") else {
            if !isNamed, errno == ENOENT || errno == ENOTDIR { return nil }
            throw ConfigurationError(file: file, line: nil, reason: String(cString: strerror(errno)))
        }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 {
            bytes += buffer[..<count]
            guard bytes.count <= 16 << 20 else { throw ConfigurationError(file: file, line: nil, reason: "the file is larger than 16 MiB") }
        }
        guard ferror(stream) == 0 else { throw ConfigurationError(file: file, line: nil, reason: String(cString: strerror(errno))) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
