import Bytes
import MetricModel

/// A set of label names, for cutting packed labels down to them or to all others in one pass.
struct LabelSelection: Sendable {
    /// The names, sorted, each behind its length, as packed labels are.
    private let names: [UInt8]
    let isKeeping: Bool

    /// `keeping` the names, or everything but them.
    init(_ names: some Sequence<String>, keeping: Bool) {
        let sorted = Set(names).map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        var writer = ByteWriter(capacity: 64)
        for name in sorted {
            writer.appendUvarint(UInt64(name.count))
            writer.append(name)
        }
        self.names = writer.array()
        isKeeping = keeping
    }

    /// The labels that say what a metric is called and measures (upstream `schema.IsMetadataLabel`).
    static let metadataNames = [LabelName.metric, "__type__", "__unit__"]
    static let withoutMetadata = LabelSelection(metadataNames, keeping: false)

    /// Appends what remains of `labels`, packed. O(labels + names).
    func write(_ labels: Labels, to writer: inout ByteWriter) {
        labels.packed.withUnsafeBufferPointer { bytes in
            names.withUnsafeBufferPointer { names in
                var wanted = ByteCursor(names)
                var next = Self.read(&wanted)
                var cursor = ByteCursor(bytes)
                // Where what is kept, and not yet written, begins.
                var start = 0
                while !cursor.isAtEnd, let candidate = next {
                    let from = cursor.offset
                    guard let name = Self.read(&cursor), Self.read(&cursor) != nil else { preconditionFailure("packed labels are malformed") }
                    var order = Self.compare(candidate, name)
                    while order < 0 {
                        next = Self.read(&wanted)
                        order = next.map { Self.compare($0, name) } ?? 1
                    }
                    guard (order == 0) != isKeeping else { continue }
                    writer.append(UnsafeBufferPointer(rebasing: bytes[start..<from]))
                    start = cursor.offset
                }
                let end = isKeeping ? cursor.offset : bytes.count
                if start < end { writer.append(UnsafeBufferPointer(rebasing: bytes[start..<end])) }
            }
        }
    }

    @inline(__always)
    private static func read(_ cursor: inout ByteCursor) -> UnsafeBufferPointer<UInt8>? { cursor.isAtEnd ? nil : try? cursor.readUvarintBytes() }

    /// Byte order: negative, zero or positive. Names are short and mostly differ early.
    @inline(__always)
    private static func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        for at in 0..<min(a.count, b.count) where a[at] != b[at] { return Int(a[at]) - Int(b[at]) }
        return a.count - b.count
    }

    func applied(to labels: Labels) -> Labels {
        var writer = ByteWriter(capacity: labels.packed.count)
        write(labels, to: &writer)
        return writer.count == labels.packed.count ? labels : Labels(unchecked: writer.array())
    }
}

extension Labels {
    /// The same labels with one set, or removed when `value` is empty.
    func setting(_ name: String, _ value: String) -> Labels {
        var (name, value) = (name, value)
        var label = ByteWriter(capacity: name.utf8.count + value.utf8.count + 20)
        // The bytes that it takes the place of: those of the label of that name, or none before the first of a greater name.
        var (from, to) = (packed.count, packed.count)
        name.withUTF8 { name in
            packed.withUnsafeBufferPointer { bytes in
                var cursor = ByteCursor(bytes)
                while !cursor.isAtEnd {
                    let start = cursor.offset
                    guard let other = try? cursor.readUvarintBytes(), (try? cursor.readUvarintBytes()) != nil else { preconditionFailure("packed labels are malformed") }
                    let order = ByteComparison.compare(other, name)
                    if order < 0 { continue }
                    (from, to) = (start, order == 0 ? cursor.offset : start)
                    return
                }
            }
            if value.isEmpty { return }
            value.withUTF8 { value in
                label.appendUvarint(UInt64(name.count))
                label.append(name)
                label.appendUvarint(UInt64(value.count))
                label.append(value)
            }
        }
        var result: [UInt8] = []
        result.reserveCapacity(packed.count - (to - from) + label.count)
        result += packed[..<from]
        label.withBytes { result += $0 }
        result += packed[to...]
        return Labels(unchecked: result)
    }
}
