import ArgumentParser
import Bytes
import Server

/// `obstack check`: one line a service; exit status 0 only when all are healthy. With a subcommand: files are checked instead.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Asks a running stack whether every service is healthy.",
        discussion: "Ports come from flags, then environment variables, then what the stack running on the data folder wrote there, then the defaults.",
        subcommands: [RulesCommand.self, ConfigurationCommand.self])

    @Option(help: "Data folder of the stack.") var data: String?
    @Option(name: .customLong("listen-address"), help: "Address of the stack.") var listenAddress: String?
    @Option(name: .customLong("http.config.file"), help: "How to ask a Prometheus's door that has a web.yml (promtool's format); not needed beside the stack's data folder.")
    var httpConfigFile: String?
    @Flag(help: "Print the findings as JSON.") var json = false
    @OptionGroup var ports: PortFlags

    func run() async throws {
        var flags = ServerOptions.Flags()
        flags.dataDirectory = data
        flags.listenAddress = listenAddress
        flags.ports = ports.values
        let options: ServerOptions
        do {
            options = try ServerOptions(flags: flags, environment: processEnvironment())
        } catch {
            complain("\(error)")
            throw ExitCode(2)
        }
        let running = RunFile.read(in: options.dataDirectory)
        let address = listenAddress ?? running?.address ?? options.listenAddress
        let access: ClientAccess
        do {
            access = try ClientAccess(file: httpConfigFile, running: options.ports[.prometheus] == nil || options.ports[.prometheus] == running?.ports[.prometheus] ? running : nil)
        } catch {
            complain("\(error)")
            throw ExitCode(2)
        }
        // Doors that the running stack left closed are no failure.
        let doors = DoorName.allCases.filter { running == nil || running?.ports[$0] != nil || options.ports[$0] != nil }
        let findings = await HealthCheck(
            address: address, ports: (running?.ports ?? [:]).merging(options.ports) { _, asked in asked }, addresses: listenAddress == nil ? running?.addresses ?? [:] : [:], doors: doors,
            prometheus: access
        ).run()
        print(json ? Self.document(findings) : Self.table(findings))
        if findings.contains(where: { !$0.isHealthy }) { throw ExitCode(1) }
    }

    private static func table(_ findings: [HealthCheck.Finding]) -> String {
        findings.map { finding in
            let name = finding.door.title.padded(to: 18)
            let authority = finding.authority.padded(to: 22)
            let latency = String(Int(finding.latencyMillis * 10 + 0.5) / 10) + "." + String(Int(finding.latencyMillis * 10 + 0.5) % 10) + " ms"
            return "\(finding.isHealthy ? "ok  " : "FAIL") \(name) \(authority) \(latency.leftPadded(to: 9))  \(finding.state)"
        }.joined(separator: "\n")
    }

    private static func document(_ findings: [HealthCheck.Finding]) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("healthy", !findings.contains { !$0.isHealthy })
            json.key("services")
            json.array { json in
                for finding in findings {
                    json.object { json in
                        json.member("service", finding.door.rawValue)
                        json.member("address", finding.authority)
                        json.member("healthy", finding.isHealthy)
                        json.member("state", finding.state)
                        json.key("latency_ms")
                        json.double((finding.latencyMillis * 10).rounded() / 10)
                    }
                }
            }
        }
        return String(decoding: json.finish(), as: UTF8.self)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    fileprivate func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
