import Bytes

/// Memory for open chunks: blocks of one size, cut from large pieces and reused.
///
/// A chunk that outgrows its block goes on in another, which leads back to the one before; so a chunk never moves, and no memory waits for
/// chunks of another size. Pieces are never given back: as many chunks are open as there are series, and a new chunk takes the blocks
/// that others left.
struct ChunkSlab: ~Copyable {
    /// In front of a block's bytes: where those of the block before in the same chunk begin, or of a free block those of the next free one,
    /// and in two bytes how many the block before holds.
    private static let headerBytes = 10
    private static let stride = 128
    /// What a block holds.
    static let blockBytes = stride - headerBytes
    private static let pieceBytes = 256 << 10

    private var pieces: [UnsafeMutableRawPointer] = []
    private var next: UnsafeMutableRawPointer?
    private var left = 0
    private var free: UnsafeMutablePointer<UInt8>?

    init() {}

    deinit { for piece in pieces { piece.deallocate() } }

    /// Bytes held from the system.
    var byteCount: Int { pieces.count * Self.pieceBytes }

    // SAFETY: every block has a header in front of its bytes; only blocks are passed in here.
    private static func previous(_ block: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>? {
        UnsafeRawPointer(block - headerBytes).load(as: UnsafeMutablePointer<UInt8>?.self)
    }

    private static func previousCount(_ block: UnsafeMutablePointer<UInt8>) -> Int { Int(UnsafeRawPointer(block - 2).load(as: UInt16.self)) }

    /// The bytes of a block, undefined; `previous` is the chunk's block before, nil for its first, and `count` the bytes that it holds.
    mutating func take(after previous: UnsafeMutablePointer<UInt8>? = nil, _ count: Int = 0) -> UnsafeMutablePointer<UInt8> {
        let block = takeFree() ?? cut()
        let header = UnsafeMutableRawPointer(block - Self.headerBytes)
        header.storeBytes(of: previous, as: UnsafeMutablePointer<UInt8>?.self)
        header.storeBytes(of: UInt16(count), toByteOffset: 8, as: UInt16.self)
        return block
    }

    private mutating func takeFree() -> UnsafeMutablePointer<UInt8>? {
        guard let block = free else { return nil }
        free = Self.previous(block)
        return block
    }

    private mutating func cut() -> UnsafeMutablePointer<UInt8> {
        if left < Self.stride {
            let piece = UnsafeMutableRawPointer.allocate(byteCount: Self.pieceBytes, alignment: Self.stride)
            pieces.append(piece)
            next = piece
            left = Self.pieceBytes
        }
        guard let block = next else { preconditionFailure("a slab has no piece") }
        next = block + Self.stride
        left -= Self.stride
        return (block + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
    }

    /// Takes all blocks of a chunk back, which ends in `last`; they must not be used any more.
    mutating func give(_ last: UnsafeMutablePointer<UInt8>) {
        var block: UnsafeMutablePointer<UInt8>? = last
        while let current = block {
            block = Self.previous(current)
            UnsafeMutableRawPointer(current - Self.headerBytes).storeBytes(of: free, as: UnsafeMutablePointer<UInt8>?.self)
            free = current
        }
    }

    /// Fetches the memory of a block and of the one before it (`MemoryFetch`).
    @inline(__always)
    static func fetch(_ block: UnsafeMutablePointer<UInt8>) -> UInt8 {
        var sum = MemoryFetch.lines(block, blockBytes)
        if let before = previous(block) { sum &+= MemoryFetch.lines(before, blockBytes) }
        return sum
    }

    /// Copies a chunk, which ends with `count` bytes in `last`, so that it ends before `end`.
    static func copy(_ last: UnsafeMutablePointer<UInt8>, _ count: Int, endingAt end: UnsafeMutablePointer<UInt8>) {
        var (block, count, end) = (last, count, end)
        while true {
            end -= count
            end.update(from: block, count: count)
            guard let before = previous(block) else { return }
            count = previousCount(block)
            block = before
        }
    }
}
