/// A gauge, counter or untyped value, which are laid out alike.
struct ProtobufNumber {
    var value = 0.0
    /// A counter's.
    var exemplar: UnsafeBufferPointer<UInt8>?

    mutating func read(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>, hasExemplar: Bool) throws(MetricFormatError) {
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.fixed64(1): value = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.delimited(2) where hasExemplar: exemplar = try fields.bytes(end)
            case let other: try fields.skip(other, end, knownThrough: 1)
            }
        }
    }
}
