import Glibc
import Platform

/// Copies a data folder into another one that is a data folder as well: each store at one moment, everything that was acknowledged before
/// in it. Files are written first and the manifest last; the folder is there whole or not at all.
struct Backup {
    let data: DataFolder
    let source: any BackupSource
    /// Asked now and then; then the backup fails and nothing is left of it.
    var isCancelled: () -> Bool = { false }
    private let disk = Disk()
    /// Folders of files that are small and published by rename, or only grow; not all stacks have them.
    private static let plainParts = ["alerts", "remote"]
    /// How often a folder is copied again whose files come and go meanwhile.
    private static let triesMax = 20

    init(data: DataFolder, source: any BackupSource, isCancelled: @escaping () -> Bool = { false }) {
        self.data = data
        self.source = source
        self.isCancelled = isCancelled
    }

    /// Removes what a backup left behind that was killed. Blocks; nobody may back up meanwhile.
    static func removeLeftovers(_ data: DataFolder) throws(PlatformError) { for part in BackupPart.allCases { try Disk().removeTree(data.staging(part)) } }

    /// Blocks until the backup is whole, on the disk and in its place.
    func write(into directory: String) throws(BackupFailure) -> BackupReport {
        let takenAt = RFC3339.text(millis: SystemClock().unixMillis)
        // What it holds is its owner's alone: passwords are in it, as digests.
        let folder = try PublishedFolder(directory, permissions: 0o700, emptyBecause: "a backup goes into a folder of its own, which is made")
        defer { try? Self.removeLeftovers(data) }
        do throws(BackupFailure) {
            var (files, warnings): ([BackupManifest.File], [String]) = ([], [])
            for part in Self.plainParts { files += try copyPlain(part, to: folder.draft) }
            files += try copyDashboards(to: folder.draft)
            try BackupFailure.telling { try Self.removeLeftovers(data) }
            var staged: [BackupPart] = []
            // All at once first, which is quick, so that the moments are near each other.
            for part in BackupPart.allCases {
                guard let damage = try BackupFailure.telling({ try source.stage(part, in: data.staging(part)) }) else { continue }
                staged.append(part)
                warnings += damage
            }
            for part in staged {
                let tree = FileTree(root: data.staging(part))
                for file in try tree.files() { files.append(try copy(file, of: tree, to: folder.draft, below: part.rawValue)) }
            }
            let manifest = BackupManifest(version: Stack.version, takenAt: takenAt, files: files)
            try BackupFailure.telling { try disk.publish("\(folder.draft)/\(BackupManifest.fileName)", manifest.encoded) }
            try folder.publish()
            return BackupReport(manifest, warnings: warnings)
        } catch {
            folder.abandon()
            throw error
        }
    }

    private func copy(_ file: (path: String, bytes: Int), of tree: FileTree, to draft: String, below name: String) throws(BackupFailure) -> BackupManifest.File {
        var copied = try tree.digest(file.path, limit: file.bytes, copyingTo: "\(draft)/\(name)/\(file.path)", isCancelled: isCancelled)
        copied.path = "\(name)/\(file.path)"
        return copied
    }

    private func copyDashboards(to draft: String) throws(BackupFailure) -> [BackupManifest.File] {
        let name = "dashboards.db"
        guard try BackupFailure.telling({ try source.copyDashboards(to: "\(draft)/\(name)") }) else { return [] }
        try BackupFailure.telling {
            let file = try disk.open("\(draft)/\(name)", .read)
            defer { file.close() }
            try file.sync()
        }
        return [try FileTree(root: draft).digest(name, limit: .max, isCancelled: isCancelled)]
    }

    /// Copies a folder's files as far as they have come, again when one has come or gone meanwhile: then they may not belong together.
    private func copyPlain(_ name: String, to draft: String) throws(BackupFailure) -> [BackupManifest.File] {
        let tree = FileTree(root: "\(data.path)/\(name)")
        for _ in 0..<Self.triesMax {
            guard try BackupFailure.telling({ try disk.status(tree.root) }) != nil else { return [] }
            let list = try plainFiles(of: tree)
            var copied: [BackupManifest.File] = []
            var hasChanged = false
            for file in list {
                do throws(BackupFailure) { copied.append(try copy(file, of: tree, to: draft, below: name)) } catch {
                    guard (try? disk.status("\(tree.root)/\(file.path)")) == .some(nil) else { throw error }
                    hasChanged = true
                }
            }
            if !hasChanged, try plainFiles(of: tree).map(\.path) == list.map(\.path) { return copied }
            try BackupFailure.telling { try disk.removeTree("\(draft)/\(name)") }
        }
        throw BackupFailure("the files of \(tree.root) kept coming and going while they were copied; try again")
    }

    /// What is kept in a folder: not what is being written, nor the mark of who runs on it.
    private func plainFiles(of tree: FileTree) throws(BackupFailure) -> [(path: String, bytes: Int)] {
        try tree.files().filter { !$0.path.hasSuffix(".tmp") && $0.path.split(separator: "/").last != "lock" }
    }
}
