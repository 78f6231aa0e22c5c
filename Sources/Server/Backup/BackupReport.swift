import Bytes

/// What was backed up or put back.
package struct BackupReport: Equatable, Sendable {
    package var files: Int
    package var bytes: Int
    /// When the backup was begun (RFC 3339); everything that was acknowledged before is in it.
    package var takenAt: String
    /// What could not be read and so is not in it.
    package var warnings: [String]

    init(_ manifest: BackupManifest, warnings: [String] = []) {
        files = manifest.files.count
        bytes = manifest.files.reduce(0) { $0 + $1.bytes }
        takenAt = manifest.takenAt
        self.warnings = warnings
    }

    var json: JSONValue {
        ["files": JSONValue(files), "bytes": JSONValue(bytes), "taken_at": .string(takenAt), "warnings": .array(warnings.map { .string($0) })]
    }

    /// Nil for what is no report.
    init?(_ json: JSONValue) {
        guard let files = json["files"]?.int, let bytes = json["bytes"]?.int, let takenAt = json["taken_at"]?.string, let warnings = json["warnings"]?.array else { return nil }
        self.files = files
        self.bytes = bytes
        self.takenAt = takenAt
        self.warnings = warnings.compactMap(\.string)
    }
}
