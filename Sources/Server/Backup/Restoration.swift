import Glibc
import Platform

/// Puts a backup back as a data folder: everything is verified before anything is placed, and the folder is there whole or not at all.
package enum Restoration {
    /// Refuses, naming it, a file that is missing, one that is not as it was written and one that the manifest does not know; and a
    /// data folder with something in it. Blocks.
    package static func run(_ directory: String, to data: String) throws(BackupFailure) -> BackupReport {
        let tree = FileTree(root: directory)
        let manifest = try manifest(of: tree)
        if ControlSocket.isAnswering(data) { throw BackupFailure("a stack runs on \(data): stop it, and move its folder away") }
        try verify(manifest, tree)
        let folder = try PublishedFolder(data, permissions: 0o755, emptyBecause: "a restore goes into a data folder that is missing or empty: move this one away")
        do throws(BackupFailure) {
            for file in manifest.files {
                let copied = try tree.digest(file.path, limit: file.bytes, copyingTo: "\(folder.draft)/\(file.path)")
                guard copied == file else { throw BackupFailure("\(directory)/\(file.path) was changed while it was copied") }
            }
            // As the store makes it: password digests are its owner's alone.
            let database = "\(folder.draft)/dashboards.db"
            guard chmod(database, 0o600) == 0 || errno == ENOENT else { throw BackupFailure("cannot set the permissions of \(database): \(String(cString: strerror(errno)))") }
            try folder.publish()
        } catch {
            folder.abandon()
            throw error
        }
        return BackupReport(manifest)
    }

    private static func manifest(of tree: FileTree) throws(BackupFailure) -> BackupManifest {
        let path = "\(tree.root)/\(BackupManifest.fileName)"
        let bytes = try BackupFailure.telling { () throws -> [UInt8] in
            guard let status = try tree.disk.status(path) else { throw BackupFailure("\(tree.root) is no backup, or not a whole one: there is no \(path)") }
            guard status.size <= BackupManifest.bytesMax else { throw BackupFailure("\(path) has \(status.size) bytes, more than any manifest") }
            return try tree.disk.contents(path) ?? []
        }
        return try BackupManifest(bytes, name: path)
    }

    private static func verify(_ manifest: BackupManifest, _ tree: FileTree) throws(BackupFailure) {
        let found = Dictionary(uniqueKeysWithValues: try tree.files().map { ($0.path, $0.bytes) })
        for file in manifest.files {
            guard let bytes = found[file.path] else { throw BackupFailure("\(tree.root)/\(file.path) is missing; nothing was restored") }
            guard bytes == file.bytes else { throw BackupFailure("\(tree.root)/\(file.path) has \(bytes) bytes instead of \(file.bytes); nothing was restored") }
        }
        let known = Set(manifest.files.map(\.path))
        for path in found.keys.sorted() where path != BackupManifest.fileName && !known.contains(path) {
            throw BackupFailure("\(tree.root)/\(path) is not in \(BackupManifest.fileName); nothing was restored")
        }
        for file in manifest.files where try tree.digest(file.path, limit: file.bytes) != file {
            throw BackupFailure("\(tree.root)/\(file.path) is not as it was written: its SHA-256 does not match; nothing was restored")
        }
    }
}
