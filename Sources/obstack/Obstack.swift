import ArgumentParser

@main
struct Obstack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "obstack",
        abstract: "Prometheus, Pushgateway, an OpenTelemetry collector, Jaeger and Grafana in one process.",
        subcommands: [ServeCommand.self, CheckCommand.self, QueryCommand.self, TestCommand.self, DemoCommand.self, TSDBCommand.self, BackupCommand.self, RestoreCommand.self])
}
