import Glibc

/// `control/socket` in the data folder: where a running stack hears what only the user who runs it may ask. A Unix-domain socket of mode 0600 in a
/// folder of mode 0700. One request a connection: a line of JSON each way.
enum ControlSocket {
    static let requestBytesMax = 8 << 10
    static let answerBytesMax = 1 << 20
    /// How long the stack waits for a line to come, or to be taken.
    static let lineSeconds = 10
    private static let backlog: Int32 = 8

    static func folder(_ data: String) -> String { data + "/control" }
    static func path(_ data: String) -> String { folder(data) + "/socket" }

    /// Listens, in the place of whoever did before. The caller holds the data folder and closes the descriptor.
    static func listen(_ data: String) throws(StartFailure) -> Int32 {
        let (folder, path) = (folder(data), path(data))
        func refusal(_ what: String) -> StartFailure { StartFailure("--data: cannot \(what) \(path): \(String(cString: strerror(errno)))") }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST, chmod(folder, 0o700) == 0 else { throw refusal("make the folder of") }
        guard unlink(path) == 0 || errno == ENOENT else { throw refusal("remove") }
        let descriptor = make()
        guard descriptor >= 0 else { throw refusal("make") }
        guard withAddress(data, { bind(descriptor, $0, $1) }) == 0, chmod(path, 0o600) == 0, Glibc.listen(descriptor, backlog) == 0 else {
            let failure = refusal("listen at")
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    /// Connects to the stack that runs on a data folder; nil when none does. The caller closes the descriptor.
    static func connect(_ data: String) throws(BackupFailure) -> Int32? {
        let descriptor = make()
        guard descriptor >= 0 else { throw BackupFailure("cannot make a socket: \(String(cString: strerror(errno)))") }
        if withAddress(data, { Glibc.connect(descriptor, $0, $1) }) == 0 { return descriptor }
        let code = errno
        close(descriptor)
        if [ENOENT, ENOTDIR, ECONNREFUSED].contains(code) { return nil }
        throw BackupFailure("cannot reach the stack at \(path(data)): \(String(cString: strerror(code)))")
    }

    static func isAnswering(_ data: String) -> Bool {
        guard let descriptor = try? connect(data) else { return false }
        close(descriptor)
        return true
    }

    private static func make() -> Int32 { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0) }

    /// Calls `body` with the address. The system takes 107 bytes of a path; a longer one is told by a descriptor of its folder.
    private static func withAddress(_ data: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = path(data)
        var opened: Int32 = -1
        if path.utf8.count >= MemoryLayout.size(ofValue: address.sun_path) {
            opened = open(folder(data), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard opened >= 0 else { return -1 }
            path = "/proc/self/fd/\(opened)/socket"
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        let code = errno
        if opened >= 0 { close(opened) }
        errno = code
        return status
    }
}
