#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import Synchronization

/// A file of the machine, opened.
final class DiskFile: OpenFile {
    let path: String
    /// The descriptor, -1 once closed.
    private let descriptor: Atomic<Int32>

    init(_ path: String, _ mode: FileMode) throws(PlatformError) {
        let flags = switch mode {
        case .read: O_RDONLY
        case .append: O_RDWR | O_APPEND
        case .create: O_RDWR | O_APPEND | O_CREAT | O_TRUNC
        }
        let opened = openDescriptor(path, flags | O_CLOEXEC)
        guard opened >= 0 else { throw .io(path: path, operation: mode == .create ? "create" : "open", code: errno) }
        self.path = path
        descriptor = Atomic(opened)
    }

    deinit { close() }

    /// The descriptor, good until `close`.
    var number: Int32 { descriptor.load(ordering: .relaxed) }

    func close() {
        let opened = descriptor.exchange(-1, ordering: .relaxed)
        if opened >= 0 { _ = closeDescriptor(opened) }
    }

    func size() throws(PlatformError) -> Int {
        var info = stat()
        guard fstat(number, &info) == 0 else { throw .io(path: path, operation: "inspect", code: errno) }
        return Int(info.st_size)
    }

    func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(PlatformError) {
        guard var from = UnsafeRawPointer(bytes.baseAddress) else { return }
        var left = bytes.count
        while left > 0 {
            let written = write(number, from, left)
            if written < 0 {
                if errno == EINTR { continue }
                throw .io(path: path, operation: "write", code: errno)
            }
            from += written
            left -= written
        }
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(PlatformError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(number, base + done, buffer.count - done, off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw .io(path: path, operation: "read", code: errno)
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    func truncate(to size: Int) throws(PlatformError) {
        guard ftruncate(number, off_t(size)) == 0 else { throw .io(path: path, operation: "truncate", code: errno) }
    }

    func sync() throws(PlatformError) {
        #if canImport(Darwin)
        // On Darwin `fsync` stops at the drive's cache.
        let status = fcntl(number, F_FULLFSYNC)
        #else
        let status = fdatasync(number)
        #endif
        guard status == 0 else { throw .io(path: path, operation: "sync", code: errno) }
    }
}
