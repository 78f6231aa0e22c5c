import HTTPSurface
import NIOCore
import Testing

/// The memory of long answers is kept for the next ones, up to a bound, and never taken from who still reads it.
@Suite("Answer buffers")
struct AnswerBuffersTests {
    private let buffers = AnswerBuffers()

    private static func long(_ byte: UInt8, _ count: Int = 1 << 20) -> ByteBuffer { ByteBuffer(repeating: byte, count: count) }

    @Test("a buffer that was given is taken again, empty, and freed when a round passes without anybody taking it")
    func again() {
        buffers.give([Self.long(1)])
        let taken = buffers.take()
        #expect(taken.readableBytes == 0)
        #expect(taken.capacity >= 1 << 20)
        #expect(buffers.take().capacity == 0)
        buffers.give([taken])
        #expect(buffers.giveBack() == taken.capacity)
        #expect(buffers.giveBack() == 0)
        #expect(buffers.take().capacity == 0)
    }

    @Test("what is taken between two rounds stays for another one")
    func needed() {
        buffers.give([Self.long(1), Self.long(2)])
        buffers.giveBack()
        let taken = buffers.take()
        buffers.give([taken])
        #expect(buffers.giveBack() == taken.capacity, "the other one was needed by nobody")
    }

    @Test("what many answers do not need is freed")
    func answers() {
        buffers.give([Self.long(1)])
        for _ in 0..<31 { buffers.answered() }
        #expect(buffers.take().capacity > 0)
        buffers.give([Self.long(1)])
        for _ in 0..<32 { buffers.answered() }
        #expect(buffers.take().capacity == 0)
    }

    @Test("who still holds a buffer goes on reading what was in it")
    func held() {
        let held = Self.long(7)
        buffers.give([held])
        var taken = buffers.take()
        taken.writeRepeatingByte(9, count: 1 << 20)
        #expect(held.readableBytesView.allSatisfy { $0 == 7 })
        #expect(taken.readableBytesView.allSatisfy { $0 == 9 })
    }

    @Test("small ones are not kept, and no more than 32 MiB")
    func bounds() {
        buffers.give([ByteBuffer(string: "short")])
        #expect(buffers.take().capacity == 0)
        buffers.give((0..<60).map { Self.long(UInt8($0)) })
        #expect(buffers.giveBack() <= 32 << 20)
        #expect(buffers.giveBack() == 0)
    }
}
