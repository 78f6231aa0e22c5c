import Bytes
import MetricModel

/// A set of label names, for cutting packed labels down to them or to all others in one pass.
struct LabelSelection: Sendable {
    /// The names as bytes, sorted, as packed labels are.
    private let names: [[UInt8]]
    let isKeeping: Bool

    /// `keeping` the names, or everything but them.
    init(_ names: some Sequence<String>, keeping: Bool) {
        var sorted = Set(names).map { Array($0.utf8) }
        sorted.sort { $0.lexicographicallyPrecedes($1) }
        self.names = sorted
        isKeeping = keeping
    }

    /// The labels that say what a metric is called and measures (upstream `schema.IsMetadataLabel`).
    static let metadataNames = [LabelName.metric, "__type__", "__unit__"]
    static let withoutMetadata = LabelSelection(metadataNames, keeping: false)

    /// Appends what remains of `labels`, packed. O(labels + names).
    func write(_ labels: Labels, to writer: inout ByteWriter) {
        var next = 0
        labels.packed.withUnsafeBufferPointer { bytes in
            var cursor = ByteCursor(bytes)
            while !cursor.isAtEnd {
                let from = cursor.offset
                guard let name = try? cursor.readUvarintBytes(), (try? cursor.readUvarintBytes()) != nil
                else { preconditionFailure("packed labels are malformed") }
                while next < names.count, LabelSelection.precedes(names[next], name) { next += 1 }
                let isNamed = next < names.count && names[next].elementsEqual(name)
                if isNamed == isKeeping { writer.append(UnsafeBufferPointer(rebasing: bytes[from..<cursor.offset])) }
            }
        }
    }

    func applied(to labels: Labels) -> Labels {
        var writer = ByteWriter(capacity: labels.packed.count)
        write(labels, to: &writer)
        return writer.count == labels.packed.count ? labels : Labels(unchecked: writer.array())
    }

    private static func precedes(_ a: [UInt8], _ b: UnsafeBufferPointer<UInt8>) -> Bool { a.lexicographicallyPrecedes(b) }
}

extension Labels {
    /// The same labels with one set, or removed when `value` is empty.
    func setting(_ name: String, _ value: String) -> Labels {
        Labels(pairs.filter { $0.name != name }.map { ($0.name, $0.value) } + [(name, value)])
    }
}
