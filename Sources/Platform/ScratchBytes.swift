/// A growing run of bytes in `ScratchMemory`, for what a query copies and soon lets go.
package struct ScratchBytes: ~Copyable {
    package private(set) var base: UnsafeMutablePointer<UInt8>
    /// How many bytes have been written.
    package private(set) var count = 0
    private var capacity: Int

    /// `capacity`: what is expected, in bytes; memory that is never written to costs nothing.
    package init(capacity: Int) {
        self.capacity = max(capacity, 64)
        base = ScratchMemory.shared.allocate(UInt8.self, count: self.capacity)
    }

    deinit { ScratchMemory.shared.deallocate(base, count: capacity) }

    /// Makes room for `extra` more bytes, to be written at `base + count` and then counted by `advance`.
    package mutating func reserve(_ extra: Int) {
        guard count + extra > capacity else { return }
        let wanted = max(capacity * 2, count + extra)
        let larger = ScratchMemory.shared.allocate(UInt8.self, count: wanted)
        larger.update(from: base, count: count)
        ScratchMemory.shared.deallocate(base, count: capacity)
        base = larger
        capacity = wanted
    }

    /// Counts bytes that were written at `base + count` after `reserve`.
    package mutating func advance(by bytes: Int) {
        precondition(bytes >= 0 && count + bytes <= capacity)
        count += bytes
    }
}
