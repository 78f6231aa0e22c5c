import Bytes
import MetricModel

/// Turns the raw bytes that name a series into labels, or says why they name none.
enum SeriesKey {
    struct Invalid: Error {
        let reason: String
    }

    /// Labels in canonical form. `key` may be anything; what is returned is sorted, unique and well-formed.
    static func labels(_ key: UnsafeBufferPointer<UInt8>, _ encoding: SampleBatch.KeyEncoding) throws(Invalid) -> Labels {
        var pairs: [(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>)] = []
        pairs.reserveCapacity(16)
        do throws(ByteError) {
            switch encoding {
            case .packed:
                var cursor = ByteCursor(key)
                while !cursor.isAtEnd { pairs.append((try cursor.readUvarintBytes(), try cursor.readUvarintBytes())) }
            case .protobuf:
                var cursor = ProtobufCursor(key)
                while let field = try cursor.next() {
                    guard field.number == 1, field.wire == .lengthDelimited else {
                        try cursor.skip(field.wire)
                        continue
                    }
                    pairs.append(try label(try cursor.readBytes()))
                }
            }
        } catch { throw Invalid(reason: "labels are malformed: \(error)") }
        return try canonical(&pairs, requiresMetricName: encoding == .protobuf)
    }

    private static func label(_ message: UnsafeBufferPointer<UInt8>) throws(ByteError) -> (name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
        var cursor = ProtobufCursor(message)
        let none = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        var pair = (name: none, value: none)
        while let field = try cursor.next() {
            switch (field.number, field.wire) {
            case (1, .lengthDelimited): pair.name = try cursor.readBytes()
            case (2, .lengthDelimited): pair.value = try cursor.readBytes()
            default: try cursor.skip(field.wire)
            }
        }
        return pair
    }

    private static func canonical(_ pairs: inout [(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>)], requiresMetricName: Bool) throws(Invalid) -> Labels {
        for pair in pairs {
            guard !pair.name.isEmpty else { throw Invalid(reason: "a label has no name") }
            guard isUTF8(pair.name) else { throw Invalid(reason: "the label name \(quoted(pair.name)) is not valid UTF-8") }
            guard isUTF8(pair.value) else { throw Invalid(reason: "the value of label \(quoted(pair.name)) is not valid UTF-8") }
        }
        for index in pairs.indices.dropFirst() where ByteComparison.compare(pairs[index - 1].name, pairs[index].name) >= 0 {
            pairs.sort { ByteComparison.compare($0.name, $1.name) < 0 }
            break
        }
        for index in pairs.indices.dropFirst() where ByteComparison.isEqual(pairs[index - 1].name, pairs[index].name) {
            throw Invalid(reason: "label name \(quoted(pairs[index].name)) is not unique")
        }
        var writer = ByteWriter(capacity: 256)
        var hasMetricName = false
        for pair in pairs where !pair.value.isEmpty {
            if pair.name.elementsEqual(LabelName.metric.utf8) { hasMetricName = true }
            writer.appendUvarint(UInt64(pair.name.count))
            writer.append(pair.name)
            writer.appendUvarint(UInt64(pair.value.count))
            writer.append(pair.value)
        }
        guard writer.count > 0 else { throw Invalid(reason: "empty labelset") }
        guard hasMetricName || !requiresMetricName else { throw Invalid(reason: "the series has no metric name") }
        return Labels(unchecked: writer.array())
    }

    private static func isUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if bytes.allSatisfy({ $0 < 0x80 }) { return true }
        return String(validating: bytes, as: UTF8.self) != nil
    }

    private static func quoted(_ bytes: UnsafeBufferPointer<UInt8>) -> String { LabelName.quoted(String(decoding: bytes, as: UTF8.self)) }
}
