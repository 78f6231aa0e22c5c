import Platform
import Synchronization

/// A disk that takes so many changes and refuses all later ones: what is left on `inner` is what a process killed there leaves.
final class CutDisk: FileSystem {
    let inner: SimulatedDisk
    private let limit: Int
    private let spent = Mutex(0)

    init(_ inner: SimulatedDisk, changesMax: Int = .max) {
        self.inner = inner
        limit = changesMax
    }

    /// Changes that were asked for.
    var changes: Int { spent.withLock { $0 } }

    func spend(_ path: String, _ operation: String) throws(PlatformError) {
        let isCut = spent.withLock { spent in
            spent += 1
            return spent > limit
        }
        // 5 is EIO.
        if isCut { throw .io(path: path, operation: operation, code: 5) }
    }

    func open(_ path: String, _ mode: FileMode) throws(PlatformError) -> any OpenFile {
        if mode == .create { try spend(path, "open") }
        return CutFile(self, try inner.open(path, mode))
    }

    func rename(_ path: String, to target: String) throws(PlatformError) {
        try spend(path, "rename")
        try inner.rename(path, to: target)
    }

    func link(_ path: String, as name: String) throws(PlatformError) {
        try spend(path, "link")
        try inner.link(path, as: name)
    }

    func removeFile(_ path: String) throws(PlatformError) {
        try spend(path, "remove")
        try inner.removeFile(path)
    }

    func removeTree(_ path: String) throws(PlatformError) {
        try spend(path, "remove")
        try inner.removeTree(path)
    }

    func syncDirectory(_ path: String) throws(PlatformError) {
        try spend(path, "sync")
        try inner.syncDirectory(path)
    }

    func makeDirectory(_ path: String) throws(PlatformError) { try inner.makeDirectory(path) }
    func map(_ path: String) throws(PlatformError) -> MemoryMap { try inner.map(path) }
    func status(_ path: String) throws(PlatformError) -> FileStatus? { try inner.status(path) }
    func list(_ directory: String) throws(PlatformError) -> [String] { try inner.list(directory) }
    func lock(_ directory: String) throws(PlatformError) -> DirectoryLock { try inner.lock(directory) }
}

private final class CutFile: OpenFile {
    private let disk: CutDisk
    private let inner: any OpenFile

    init(_ disk: CutDisk, _ inner: any OpenFile) {
        self.disk = disk
        self.inner = inner
    }

    var path: String { inner.path }
    func size() throws(PlatformError) -> Int { try inner.size() }

    func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(PlatformError) {
        try disk.spend(path, "write")
        try inner.append(bytes)
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(PlatformError) -> Int { try inner.read(at: offset, into: buffer) }

    func truncate(to size: Int) throws(PlatformError) {
        try disk.spend(path, "truncate")
        try inner.truncate(to: size)
    }

    func sync() throws(PlatformError) {
        try disk.spend(path, "sync")
        try inner.sync()
    }

    func close() { inner.close() }
}
