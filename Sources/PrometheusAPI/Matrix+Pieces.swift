import Bytes
import Dispatch
import HTTPSurface
import NIOCore
import PromQL

extension Matrix {
    /// Samples in a piece of an answer, roughly.
    private static let pieceSamples = 16_384

    /// Whether writing it out is worth more than one core.
    var isLong: Bool { sampleCount >= 2 * Self.pieceSamples }

    /// Histograms count for many.
    private var sampleCount: Int { series.reduce(0) { $0 + Self.weight($1) } }
    private static func weight(_ series: MatrixSeries) -> Int { 4 + series.timestamps.count + 16 * series.histograms.count }

    /// Its series as elements of a JSON array, in pieces that are written on all cores. Blocks the thread until they are there.
    func pieces() -> [ByteBuffer] {
        let (ranges, times) = (pieceRanges, StepTexts(self))
        var pieces = [ByteBuffer](repeating: ByteBuffer(), count: ranges.count)
        pieces.withUnsafeMutableBufferPointer { pieces in
            // SAFETY: outlives the loop; every iteration writes an element of its own.
            nonisolated(unsafe) let pieces = pieces
            DispatchQueue.concurrentPerform(iterations: pieces.count) { number in
                pieces[number] = piece(ranges[number], times)
            }
        }
        return pieces
    }

    private var pieceRanges: [Range<Int>] {
        var ranges: [Range<Int>] = []
        var (start, weight) = (0, 0)
        for (index, element) in series.enumerated() {
            weight += Self.weight(element)
            guard weight >= Self.pieceSamples || index == series.count - 1 else { continue }
            ranges.append(start..<index + 1)
            (start, weight) = (index + 1, 0)
        }
        return ranges
    }

    private func piece(_ range: Range<Int>, _ times: StepTexts) -> ByteBuffer {
        var json = JSONWriter(capacity: Self.pieceSamples * 48)
        if range.lowerBound > 0 { json.out.append(UInt8(ascii: ",")) }
        for element in series[range] { json.series(element, times) }
        var buffer = AnswerBuffers.shared.take()
        json.out.withBytes { _ = buffer.writeBytes($0) }
        return buffer
    }
}
