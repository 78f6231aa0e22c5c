/// Where a stack keeps what it keeps.
package struct DataFolder: Sendable {
    package let path: String
    /// A Prometheus data directory; `metrics` in the data folder unless `--storage.tsdb.path` named another.
    package let metrics: String

    package init(_ path: String, metrics: String? = nil) {
        self.path = path
        self.metrics = metrics ?? path + "/metrics"
    }

    func directory(of part: BackupPart) -> String { part == .metrics ? metrics : "\(path)/\(part.rawValue)" }

    /// Where second names of a part's files stand while they are copied; on the store's own file system, which may be mounted by itself.
    func staging(_ part: BackupPart) -> String { directory(of: part) + "/backup.tmp" }
}
