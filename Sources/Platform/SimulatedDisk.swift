#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import Synchronization

/// A disk in memory that can lose power, run full and refuse to sync: the twin of `Disk` for tests.
///
/// What was written and not synced, and names whose directory was not synced, may or may not be there after `losePower`, a write
/// in part; renames and removals happen in order, as in a journaling file system.
package final class SimulatedDisk: FileSystem {
    final class Node: @unchecked Sendable {
        // SAFETY: reached and changed under the disk's lock only.
        var content: [UInt8] = []
        /// What survives for certain; a truncation counts at once.
        var durable: [UInt8] = []
    }

    fileprivate enum Change: Sendable {
        case put(String, Node)
        case remove(String)
        case move(String, String)
    }

    struct State: Sendable {
        var files: [String: Node] = [:]
        var directories: Set<String> = ["/", "."]
        fileprivate var durableFiles: [String: Node] = [:]
        fileprivate var journal: [Change] = []
        /// Bytes that all files together may hold.
        var capacity = Int.max
        var refusesSync = false
        var locks: Set<String> = []
    }

    let state = Mutex(State())

    package init() {}

    // MARK: Faults

    /// From now on all files together hold at most so many bytes; a write beyond is done in part and fails with `ENOSPC`.
    package func limit(toBytes capacity: Int) { state.withLock { $0.capacity = capacity } }

    package func refuseSync(_ refuses: Bool) { state.withLock { $0.refusesSync = refuses } }

    /// Bytes that all files hold.
    package var usedBytes: Int { state.withLock { $0.files.values.reduce(0) { $0 + $1.content.count } } }

    /// Flips the bits of `mask` in one byte of a file.
    package func flip(_ path: String, at offset: Int, mask: UInt8) {
        state.withLock { $0.files[path]?.content[offset] ^= mask }
    }

    /// What is left after a power cut at this moment: what is certain, and of the rest as much as `generator` says. Open files of this
    /// disk go on living on it.
    package func losingPower(using generator: inout some RandomNumberGenerator) -> SimulatedDisk {
        var survivor = State()
        state.withLock { state in
            var names = state.durableFiles
            let kept = Int.random(in: 0...state.journal.count, using: &generator)
            for change in state.journal.prefix(kept) { Self.apply(change, to: &names) }
            // Sorted, so that one seed always gives one result.
            for (path, node) in names.sorted(by: { $0.key < $1.key }) {
                let left = Node()
                left.content = node.durable
                if node.content.starts(with: node.durable) {
                    let more = Int.random(in: 0...(node.content.count - node.durable.count), using: &generator)
                    left.content += node.content[node.durable.count..<node.durable.count + more]
                }
                left.durable = left.content
                survivor.files[path] = left
            }
            survivor.directories = state.directories
            // A folder that was moved is where its files are.
            for change in state.journal.dropFirst(kept) {
                guard case .move(_, let target) = change else { continue }
                survivor.directories = survivor.directories.filter { $0 != target && !$0.hasPrefix(target + "/") }
            }
            for path in survivor.files.keys {
                var parent = Self.parent(path)
                while survivor.directories.insert(parent).inserted { parent = Self.parent(parent) }
            }
        }
        survivor.durableFiles = survivor.files
        let disk = SimulatedDisk()
        let left = survivor
        disk.state.withLock { $0 = left }
        return disk
    }

    private static func apply(_ change: Change, to names: inout [String: Node]) {
        switch change {
        case .put(let path, let node): names[path] = node
        case .remove(let path): names[path] = nil
        case .move(let from, let to):
            for (path, node) in names where path == from || path.hasPrefix(from + "/") {
                names[path] = nil
                names[to + path.dropFirst(from.count)] = node
            }
        }
    }

    private static func change(_ change: Change, _ state: inout State) {
        apply(change, to: &state.files)
        state.journal.append(change)
    }

    // MARK: FileSystem

    package func open(_ path: String, _ mode: FileMode) throws(PlatformError) -> any OpenFile {
        let node: Node? = state.withLock { state in
            guard mode == .create else { return state.files[path] }
            guard state.directories.contains(Self.parent(path)) else { return nil }
            let node = Node()
            Self.change(.put(path, node), &state)
            return node
        }
        guard let node else { throw .io(path: path, operation: "open", code: ENOENT) }
        return SimulatedFile(disk: self, path: path, node: node)
    }

    package func map(_ path: String) throws(PlatformError) -> MemoryMap {
        guard let content = try contents(path) else { throw .io(path: path, operation: "open", code: ENOENT) }
        return MemoryMap(copying: content)
    }

    package func status(_ path: String) throws(PlatformError) -> FileStatus? {
        state.withLock { state in
            if let node = state.files[path] { return FileStatus(isDirectory: false, size: node.content.count) }
            return state.directories.contains(path) ? FileStatus(isDirectory: true, size: 0) : nil
        }
    }

    package func list(_ directory: String) throws(PlatformError) -> [String] {
        let names: [String]? = state.withLock { state in
            guard state.directories.contains(directory) else { return nil }
            let paths = Array(state.files.keys) + state.directories.filter { $0 != "/" && $0 != "." }
            return paths.filter { Self.parent($0) == directory }.map { String($0.dropFirst(directory == "/" ? 1 : directory.utf8.count + 1)) }
        }
        guard let names else { throw .io(path: directory, operation: "list", code: ENOENT) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func makeDirectory(_ path: String) throws(PlatformError) {
        let isFile = state.withLock { state in
            if state.files[path] != nil { return true }
            var path = path
            while state.directories.insert(path).inserted { path = Self.parent(path) }
            return false
        }
        if isFile { throw .io(path: path, operation: "make directory", code: ENOTDIR) }
    }

    package func rename(_ path: String, to target: String) throws(PlatformError) {
        let isFound = state.withLock { state in
            guard state.files[path] != nil || state.directories.contains(path) else { return false }
            Self.change(.move(path, target), &state)
            for directory in state.directories where directory == path || directory.hasPrefix(path + "/") {
                state.directories.remove(directory)
                state.directories.insert(target + directory.dropFirst(path.count))
            }
            return true
        }
        if !isFound { throw .io(path: path, operation: "rename to \(target)", code: ENOENT) }
    }

    package func link(_ path: String, as name: String) throws(PlatformError) {
        let code: Int32 = state.withLock { state in
            guard let node = state.files[path] else { return ENOENT }
            guard state.files[name] == nil else { return EEXIST }
            Self.change(.put(name, node), &state)
            return 0
        }
        if code != 0 { throw .io(path: path, operation: "link as \(name)", code: code) }
    }

    package func removeFile(_ path: String) throws(PlatformError) {
        state.withLock { if $0.files[path] != nil { Self.change(.remove(path), &$0) } }
    }

    package func removeTree(_ path: String) throws(PlatformError) {
        state.withLock { state in
            for file in state.files.keys.sorted() where file == path || file.hasPrefix(path + "/") { Self.change(.remove(file), &state) }
            state.directories = state.directories.filter { $0 != path && !$0.hasPrefix(path + "/") }
        }
    }

    package func syncDirectory(_ path: String) throws(PlatformError) {
        let refuses = state.withLock { state in
            if state.refusesSync { return true }
            // A journal is forced to the disk whole.
            for change in state.journal { Self.apply(change, to: &state.durableFiles) }
            state.journal = []
            return false
        }
        if refuses { throw .io(path: path, operation: "sync", code: EIO) }
    }

    package func lock(_ directory: String) throws(PlatformError) -> DirectoryLock { DirectoryLock() }
}

/// A file of a `SimulatedDisk`, opened.
private final class SimulatedFile: OpenFile, @unchecked Sendable {
    // SAFETY: the node is touched under the disk's lock only.
    let disk: SimulatedDisk
    let path: String
    private let node: SimulatedDisk.Node

    init(disk: SimulatedDisk, path: String, node: SimulatedDisk.Node) {
        self.disk = disk
        self.path = path
        self.node = node
    }

    func size() throws(PlatformError) -> Int { disk.state.withLock { _ in node.content.count } }

    func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(PlatformError) {
        let isWhole = disk.state.withLock { state in
            let used = state.capacity == .max ? 0 : state.files.values.reduce(0) { $0 + $1.content.count }
            let room = max(0, min(bytes.count, state.capacity - used))
            node.content.append(contentsOf: bytes.prefix(room))
            return room == bytes.count
        }
        if !isWhole { throw .io(path: path, operation: "write", code: ENOSPC) }
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(PlatformError) -> Int {
        disk.state.withLock { _ in
            let part = node.content.dropFirst(offset).prefix(buffer.count)
            buffer.copyBytes(from: part)
            return part.count
        }
    }

    func truncate(to size: Int) throws(PlatformError) {
        disk.state.withLock { _ in
            if size < node.content.count { node.content.removeLast(node.content.count - size) }
            if size < node.durable.count { node.durable.removeLast(node.durable.count - size) }
        }
    }

    func sync() throws(PlatformError) {
        let refuses = disk.state.withLock { state in
            if !state.refusesSync { node.durable = node.content }
            return state.refusesSync
        }
        if refuses { throw .io(path: path, operation: "sync", code: EIO) }
    }

    func close() {}
}
