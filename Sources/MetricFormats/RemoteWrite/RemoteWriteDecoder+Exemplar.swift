import MetricModel

extension RemoteWriteDecoder {
    /// `prometheus.Exemplar` of types.proto. One of time 0 did not say its time (`Exemplar.ToExemplar`).
    func decodeExemplar(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> Exemplar {
        var pairs: [(String, String)] = []
        var value = 0.0
        var timestamp: Int64 = 0
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.delimited(1): pairs.append(try decodeLabel(&fields, end: try fields.length(end)))
            case MessageTag.fixed64(2): value = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.varint(3): timestamp = Int64(bitPattern: try fields.varint(end))
            case let other: try fields.skip(other, end)
            }
        }
        return Exemplar(labels: Labels(pairs), value: value, timestamp: timestamp, hasTimestamp: timestamp != 0)
    }

    private func decodeLabel(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> (String, String) {
        var label = ("", "")
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.delimited(1): label.0 = try fields.string(end)
            case MessageTag.delimited(2): label.1 = try fields.string(end)
            case let other: try fields.skip(other, end)
            }
        }
        return label
    }
}
