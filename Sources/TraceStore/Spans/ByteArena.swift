/// Bytes that are written once and never move nor go before the arena does.
///
/// One writer appends under its lock; runs handed out before may be read meanwhile by whoever keeps the arena alive.
// SAFETY: `next` and `end` are touched by the writer alone; runs handed out are disjoint from what is written later.
final class ByteArena: @unchecked Sendable {
    private static let blockBytes = 256 << 10
    private var blocks: [UnsafeMutablePointer<UInt8>] = []
    private var next: UnsafeMutablePointer<UInt8>
    private var end: UnsafeMutablePointer<UInt8>
    /// Memory held, in bytes.
    private(set) var byteCount = 0

    init() {
        // The first run makes the first block.
        next = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
        blocks = [next]
        end = next
    }

    deinit { for block in blocks { block.deallocate() } }

    /// Copies `bytes` in and returns where they are for as long as the arena lives.
    func append(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return UnsafeBufferPointer(start: UnsafePointer(blocks[0]), count: 0) }
        if end - next < bytes.count {
            let size = max(Self.blockBytes, bytes.count)
            let block = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
            blocks.append(block)
            byteCount += size
            // A run larger than a block gets its own, and the block in use stays in use.
            if bytes.count * 4 > Self.blockBytes, end - next > Self.blockBytes / 4 {
                block.update(from: source, count: bytes.count)
                return UnsafeBufferPointer(start: UnsafePointer(block), count: bytes.count)
            }
            next = block
            end = block + size
        }
        let start = next
        start.update(from: source, count: bytes.count)
        next += bytes.count
        return UnsafeBufferPointer(start: UnsafePointer(start), count: bytes.count)
    }
}
