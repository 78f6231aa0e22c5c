#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import Synchronization

/// A directory taken for one process: an exclusive `flock` on a file `lock` within it, which holds the process's number.
///
/// The system lets go of it when the process ends, however it ends. Prometheus takes the same file the same way
/// (`tsdb/tsdbutil/dir_locker.go`), so neither opens the other's directory while it runs.
package final class DirectoryLock: Sendable {
    private let path: String
    private let descriptor: Atomic<Int32>

    init(_ directory: String) throws(PlatformError) {
        path = "\(directory)/lock"
        while true {
            let opened = openDescriptor(path, O_RDWR | O_CREAT | O_CLOEXEC)
            guard opened >= 0 else { throw .io(path: path, operation: "open", code: errno) }
            guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                let holder = Self.holder(opened)
                _ = closeDescriptor(opened)
                guard code == EWOULDBLOCK else { throw .io(path: path, operation: "lock", code: code) }
                throw .locked(directory: directory, holder: holder)
            }
            // The holder before us may have removed the file between our open and our lock.
            var ours = stat()
            var named = stat()
            guard fstat(opened, &ours) == 0, stat(path, &named) == 0, ours.st_ino == named.st_ino else {
                _ = closeDescriptor(opened)
                continue
            }
            _ = ftruncate(opened, 0)
            let text = "\(getpid())\n"
            _ = text.utf8.withContiguousStorageIfAvailable { write(opened, $0.baseAddress, $0.count) }
            descriptor = Atomic(opened)
            return
        }
    }

    /// A lock on nothing, for a file system that only this process sees.
    init() {
        path = ""
        descriptor = Atomic(-1)
    }

    deinit { release() }

    /// Lets go of the directory. Harmless the second time.
    package func release() {
        let opened = descriptor.exchange(-1, ordering: .relaxed)
        guard opened >= 0 else { return }
        unlink(path)
        _ = closeDescriptor(opened)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &text, text.count, 0)
        let digits = text.prefix(max(count, 0)).prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        return digits.isEmpty ? "another process" : "process \(String(decoding: digits, as: UTF8.self))"
    }
}
