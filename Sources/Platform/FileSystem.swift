/// A file system at the granularity that durability is made of: whole writes, syncs, renames.
///
/// `Disk` is the real one; `SimulatedDisk` is its twin for tests, which can lose power and run full. All calls block: they are
/// made from a thread of one's own or through `BlockingPool`. Paths are absolute or relative to the working directory.
package protocol FileSystem: Sendable {
    /// Opens a file. Its directory must exist.
    func open(_ path: String, _ mode: FileMode) throws(PlatformError) -> any OpenFile
    /// The whole file, read-only, for random access without copying.
    func map(_ path: String) throws(PlatformError) -> MemoryMap
    /// What is at `path`, or nil when there is nothing.
    func status(_ path: String) throws(PlatformError) -> FileStatus?
    /// Names in a directory, sorted by bytes, without `.` and `..`.
    func list(_ directory: String) throws(PlatformError) -> [String]
    /// Makes a directory and those above it; one that exists is left alone.
    func makeDirectory(_ path: String) throws(PlatformError)
    /// Moves a file or a directory; a file at `target` is replaced in one step. Durable after `syncDirectory`.
    func rename(_ path: String, to target: String) throws(PlatformError)
    /// Gives a file a second name, which must be free. Durable after `syncDirectory`.
    func link(_ path: String, as name: String) throws(PlatformError)
    /// Removes a file; its absence is not an error.
    func removeFile(_ path: String) throws(PlatformError)
    /// Removes a directory and all within; its absence is not an error.
    func removeTree(_ path: String) throws(PlatformError)
    /// Forces a directory's names to the disk: creations, renames and removals within it.
    func syncDirectory(_ path: String) throws(PlatformError)
    /// Takes a directory for this process until the lock is released; it must exist.
    func lock(_ directory: String) throws(PlatformError) -> DirectoryLock
}

/// What a file is opened for.
package enum FileMode: Sendable {
    /// To read what exists.
    case read
    /// To append to what exists, and to read it.
    case append
    /// To write from empty, replacing what exists, and to read it.
    case create
}

/// What a path names.
package struct FileStatus: Equatable, Sendable {
    package var isDirectory: Bool
    /// Bytes; meaningless for a directory.
    package var size: Int

    package init(isDirectory: Bool, size: Int) {
        self.isDirectory = isDirectory
        self.size = size
    }
}

/// A file that was opened. One writer at a time; `read` may be called from any thread. Closed at the latest when released.
package protocol OpenFile: AnyObject, Sendable {
    var path: String { get }
    /// Bytes in the file.
    func size() throws(PlatformError) -> Int
    /// Writes all of `bytes` at the end. After an error a part of them may stand there: `truncate` takes it back.
    func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(PlatformError)
    /// Reads at `offset` until `buffer` is full or the file ends, and returns how many bytes it were.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(PlatformError) -> Int
    func truncate(to size: Int) throws(PlatformError)
    /// Forces the content to the disk (`fdatasync`). After an error nothing is known of what was written since the last success.
    func sync() throws(PlatformError)
    func close()
}

extension FileSystem {
    /// The directory that holds `path`.
    package static func parent(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Puts a file in place so that after a crash either the old or the new content is there, whole: writes `path.tmp`, syncs it,
    /// renames it and syncs the directory.
    package func publish(_ path: String, _ bytes: [UInt8]) throws(PlatformError) {
        let draft = path + ".tmp"
        do throws(PlatformError) {
            let file = try open(draft, .create)
            defer { file.close() }
            try file.append(bytes)
            try file.sync()
            try rename(draft, to: path)
        } catch {
            try? removeFile(draft)
            throw error
        }
        try syncDirectory(Self.parent(path))
    }

    /// Renames and makes that durable in the directories on both ends.
    package func renameDurably(_ path: String, to target: String) throws(PlatformError) {
        try rename(path, to: target)
        let (from, to) = (Self.parent(path), Self.parent(target))
        try syncDirectory(to)
        if from != to { try syncDirectory(from) }
    }

    /// The whole content of a file, or nil when there is none.
    package func contents(_ path: String) throws(PlatformError) -> [UInt8]? {
        let file: any OpenFile
        do throws(PlatformError) { file = try open(path, .read) } catch { if error.isNotFound { return nil } else { throw error } }
        defer { file.close() }
        let size = try file.size()
        var failure: PlatformError?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            do throws(PlatformError) { count = try file.read(at: 0, into: UnsafeMutableRawBufferPointer(buffer)) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Bytes of all files within a directory and below. A file that vanishes meanwhile counts nothing.
    package func treeSize(_ directory: String) throws(PlatformError) -> Int {
        var total = 0
        for name in try list(directory) {
            guard let status = try status("\(directory)/\(name)") else { continue }
            total += status.isDirectory ? try treeSize("\(directory)/\(name)") : status.size
        }
        return total
    }
}

extension OpenFile {
    /// As `append(_: UnsafeBufferPointer<UInt8>)`.
    package func append(_ bytes: [UInt8]) throws(PlatformError) {
        // Typed throws do not pass through `withUnsafeBufferPointer` on every supported toolchain, so the error is carried by hand.
        let failure: PlatformError? = bytes.withUnsafeBufferPointer { buffer in
            do throws(PlatformError) { try append(buffer) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }
}
