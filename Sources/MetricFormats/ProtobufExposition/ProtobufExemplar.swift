import MetricModel

/// `io.prometheus.client.Exemplar`.
struct ProtobufExemplar {
    private var labels: [(String, String)] = []
    private var value = 0.0
    /// Milliseconds since the epoch.
    private var timestamp: Int64?

    init(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) {
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.delimited(1): labels.append(try Self.label(&fields, end: try fields.length(end)))
            case MessageTag.fixed64(2): value = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.delimited(3): timestamp = try Self.timestamp(&fields, end: try fields.length(end))
            case let other: try fields.skip(other, end, knownThrough: 3)
            }
        }
    }

    /// Nil where neither it says its time nor `timestamp` does.
    func exemplar(at timestamp: Int64?) -> Exemplar? {
        (self.timestamp ?? timestamp).map { Exemplar(labels: Labels(labels), value: value, timestamp: $0, hasTimestamp: self.timestamp != nil) }
    }

    private static func label(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> (String, String) {
        var label = ("", "")
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.delimited(1): label.0 = try fields.string(end)
            case MessageTag.delimited(2): label.1 = try fields.string(end)
            case let other: try fields.skip(other, end, knownThrough: 2)
            }
        }
        return label
    }

    /// `google.protobuf.Timestamp`, in milliseconds.
    private static func timestamp(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> Int64 {
        var (seconds, nanos): (Int64, Int64) = (0, 0)
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): seconds = Int64(bitPattern: try fields.varint(end))
            case MessageTag.varint(2): nanos = Int64(Int32(truncatingIfNeeded: try fields.varint(end)))
            case let other: try fields.skip(other, end, knownThrough: 2)
            }
        }
        return seconds &* 1000 &+ nanos / 1_000_000
    }
}
