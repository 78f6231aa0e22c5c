/// What stands before the bytes of a chunk that is complete. Never changes once written.
struct ClosedChunk {
    /// The chunk before this one of the same series. To be followed only while `olderMaxTime` is at or above the head's minimum time:
    /// what lies below may be gone.
    let older: UnsafePointer<ClosedChunk>?
    let olderMaxTime: Int64
    let minTime: Int64
    let maxTime: Int64
    let byteCount: UInt32
    let encoding: BlockFormat.ChunkEncoding

    /// The bytes behind a header in an arena.
    static func bytes(_ chunk: UnsafePointer<ClosedChunk>) -> UnsafeBufferPointer<UInt8> {
        // SAFETY: `ChunkArena.add` put `byteCount` bytes behind the header.
        UnsafeBufferPointer(start: UnsafeRawPointer(chunk + 1).assumingMemoryBound(to: UInt8.self), count: Int(chunk.pointee.byteCount))
    }
}

/// A page of a `ChunkArena`, which somebody owns.
struct ChunkPage: @unchecked Sendable, Hashable {
    // SAFETY: owned by one arena and then by one registry; closed chunks in it never change.
    let start: UnsafeMutableRawPointer

    func free() { start.deallocate() }
}

/// Memory for closed chunks: pages filled one after the other, and given back when no chunk in them is needed.
///
/// Chunks close in the order of time, so dropping the old ones frees whole pages. Readers may still look at a page that was
/// dropped: `removed` pages go to the `SnapshotRegistry`, which frees them when nobody can.
struct ChunkArena: ~Copyable {
    static let pageBytes = 64 << 10

    /// At the start of a page, which is aligned to its size.
    private struct PageHeader {
        var liveCount: Int
        let byteCount: Int
    }

    private var current: UnsafeMutableRawPointer?
    private var used = 0
    private(set) var byteCount = 0
    /// Pages without a live chunk, for the registry.
    private var emptied: [ChunkPage] = []
    private var pages: Set<ChunkPage> = []

    init() {}

    deinit {
        for page in pages { page.free() }
        for page in emptied { page.free() }
    }

    /// Copies a chunk in.
    mutating func add(
        _ bytes: UnsafePointer<UInt8>, count: Int, _ encoding: BlockFormat.ChunkEncoding, minTime: Int64, maxTime: Int64, older: UnsafePointer<ClosedChunk>?
    ) -> UnsafePointer<ClosedChunk> {
        add(count: count, encoding, minTime: minTime, maxTime: maxTime, older: older) { $0.update(from: bytes, count: count) }
    }

    /// Keeps a chunk of `count` bytes, which `fill` writes where it is told.
    mutating func add(
        count: Int, _ encoding: BlockFormat.ChunkEncoding, minTime: Int64, maxTime: Int64, older: UnsafePointer<ClosedChunk>?,
        _ fill: (UnsafeMutablePointer<UInt8>) -> Void
    ) -> UnsafePointer<ClosedChunk> {
        let size = (MemoryLayout<ClosedChunk>.stride + count + 7) & ~7
        let page: UnsafeMutableRawPointer
        let at: UnsafeMutableRawPointer
        if size > Self.pageBytes - 16 {
            page = makePage(16 + size)
            at = page + 16
        } else {
            if current == nil || used + size > Self.pageBytes { begin() }
            guard let open = current else { preconditionFailure("an arena has no page") }
            page = open
            at = page + used
            used += size
        }
        page.assumingMemoryBound(to: PageHeader.self).pointee.liveCount += 1
        let header = at.bindMemory(to: ClosedChunk.self, capacity: 1)
        header.initialize(to: ClosedChunk(older: older, olderMaxTime: older?.pointee.maxTime ?? .min, minTime: minTime, maxTime: maxTime, byteCount: UInt32(count), encoding: encoding))
        // SAFETY: `size` counted the bytes behind the header.
        fill(UnsafeMutableRawPointer(header + 1).assumingMemoryBound(to: UInt8.self))
        return UnsafePointer(header)
    }

    private mutating func begin() {
        retireIfEmpty(current, butCurrent: false)
        current = makePage(Self.pageBytes)
        used = 16
    }

    /// A page without a chunk. Large chunks have one of their own, so that theirs, too, is found by the address of its chunk.
    private mutating func makePage(_ size: Int) -> UnsafeMutableRawPointer {
        let page = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.pageBytes)
        page.bindMemory(to: PageHeader.self, capacity: 1).initialize(to: PageHeader(liveCount: 0, byteCount: size))
        pages.insert(ChunkPage(start: page))
        byteCount += size
        return page
    }

    /// A chunk is needed no longer by writers.
    mutating func remove(_ chunk: UnsafePointer<ClosedChunk>) {
        guard let page = UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: chunk) & ~UInt(Self.pageBytes - 1)) else { return }
        page.assumingMemoryBound(to: PageHeader.self).pointee.liveCount -= 1
        retireIfEmpty(page, butCurrent: true)
    }

    private mutating func retireIfEmpty(_ page: UnsafeMutableRawPointer?, butCurrent: Bool) {
        guard let page, !(butCurrent && page == current), page.assumingMemoryBound(to: PageHeader.self).pointee.liveCount == 0 else { return }
        pages.remove(ChunkPage(start: page))
        byteCount -= page.assumingMemoryBound(to: PageHeader.self).pointee.byteCount
        emptied.append(ChunkPage(start: page))
    }

    /// Hands over the pages that no series refers to; the caller frees them.
    mutating func takeEmptied() -> [ChunkPage] {
        defer { emptied = [] }
        return emptied
    }
}
