import Glibc
import Platform

/// A folder that is made beside its place and moved there when it is whole. Its place must be free: nothing there, or an empty folder.
struct PublishedFolder {
    /// Where it is to be.
    let path: String
    /// Where it is made.
    let draft: String
    private let disk = Disk()

    /// Makes the draft; `permissions` are its own. Throws, naming it, when the place is not free.
    init(_ path: String, permissions: mode_t, emptyBecause reason: String) throws(BackupFailure) {
        var path = path
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        // A folder behind a link is put in place where it is, not the link.
        if let real = realpath(path, nil) {
            path = String(cString: real)
            free(real)
        }
        self.path = path
        draft = "\(path).partial-\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
        var info = stat()
        if lstat(path, &info) == 0 {
            guard info.st_mode & S_IFMT == S_IFDIR else { throw BackupFailure("\(path) is a file; \(reason)") }
            guard let names = try? disk.list(path), names.isEmpty else { throw BackupFailure("\(path) is not empty; \(reason)") }
            var above = stat()
            guard stat(Disk.parent(path), &above) == 0, above.st_dev == info.st_dev else {
                throw BackupFailure("\(path) is the root of a mounted volume, where no folder can be put whole and at once; name a folder within it")
            }
        }
        let (disk, draft) = (disk, draft)
        try BackupFailure.telling { try disk.makeDirectory(draft) }
        guard chmod(draft, permissions) == 0 else { throw BackupFailure("cannot set the permissions of \(draft): \(String(cString: strerror(errno)))") }
    }

    /// Forces it to the disk and moves it to its place, in one step.
    func publish() throws(BackupFailure) {
        try FileTree(root: draft).syncFolders()
        try BackupFailure.telling { try disk.renameDurably(draft, to: path) }
    }

    /// Removes what was made.
    func abandon() { try? disk.removeTree(draft) }
}
