#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import Synchronization

/// Large blocks of memory that are needed for a moment, again and again: a query's samples and columns.
///
/// A block that is given back is kept for the next who needs one of its size, up to a bound. The C library gives megabytes back to the system as soon as
/// they are freed, and to get their pages anew took a query over many steps up to a third of its time. What nobody has needed for a while goes back to
/// the system with `giveBack`.
package final class ScratchMemory: Sendable {
    package static let shared = ScratchMemory()

    /// Smaller ones the C library keeps itself; larger ones are rare, and whoever fills them does not mind. In bytes.
    private static let (smallest, largest) = (64 << 10, 16 << 20)
    /// What is kept at most, in bytes.
    private static let keptBytesMax = 32 << 20

    private struct Block {
        let start: UnsafeMutableRawPointer
        /// The number of its size.
        let size: Int
        /// When it was given back, as a count of blocks that were.
        let turn: Int
    }

    // SAFETY: the blocks are nobody else's while they are here.
    private struct Kept: @unchecked Sendable {
        /// By size, each twice the one before; those given back last stand last.
        var blocks = [[Block]](repeating: [], count: (largest / smallest).trailingZeroBitCount + 1)
        var bytes = 0
        var turn = 0
        /// The turn at the last call of `giveBack`.
        var lastRound = 0

        mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
            guard let block = blocks[size].popLast() else { return nil }
            bytes -= smallest << size
            return block.start
        }

        /// Takes out what was given back first of all.
        mutating func takeOldest() -> Block? {
            guard let size = blocks.indices.filter({ !blocks[$0].isEmpty }).min(by: { blocks[$0][0].turn < blocks[$1][0].turn }) else { return nil }
            bytes -= smallest << size
            return blocks[size].removeFirst()
        }
    }

    private let kept = Mutex(Kept())

    package init() {}

    deinit { kept.withLock { kept in while let block = kept.takeOldest() { Self.unmap(block) } } }

    /// Room for `count` values, which are anything. To be given back with the same count.
    package func allocate<Value: BitwiseCopyable>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value> {
        guard let size = Self.size(count * MemoryLayout<Value>.stride) else { return .allocate(capacity: count) }
        let start = kept.withLock { $0.take(size) } ?? Self.map(size)
        return start.bindMemory(to: type, capacity: count)
    }

    package func deallocate<Value: BitwiseCopyable>(_ start: UnsafeMutablePointer<Value>, count: Int) {
        guard let size = Self.size(count * MemoryLayout<Value>.stride) else { return start.deallocate() }
        // SAFETY: the block was the caller's until now.
        nonisolated(unsafe) let start = UnsafeMutableRawPointer(start)
        let old = kept.withLock { kept in
            kept.turn += 1
            kept.bytes += Self.smallest << size
            kept.blocks[size].append(Block(start: start, size: size, turn: kept.turn))
            var old: [Block] = []
            while kept.bytes > Self.keptBytesMax, let block = kept.takeOldest() { old.append(block) }
            return old
        }
        for block in old { Self.unmap(block) }
    }

    /// Frees what has been kept since the call before; how many bytes are still kept.
    @discardableResult
    package func giveBack() -> Int {
        let (old, left) = kept.withLock { kept in
            var old: [Block] = []
            while let first = kept.blocks.compactMap(\.first?.turn).min(), first <= kept.lastRound, let block = kept.takeOldest() { old.append(block) }
            kept.lastRound = kept.turn
            return (old, kept.bytes)
        }
        for block in old { Self.unmap(block) }
        return left
    }

    /// Blocks are mapped one by one: what is unmapped is the system's, and a page that nobody wrote to takes no memory.
    private static func map(_ size: Int) -> UnsafeMutableRawPointer {
        let start = mmap(nil, smallest << size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED else { fatalError("no memory is left: the system refused \(smallest << size) bytes") }
        return start
    }

    private static func unmap(_ block: Block) { munmap(block.start, smallest << block.size) }

    /// The number of the size that has room for so many bytes; nil where the C library's way is better.
    private static func size(_ bytes: Int) -> Int? {
        guard bytes >= smallest / 2, bytes <= largest else { return nil }
        return max(0, Int.bitWidth - (bytes - 1).leadingZeroBitCount - smallest.trailingZeroBitCount)
    }
}
