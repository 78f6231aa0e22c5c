import ArgumentParser
import Glibc
import Server

/// `obstack serve`: everything, until SIGTERM.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the whole stack.",
        discussion: "Every port also has an environment variable (PROMETHEUS_PORT, GRAFANA_PORT, …); 0 takes a free port. SIGTERM drains, SIGHUP reloads.")

    @Option(help: "Folder with the originals' configuration files; every file in it is optional.") var config: String?
    @Option(name: .customLong("config.file"), help: "A prometheus.yml anywhere, in place of the folder's.") var configFile: String?
    @Option(name: .customLong("web.config.file"), help: "A web.yml anywhere, in place of the folder's: TLS and passwords of 9090.") var webConfigFile: String?
    @Option(help: "Folder for everything that is kept.") var data: String?
    @Option(name: .customLong("storage.tsdb.path"), help: "A Prometheus data directory, in place of metrics in the data folder.") var metricsDirectory: String?
    @Option(name: .customLong("listen-address"), help: "Address that every door binds to (default: 127.0.0.1).") var listenAddress: String?
    @Option(name: .customLong("web.listen-address"), help: "Address and port that Prometheus's door binds to, such as 0.0.0.0:9090.") var prometheusAddress: String?
    @Option(name: .customLong("web.external-url"), help: "Where others reach Prometheus's door (default: the machine's name).") var externalURL: String?
    @Flag(name: .customLong("web.enable-lifecycle"), help: "Let POST /-/quit end the stack, and /-/reload be asked from other machines.") var enableLifecycle = false
    @Option(name: [.long, .customLong("storage.tsdb.retention.time")], help: "How long metrics are kept, such as 15d (PROMETHEUS_RETENTION).") var retention: String?
    @Option(name: .customLong("storage.tsdb.retention.size"), help: "How many bytes of metrics are kept, such as 512MB (PROMETHEUS_RETENTION_SIZE).") var retentionSize: String?
    @Flag(name: .customLong("web.enable-admin-api"), help: "Let series and pushed groups be deleted, and snapshots be made, over HTTP.") var enableAdminAPI = false
    @Option(name: .customLong("enable-feature"), help: "Features of Prometheus that are off by default, such as promql-experimental-functions; separated by commas.") var enableFeature: [String] = []
    @Option(name: .customLong("query.timeout"), help: "How long a query may take, waiting included (default: 2m).") var queryTimeout: String?
    @Option(name: .customLong("query.max-concurrency"), help: "How many queries run at once (default: 20).") var queryConcurrency: String?
    @Option(name: .customLong("query.max-samples"), help: "How many samples a query may hold in memory (default: 50000000).") var querySamples: String?
    @Option(name: .customLong("query.lookback-delta"), help: "How long a sample stays current (default: 5m).") var lookbackDelta: String?
    @Option(name: .customLong("trace-retention"), help: "How long traces are kept, such as 7d (TRACE_RETENTION).") var traceRetention: String?
    @Option(name: .customLong("storage.max-series"), help: "How many series may be active at once.") var maxSeries: String?
    @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning, error or critical.") var logLevel: String?
    @OptionGroup var ports: PortFlags

    func run() async throws {
        var flags = ServerOptions.Flags()
        flags.configDirectory = config
        flags.configFile = configFile
        flags.webConfigFile = webConfigFile
        flags.dataDirectory = data
        flags.metricsDirectory = metricsDirectory
        flags.prometheusAddress = prometheusAddress
        flags.externalURL = externalURL
        flags.enablesLifecycle = enableLifecycle
        flags.listenAddress = listenAddress
        flags.metricRetention = retention
        flags.metricRetentionSize = retentionSize
        flags.enablesAdminAPI = enableAdminAPI
        flags.features = enableFeature
        flags.queryTimeout = queryTimeout
        flags.queryConcurrency = queryConcurrency
        flags.querySamples = querySamples
        flags.lookbackDelta = lookbackDelta
        flags.traceRetention = traceRetention
        flags.maxSeries = maxSeries
        flags.logLevel = logLevel
        flags.ports = ports.values
        do {
            let options = try ServerOptions(flags: flags, environment: processEnvironment())
            try await Stack.serve(options)
        } catch let error as ServerOptions.Invalid {
            complain("\(error)")
            throw ExitCode(2)
        } catch let error as ConfigurationError {
            complain("\(error)")
            throw ExitCode(2)
        } catch {
            complain("\(error)")
            throw ExitCode(1)
        }
    }
}
