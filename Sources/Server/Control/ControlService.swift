import Bytes
import Glibc
import Logging
import Platform
import ServiceLifecycle
import Synchronization

/// Answers at the control socket, one connection at a time, on a thread of its own: `{"backup":"/a/folder"}` with a `BackupReport`, or with
/// `{"error":"…"}`. A backup ends without a trace when its client goes away or the stack ends.
final class ControlService: Service, Sendable {
    private let data: DataFolder
    private let listener: Int32
    private let stores: Stores
    private let pool: BlockingPool
    private let logger: Logger
    private let isEnding = Atomic(false)

    /// Listens from now on; answers while it runs.
    init(data: DataFolder, stores: Stores, pool: BlockingPool, logger: Logger) throws(StartFailure) {
        self.data = data
        self.stores = stores
        self.pool = pool
        self.logger = logger
        listener = try ControlSocket.listen(data.path)
    }

    deinit { close(listener) }

    func run() async throws {
        let thread = try WorkerThread(name: "control") { [self] in serve() }
        try? await gracefulShutdown()
        isEnding.store(true, ordering: .relaxed)
        shutdown(listener, Int32(SHUT_RDWR))
        await pool.run { thread.join() }
        unlink(ControlSocket.path(data.path))
    }

    private func serve() {
        while !isEnding.load(ordering: .relaxed) {
            let client = accept(listener, nil, nil)
            if client >= 0 {
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                answer(client)
                close(client)
            } else if [EINTR, ECONNABORTED, EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(errno) {
                // Too many files are open: there may be fewer soon.
                usleep(100_000)
            } else {
                return
            }
        }
    }

    private func answer(_ client: Int32) {
        var limit = timeval(tv_sec: ControlSocket.lineSeconds, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        do throws(BackupFailure) {
            let request = try ControlLine.read(client, bytesMax: ControlSocket.requestBytesMax)
            guard let directory = request["backup"]?.string, directory.hasPrefix("/") else {
                throw BackupFailure(#"a request is {"backup":"/a/folder"}, with a path from the root"#)
            }
            let backup = Backup(data: data, source: RunningStores(stores: stores)) { [self] in isEnding.load(ordering: .relaxed) || Self.isGone(client) }
            let report = try backup.write(into: directory)
            logger.info("backed up to \(directory): \(report.files) files, \(report.bytes) bytes")
            _ = ControlLine.write(report.json, to: client)
        } catch {
            logger.warning("what was asked for at the control socket was not done: \(error)")
            _ = ControlLine.write(["error": .string(error.description)], to: client)
        }
    }

    /// Whether the other side has closed the connection.
    private static func isGone(_ client: Int32) -> Bool {
        var state = pollfd(fd: client, events: 0, revents: 0)
        return poll(&state, 1, 0) > 0
    }
}
