import Bytes

/// The label set that names a series: sorted by name (byte order), names unique, no empty values.
///
/// Held as one run of bytes — for each label a varint length and the name, a varint length and the value, the way Prometheus
/// packs them in its write-ahead log — so that comparing is `memcmp`, hashing is one pass and copying is one reference.
@frozen package struct Labels: Hashable, Sendable {
    /// The packed form. Two equal label sets have equal bytes.
    package let packed: [UInt8]

    package static let empty = Labels(unchecked: [])

    /// Takes bytes that already are sorted, unique, free of empty values and well-formed.
    @inlinable package init(unchecked packed: [UInt8]) { self.packed = packed }

    /// Sorts the pairs, drops empty values; of pairs with one name the last wins.
    package init(_ pairs: some Sequence<(String, String)>) {
        var sorted = pairs.enumerated().map { (order: $0.offset, name: $0.element.0, value: $0.element.1) }
        sorted.sort { $0.name == $1.name ? $0.order < $1.order : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var writer = ByteWriter(capacity: 64 * sorted.count)
        for (index, pair) in sorted.enumerated() where !pair.value.isEmpty {
            if index + 1 < sorted.count, sorted[index + 1].name == pair.name { continue }
            Labels.append(name: pair.name, value: pair.value, to: &writer)
        }
        packed = writer.array()
    }

    package init(_ pairs: KeyValuePairs<String, String>) { self.init(pairs.map { ($0.key, $0.value) }) }

    static func append(name: String, value: String, to writer: inout ByteWriter) {
        var name = name
        var value = value
        name.withUTF8 { writer.appendUvarint(UInt64($0.count)); writer.append($0) }
        value.withUTF8 { writer.appendUvarint(UInt64($0.count)); writer.append($0) }
    }

    @inlinable package var isEmpty: Bool { packed.isEmpty }

    /// Fetches the memory of the packed form (`MemoryFetch`).
    @inlinable @inline(__always)
    package func fetch() -> UInt8 {
        packed.withUnsafeBufferPointer { bytes in bytes.baseAddress.map { MemoryFetch.lines($0, bytes.count) } ?? 0 }
    }

    /// How many labels. O(count).
    package var count: Int {
        var count = 0
        forEachBytes { _, _ in count += 1 }
        return count
    }

    /// Visits every label in name order. The bytes must not be kept beyond the call.
    @inlinable package func forEachBytes(_ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Void) {
        packed.withUnsafeBufferPointer { bytes in
            var cursor = ByteCursor(bytes)
            while !cursor.isAtEnd {
                guard let name = try? cursor.readUvarintBytes(), let value = try? cursor.readUvarintBytes()
                else { preconditionFailure("packed labels are malformed") }
                body(name, value)
            }
        }
    }

    package func forEach(_ body: (_ name: String, _ value: String) -> Void) {
        forEachBytes { body(String(decoding: $0, as: UTF8.self), String(decoding: $1, as: UTF8.self)) }
    }

    /// All labels as strings, in name order.
    package var pairs: [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        forEach { pairs.append(($0, $1)) }
        return pairs
    }

    /// The value of `name`, or nil. O(count).
    package subscript(name: String) -> String? {
        var found: String?
        var name = name
        name.withUTF8 { wanted in
            forEachBytes { candidate, value in
                if candidate.count == wanted.count, candidate.elementsEqual(wanted) { found = String(decoding: value, as: UTF8.self) }
            }
        }
        return found
    }

    package var metricName: String? { self[LabelName.metric] }

    @inlinable package static func == (a: Labels, b: Labels) -> Bool { a.packed == b.packed }

    @inlinable package func hash(into hasher: inout Hasher) {
        packed.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    /// The hash that stores shard and look up by; stable within one process only.
    @inlinable package var byteHash: UInt64 { packed.withUnsafeBufferPointer { ByteHash.hash($0) } }
}

extension Labels: Comparable {
    /// Prometheus's order: label by label, name before value, the shorter set first (`labels.Compare`).
    package static func < (a: Labels, b: Labels) -> Bool {
        a.packed.withUnsafeBufferPointer { left in
            b.packed.withUnsafeBufferPointer { right in
                var l = ByteCursor(left)
                var r = ByteCursor(right)
                while !l.isAtEnd, !r.isAtEnd {
                    for _ in 0..<2 {
                        guard let x = try? l.readUvarintBytes(), let y = try? r.readUvarintBytes() else { preconditionFailure("packed labels are malformed") }
                        let order = compare(x, y)
                        if order != 0 { return order < 0 }
                    }
                }
                return l.isAtEnd && !r.isAtEnd
            }
        }
    }

    /// Byte order of two strings: negative, zero or positive.
    private static func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        for i in 0..<min(a.count, b.count) where a[i] != b[i] { return a[i] < b[i] ? -1 : 1 }
        return a.count - b.count
    }
}

extension Labels: CustomStringConvertible {
    /// `name{label="value", …}`, as Prometheus writes a metric.
    package var description: String {
        let rest = pairs.filter { $0.name != LabelName.metric }.map { "\(LabelName.isLegacy($0.name) ? $0.name : LabelName.quoted($0.name))=\(LabelName.quoted($0.value))" }
        let name = metricName ?? ""
        if !name.isEmpty, !MetricName.isLegacy(name) { return "{" + ([LabelName.quoted(name)] + rest).joined(separator: ", ") + "}" }
        return rest.isEmpty && !name.isEmpty ? name : name + "{" + rest.joined(separator: ", ") + "}"
    }
}
