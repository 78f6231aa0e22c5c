/// Bringing memory to the processor before it is needed.
///
/// Things that lie scattered, a few lines of memory each, are gone through a group at a time: first a little of every line of the whole group is read,
/// which the processor does all at once, then each thing is worked on. One after the other, each would be waited for.
package enum MemoryFetch {
    /// How many things are asked for at once.
    package static let groupCount = 16

    /// Bytes that come with any one of them.
    @inlinable package static var lineBytes: Int { 64 }

    /// A byte of each line of the memory; the sum means nothing.
    @inlinable @inline(__always)
    package static func lines(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt8 {
        var (sum, at) = (UInt8(0), 0)
        while at < count {
            sum &+= start[at]
            at += lineBytes
        }
        return sum
    }

    /// Takes what was read, without which the reads would be for nothing and not be done.
    @inline(never)
    package static func done(_ sum: UInt8) {}
}
