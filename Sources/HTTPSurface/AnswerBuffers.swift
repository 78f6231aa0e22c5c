import NIOCore
import Synchronization

/// The memory of long answers, kept for the next ones.
///
/// The C library gives megabytes back to the system as soon as they are free, and to get their pages anew took a tenth of the time of an answer of many
/// series. A buffer that somebody still holds when it is taken again is left to him: writing to it makes another.
package final class AnswerBuffers: Sendable {
    package static let shared = AnswerBuffers()

    /// Of those that are kept, and of each of them, in bytes.
    private static let (keptBytesMax, bytesMin) = (32 << 20, 64 << 10)
    /// What so many answers have not needed is freed: mostly the next answer is as long as the last, and else its memory is wanted for other things.
    private static let answersMax = 16

    private struct Kept {
        /// Those given back last stand last.
        var buffers: [ByteBuffer] = []
        var bytes = 0
        /// How many nobody has needed since the last `giveBack`: the first ones.
        var unused = 0
        /// Answers since then.
        var answers = 0
    }

    private let kept = Mutex(Kept())

    package init() {}

    /// Counts an answer, long or short.
    package func answered() {
        let isTime = kept.withLock { kept in
            kept.answers += 1
            return kept.answers >= Self.answersMax
        }
        if isTime { giveBack() }
    }

    /// An empty buffer, with room if there is one that has some.
    package func take() -> ByteBuffer {
        let buffer = kept.withLock { kept -> ByteBuffer? in
            guard let buffer = kept.buffers.popLast() else { return nil }
            kept.bytes -= buffer.capacity
            kept.unused = min(kept.unused, kept.buffers.count)
            return buffer
        }
        guard var buffer else { return ByteBuffer() }
        buffer.clear()
        return buffer
    }

    /// Takes buffers that have been handed to a connection, or are not needed any more. Too small ones, and too many, are freed.
    package func give(_ buffers: [ByteBuffer]) {
        kept.withLock { kept in
            for buffer in buffers where buffer.capacity >= Self.bytesMin && kept.bytes + buffer.capacity <= Self.keptBytesMax {
                kept.buffers.append(buffer)
                kept.bytes += buffer.capacity
            }
        }
    }

    /// Frees what nobody has needed since the call before; how many bytes are still kept.
    @discardableResult
    package func giveBack() -> Int {
        let (old, left) = kept.withLock { kept in
            let old = Array(kept.buffers.prefix(kept.unused))
            kept.buffers.removeFirst(kept.unused)
            kept.bytes -= old.reduce(0) { $0 + $1.capacity }
            (kept.unused, kept.answers) = (kept.buffers.count, 0)
            return (old, kept.bytes)
        }
        // Freed here, not while others wait.
        return withExtendedLifetime(old) { left }
    }
}
