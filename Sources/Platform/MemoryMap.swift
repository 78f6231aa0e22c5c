#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file's content in memory, read-only, until the value is destroyed.
///
/// Reading a page that the disk cannot deliver ends the process, so what is read at start-up to learn whether it is whole goes
/// through `OpenFile.read` instead. A mapped file must not be truncated; unlinking it is harmless.
package struct MemoryMap: ~Copyable, @unchecked Sendable {
    /// SAFETY: valid as long as the map lives; never written through.
    package let bytes: UnsafeBufferPointer<UInt8>
    private let isMapped: Bool

    init(_ file: DiskFile) throws(PlatformError) {
        let size = try file.size()
        guard size > 0 else {
            bytes = UnsafeBufferPointer(start: nil, count: 0)
            isMapped = false
            return
        }
        let start = mmap(nil, size, PROT_READ, MAP_SHARED, file.number, 0)
        guard let start, start != MAP_FAILED else { throw .io(path: file.path, operation: "map", code: errno) }
        // SAFETY: mmap gave `size` readable bytes; they are unmapped in deinit only.
        bytes = UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: size)
        isMapped = true
    }

    /// A copy of `content`, for a file system that has no pages to map.
    init(copying content: [UInt8]) {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: content.count)
        _ = copy.initialize(from: content)
        bytes = UnsafeBufferPointer(copy)
        isMapped = false
    }

    /// Tells the system that pages will be read in no particular order, so that it reads none ahead.
    package borrowing func expectRandomAccess() {
        if isMapped, let base = bytes.baseAddress { _ = madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, MADV_RANDOM) }
    }

    deinit {
        if isMapped, let base = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
        } else {
            bytes.deallocate()
        }
    }
}
