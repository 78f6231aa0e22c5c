import ArgumentParser
import Glibc
import Server

/// `obstack backup`: a copy of the data folder, consistent while the stack runs.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies everything that is kept into a new folder, while the stack runs or not.",
        discussion: "The folder is there whole or not at all, and is a data folder itself: metrics, traces, pushed groups, dashboards, and manifest.json with every file's SHA-256.")

    @Option(help: "Data folder of the stack (default: ./data).") var data: String?
    @Option(name: .customLong("storage.tsdb.path"), help: "Where metrics are, if not in the data folder; a running stack knows.") var metricsDirectory: String?
    @Argument(help: "The folder to be made; nothing may be in it.") var directory: String

    func run() throws {
        let data = data ?? ServerOptions().dataDirectory
        do throws(BackupFailure) {
            // The stack has a working directory of its own.
            let target = directory.hasPrefix("/") ? directory : "\(workingDirectory())/\(directory)"
            let report = if let answer = try ControlClient.backup(data, into: target) { answer } else { try ClosedStores.backup(DataFolder(data, metrics: metricsDirectory), into: target) }
            for warning in report.warnings { complain("not in the backup: \(warning)") }
            StandardStream.output.write("\(directory): \(report.files) files, \(report.bytes) bytes, as of \(report.takenAt)\n")
        } catch {
            complain("no backup was made: \(error)")
            throw ExitCode(1)
        }
    }

    private func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }
}
