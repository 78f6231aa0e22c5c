import Bytes
import Glibc
import Platform

/// The plain files below a folder, and copying them with their digests.
struct FileTree {
    let root: String
    let disk = Disk()
    private static let pieceBytes = 1 << 20

    /// Paths below `root` with their sizes, sorted; what goes meanwhile is left out. Refuses what is neither file nor folder, naming it.
    func files() throws(BackupFailure) -> [(path: String, bytes: Int)] {
        var found: [(path: String, bytes: Int)] = []
        try collect("", &found)
        return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    private func collect(_ folder: String, _ found: inout [(path: String, bytes: Int)]) throws(BackupFailure) {
        let names = try BackupFailure.telling { try disk.list(folder.isEmpty ? root : "\(root)/\(folder)") }
        for name in names {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var info = stat()
            guard lstat("\(root)/\(path)", &info) == 0 else {
                if errno == ENOENT { continue }
                throw BackupFailure("cannot inspect \(root)/\(path): \(String(cString: strerror(errno)))")
            }
            switch info.st_mode & S_IFMT {
            case S_IFDIR: try collect(path, &found)
            case S_IFREG: found.append((path, Int(info.st_size)))
            default: throw BackupFailure("\(root)/\(path) is neither a file nor a folder")
            }
        }
    }

    /// Reads the first `limit` bytes of a file, writes them, durably, to `target` if there is one, and returns how many it were and their digest.
    func digest(_ path: String, limit: Int, copyingTo target: String? = nil, isCancelled: () -> Bool = { false }) throws(BackupFailure) -> BackupManifest.File {
        try BackupFailure.telling {
            let source = try disk.open("\(root)/\(path)", .read)
            defer { source.close() }
            if let target { try disk.makeDirectory(Disk.parent(target)) }
            let copy = try target.map { try disk.open($0, .create) }
            defer { copy?.close() }
            var hash = SHA256()
            var done = 0
            let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 16)
            defer { piece.deallocate() }
            while done < limit {
                if isCancelled() { throw BackupFailure("it was broken off") }
                let count = try source.read(at: done, into: UnsafeMutableRawBufferPointer(rebasing: piece[..<min(Self.pieceBytes, limit - done)]))
                if count == 0 { break }
                // SAFETY: the bytes are `piece`'s own, bound for the two calls that read them.
                let bytes = UnsafeBufferPointer(start: piece.baseAddress?.assumingMemoryBound(to: UInt8.self), count: count)
                hash.update(bytes)
                try copy?.append(bytes)
                done += count
            }
            try copy?.sync()
            return BackupManifest.File(path: path, bytes: done, sha256: BackupManifest.hexadecimal(hash.finish()))
        }
    }

    /// Forces the names in every folder to the disk.
    func syncFolders() throws(BackupFailure) {
        try BackupFailure.telling {
            func sync(_ folder: String) throws {
                for name in try disk.list(folder) where try disk.status("\(folder)/\(name)")?.isDirectory == true { try sync("\(folder)/\(name)") }
                try disk.syncDirectory(folder)
            }
            try sync(root)
        }
    }
}
