import Bytes
import PromQL

/// Times of a range query as they stand before values, made once for all series.
struct StepTexts: Sendable {
    /// More than any time with what surrounds it.
    private static let stride = 32
    private let millis: [Int64]
    private let lengths: [UInt8]
    private let texts: [UInt8]

    /// Those of the series with the most floats. What other series have besides is written as it comes.
    init(_ matrix: Matrix) {
        // One series alone gains nothing.
        let longest = matrix.series.count > 1 ? matrix.series.max { $0.timestamps.count < $1.timestamps.count } : nil
        millis = longest?.timestamps ?? []
        var texts = [UInt8](repeating: 0, count: millis.count * Self.stride)
        var lengths = [UInt8](repeating: 0, count: millis.count)
        var out = ByteWriter(capacity: Self.stride)
        for (step, time) in millis.enumerated() {
            out.removeAll()
            Self.appendLead(time, to: &out)
            out.withBytes { bytes in for (at, byte) in bytes.enumerated() { texts[step * Self.stride + at] = byte } }
            lengths[step] = UInt8(out.count)
        }
        (self.texts, self.lengths) = (texts, lengths)
    }

    private static func appendLead(_ time: Int64, to out: inout ByteWriter) {
        out.append(UInt8(ascii: "["))
        SampleText.append(millis: time, to: &out)
        out.append(",\"")
    }

    /// The floats of a series as elements of an array.
    func append(_ series: MatrixSeries, to out: inout ByteWriter) {
        var step = 0
        for (index, time) in series.timestamps.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            while step < millis.count, millis[step] < time { step += 1 }
            if step < millis.count, millis[step] == time {
                out.reserve(Self.stride)
                // SAFETY: a text has `stride` bytes, which are there and have room; those behind its length are not counted.
                texts.withUnsafeBufferPointer { texts in
                    if let base = texts.baseAddress { (out.base + out.count).update(from: base + step * Self.stride, count: Self.stride) }
                }
                out.advance(by: Int(lengths[step]))
            } else {
                Self.appendLead(time, to: &out)
            }
            SampleText.append(series.values[index], to: &out)
            out.append("\"]")
        }
    }
}
