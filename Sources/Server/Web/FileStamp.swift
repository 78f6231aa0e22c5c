import Glibc

/// What tells one state of a file from another without reading it: a file that was written or replaced has another stamp.
struct FileStamp: Hashable, Sendable {
    private let inode: UInt64
    private let size: Int64
    private let changedSeconds: Int
    private let changedNanos: Int

    /// nil where there is no such file. Looks at the disk: call it off the cooperative pool.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (inode, size) = (UInt64(status.st_ino), Int64(status.st_size))
        (changedSeconds, changedNanos) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }

    /// The stamps of several files, in their order.
    static func of(_ paths: [String]) -> [FileStamp?] { paths.map { FileStamp($0) } }
}
