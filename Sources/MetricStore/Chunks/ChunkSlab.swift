/// Memory for open chunks: blocks of four sizes, cut from large pieces and reused through free lists.
///
/// Pieces are never given back: as many chunks are open as there are series, and a new chunk takes the block that another left.
struct ChunkSlab: ~Copyable {
    static let sizes = [128, 256, 512, 1088]
    private static let pieceBytes = 256 << 10

    private var pieces: [UnsafeMutableRawPointer] = []
    private var next: UnsafeMutableRawPointer?
    private var left = 0
    /// For each size the first free block, whose first word is the address of the next.
    private var free: (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) = (nil, nil, nil, nil)

    init() {}

    deinit { for piece in pieces { piece.deallocate() } }

    /// Bytes held from the system.
    var byteCount: Int { pieces.count * Self.pieceBytes }

    private static func index(_ size: Int) -> Int { size <= 128 ? 0 : size <= 256 ? 1 : size <= 512 ? 2 : 3 }

    /// The block size that follows `size`; 128 after 0.
    static func grown(_ size: Int) -> Int { size == 0 ? 128 : size <= 128 ? 256 : size <= 256 ? 512 : 1088 }

    /// A block of one of the sizes, its content undefined.
    mutating func take(_ size: Int) -> UnsafeMutablePointer<UInt8> {
        let list = Self.index(size)
        let head = switch list { case 0: free.0; case 1: free.1; case 2: free.2; default: free.3 }
        if let head {
            setFree(list, head.load(as: UnsafeMutableRawPointer?.self))
            return head.assumingMemoryBound(to: UInt8.self)
        }
        let size = Self.sizes[list]
        if left < size {
            let piece = UnsafeMutableRawPointer.allocate(byteCount: Self.pieceBytes, alignment: 64)
            pieces.append(piece)
            next = piece
            left = Self.pieceBytes
        }
        guard let block = next else { preconditionFailure("a slab has no piece") }
        next = block + size
        left -= size
        return block.assumingMemoryBound(to: UInt8.self)
    }

    /// Takes a block back; it must not be used any more.
    mutating func give(_ block: UnsafeMutablePointer<UInt8>, _ size: Int) {
        let list = Self.index(size)
        let raw = UnsafeMutableRawPointer(block)
        let head = switch list { case 0: free.0; case 1: free.1; case 2: free.2; default: free.3 }
        raw.storeBytes(of: head, as: UnsafeMutableRawPointer?.self)
        setFree(list, raw)
    }

    private mutating func setFree(_ list: Int, _ block: UnsafeMutableRawPointer?) {
        switch list {
        case 0: free.0 = block
        case 1: free.1 = block
        case 2: free.2 = block
        default: free.3 = block
        }
    }
}
