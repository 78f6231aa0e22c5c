import Platform
import Testing

/// Large blocks are kept for the next who needs them, up to a bound, and go back to the system when nobody does.
@Suite("Scratch memory")
struct ScratchMemoryTests {
    private let memory = ScratchMemory()
    private let count = (9 << 20) / 8

    @Test("a block that was given back is taken again, and freed when a round passes without anybody taking it")
    func again() {
        let first = memory.allocate(Double.self, count: count)
        first[0] = 4.5
        first[count - 1] = 5.5
        memory.deallocate(first, count: count)
        let second = memory.allocate(Int64.self, count: count)
        #expect(UnsafeMutableRawPointer(first) == UnsafeMutableRawPointer(second))
        #expect(second[count - 1] == Int64(bitPattern: (5.5).bitPattern), "its pages are those that it had")
        memory.deallocate(second, count: count)
        #expect(memory.giveBack() == 16 << 20)
        #expect(memory.giveBack() == 0)
    }

    @Test("what is kept is bounded, and what was given back first makes room")
    func bounds() {
        let small = memory.allocate(UInt8.self, count: 64 << 10)
        let blocks = (0..<8).map { _ in memory.allocate(UInt8.self, count: 8 << 20) }
        for (number, block) in blocks.enumerated() { (block[0], block[(8 << 20) - 1]) = (UInt8(number), UInt8(number)) }
        #expect(blocks.enumerated().allSatisfy { number, block in block[0] == number && block[(8 << 20) - 1] == number })
        memory.deallocate(small, count: 64 << 10)
        for block in blocks { memory.deallocate(block, count: 8 << 20) }
        #expect(memory.allocate(UInt8.self, count: 8 << 20) == blocks[7])
        memory.deallocate(blocks[7], count: 8 << 20)
        #expect(memory.giveBack() == 32 << 20)
        #expect(memory.giveBack() == 0)
    }

    @Test("sizes at the edges are whole")
    func edges() {
        for count in [0, 1, (32 << 10) - 1, 32 << 10, 64 << 10, (64 << 10) + 1, 16 << 20, (16 << 20) + 1, 40 << 20] {
            let block = memory.allocate(UInt8.self, count: count)
            if count > 0 { (block[0], block[count - 1]) = (1, 2) }
            memory.deallocate(block, count: count)
        }
        memory.giveBack()
        #expect(memory.giveBack() == 0)
    }
}
