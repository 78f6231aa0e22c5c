/// A growing list whose elements never move, so that a prefix of it can be read while it grows.
///
/// Appending is O(1). The owner appends under its lock; a `Prefix` taken under the same lock is read without.
struct StableVector<Element: BitwiseCopyable>: ~Copyable {
    fileprivate static var blockBits: Int { 10 }
    fileprivate static var blockMask: Int { 1 << blockBits - 1 }

    // SAFETY: an element is written once, before the count that covers it is published under the owner's lock, and never again.
    final class Block: @unchecked Sendable {
        let elements = UnsafeMutablePointer<Element>.allocate(capacity: 1 << StableVector.blockBits)
        deinit { elements.deallocate() }
    }

    private var blocks: [Block] = []
    private(set) var count = 0

    /// Memory held, in bytes.
    var byteCount: Int { blocks.count * MemoryLayout<Element>.stride << Self.blockBits }

    mutating func append(_ element: Element) {
        let slot = count & Self.blockMask
        if slot == 0 { blocks.append(Block()) }
        (blocks[count >> Self.blockBits].elements + slot).initialize(to: element)
        count += 1
    }

    subscript(index: Int) -> Element {
        precondition(index >= 0 && index < count)
        return blocks[index >> Self.blockBits].elements[index & Self.blockMask]
    }

    /// The elements there are now.
    var prefix: Prefix { Prefix(blocks: blocks, count: count) }

    /// Elements that will not change any more.
    struct Prefix: Sendable {
        fileprivate let blocks: [Block]
        let count: Int

        subscript(index: Int) -> Element {
            precondition(index >= 0 && index < count)
            return blocks[index >> StableVector.blockBits].elements[index & StableVector.blockMask]
        }

        /// Calls `body` with runs of elements, in order, each with the index of its first.
        func forEachRun(_ body: (UnsafeBufferPointer<Element>, Int) -> Void) {
            var start = 0
            for block in blocks where start < count {
                body(UnsafeBufferPointer(start: block.elements, count: min(count - start, 1 << StableVector.blockBits)), start)
                start += 1 << StableVector.blockBits
            }
        }
    }
}
