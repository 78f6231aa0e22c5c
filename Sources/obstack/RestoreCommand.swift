import ArgumentParser
import Server

/// `obstack restore`: a backup becomes a data folder again.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a backup back as a data folder, after verifying every file of it.",
        discussion: "The data folder must be missing or empty. A file that is missing, changed or unknown is named, and nothing is restored.")

    @Option(help: "Data folder to be made (default: ./data).") var data: String?
    @Argument(help: "The backup.") var directory: String

    func run() throws {
        let data = data ?? ServerOptions().dataDirectory
        do throws(BackupFailure) {
            let report = try Restoration.run(directory, to: data)
            StandardStream.output.write("\(data): \(report.files) files, \(report.bytes) bytes, as of \(report.takenAt)\n")
        } catch {
            complain("\(error)")
            throw ExitCode(1)
        }
    }
}
