/// A part of what is kept that a store has in a folder of its own.
enum BackupPart: String, CaseIterable {
    // In this order: what refers to metrics comes before them.
    case push, traces, metrics
}

/// Stores that can be copied at one moment each: those of a running stack, or closed ones.
protocol BackupSource {
    /// Puts a part's files, which nobody will change any more, into the folder `staging`, which is made. Returns what could not be read, or nil
    /// when there is no such part. Blocks.
    func stage(_ part: BackupPart, in staging: String) throws -> [String]?
    /// Copies the database of the dashboards into a new file; false when there is none. Blocks.
    func copyDashboards(to path: String) throws -> Bool
}
