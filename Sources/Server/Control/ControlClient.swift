import Bytes
import Glibc

/// Asks the stack that runs on a data folder.
package enum ControlClient {
    /// Has the stack back itself up into the folder `directory`, a path from the root; nil when no stack runs on `data`. Blocks until it has.
    package static func backup(_ data: String, into directory: String) throws(BackupFailure) -> BackupReport? {
        guard let connection = try ControlSocket.connect(data) else { return nil }
        defer { close(connection) }
        let request: JSONValue = ["backup": .string(directory)]
        guard ControlLine.write(request, to: connection) else { throw BackupFailure("the stack did not take the request") }
        let answer: JSONValue
        do throws(BackupFailure) { answer = try ControlLine.read(connection, bytesMax: ControlSocket.answerBytesMax) } catch {
            throw BackupFailure("the stack did not say that the backup is whole: \(error)")
        }
        if let reason = answer["error"]?.string { throw BackupFailure(reason) }
        guard let report = BackupReport(answer) else { throw BackupFailure("the stack answered what this program does not know") }
        return report
    }
}
