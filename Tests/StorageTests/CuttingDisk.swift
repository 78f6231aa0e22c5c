import Platform
import Synchronization
import Testbed

/// A simulated disk that, before every change, keeps what a power cut at that moment would leave.
final class CuttingDisk: FileSystem {
    private struct State {
        var survivors: [SimulatedDisk] = []
        var generator: SeededGenerator
        var isRecording = false
    }

    let inner = SimulatedDisk()
    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(generator: SeededGenerator(seed))) }

    /// What power cuts before each change that `body` makes leave.
    func survivors(of body: () async throws -> Void) async rethrows -> [SimulatedDisk] {
        state.withLock { $0.isRecording = true }
        try await body()
        return state.withLock { state in
            state.isRecording = false
            defer { state.survivors = [] }
            return state.survivors
        }
    }

    fileprivate func cut() {
        state.withLock { state in if state.isRecording { state.survivors.append(inner.losingPower(using: &state.generator)) } }
    }

    func open(_ path: String, _ mode: FileMode) throws(PlatformError) -> any OpenFile {
        if mode == .create { cut() }
        return CuttingFile(try inner.open(path, mode), self)
    }

    func map(_ path: String) throws(PlatformError) -> MemoryMap { try inner.map(path) }
    func status(_ path: String) throws(PlatformError) -> FileStatus? { try inner.status(path) }
    func list(_ directory: String) throws(PlatformError) -> [String] { try inner.list(directory) }
    func makeDirectory(_ path: String) throws(PlatformError) { try inner.makeDirectory(path) }

    func rename(_ path: String, to target: String) throws(PlatformError) {
        cut()
        try inner.rename(path, to: target)
    }

    func link(_ path: String, as name: String) throws(PlatformError) {
        cut()
        try inner.link(path, as: name)
    }

    func removeFile(_ path: String) throws(PlatformError) {
        cut()
        try inner.removeFile(path)
    }

    func removeTree(_ path: String) throws(PlatformError) {
        cut()
        try inner.removeTree(path)
    }

    func syncDirectory(_ path: String) throws(PlatformError) {
        cut()
        try inner.syncDirectory(path)
    }

    func lock(_ directory: String) throws(PlatformError) -> DirectoryLock { try inner.lock(directory) }
}

private final class CuttingFile: OpenFile {
    private let file: any OpenFile
    private let disk: CuttingDisk

    init(_ file: any OpenFile, _ disk: CuttingDisk) {
        self.file = file
        self.disk = disk
    }

    var path: String { file.path }
    func size() throws(PlatformError) -> Int { try file.size() }
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(PlatformError) -> Int { try file.read(at: offset, into: buffer) }
    func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(PlatformError) { try file.append(bytes) }
    func truncate(to size: Int) throws(PlatformError) { try file.truncate(to: size) }
    func close() { file.close() }

    func sync() throws(PlatformError) {
        disk.cut()
        try file.sync()
    }
}
