import Bytes
import MetricFormats

/// A change of the groups in the log, and a whole group in a checkpoint. A protobuf message:
///
///     1 kind (varint) · 2 nanoseconds (varint) · 3 label of the key {1 name, 2 value} … · 4 family (MetricFamily) …
///     whole groups: 5 pushed, 6 failed, 7 created (nanoseconds, varints) · 8 {1 nanoseconds, 2 family} …
enum GroupRecord {
    private enum Kind {
        static let push: UInt64 = 1
        static let replacement: UInt64 = 2
        static let failure: UInt64 = 3
        static let deletion: UInt64 = 4
        static let group: UInt64 = 5
    }

    static func push(_ families: [ClientMetricFamily], to key: GroupingKey, replaces: Bool, nanos: Int64) -> [UInt8] {
        encode(replaces ? Kind.replacement : Kind.push, key, nanos) { out in
            for family in families { out.appendMessage(4) { family.encode(to: &$0) } }
        }
    }

    static func failure(_ key: GroupingKey, nanos: Int64) -> [UInt8] { encode(Kind.failure, key, nanos) }
    static func deletion(_ key: GroupingKey, nanos: Int64) -> [UInt8] { encode(Kind.deletion, key, nanos) }

    static func group(_ group: PushGroup) -> [UInt8] {
        encode(Kind.group, group.key, group.pushedNanos) { out in
            out.appendField(5, varint: UInt64(bitPattern: group.pushedNanos))
            out.appendField(6, varint: UInt64(bitPattern: group.failedNanos))
            out.appendField(7, varint: UInt64(bitPattern: group.createdNanos))
            for family in group.families.values {
                out.appendMessage(8) { out in
                    out.appendField(1, varint: UInt64(bitPattern: family.pushedNanos))
                    out.appendMessage(2) { family.family.encode(to: &$0) }
                }
            }
        }
    }

    private static func encode(_ kind: UInt64, _ key: GroupingKey, _ nanos: Int64, _ rest: (inout ByteWriter) -> Void = { _ in }) -> [UInt8] {
        var out = ByteWriter(capacity: 1024)
        out.appendField(1, varint: kind)
        out.appendField(2, varint: UInt64(bitPattern: nanos))
        for label in key.labels {
            out.appendMessage(3) { out in
                out.appendField(1, string: label.name)
                out.appendField(2, string: label.value)
            }
        }
        rest(&out)
        return out.array()
    }

    /// Does to `table` what the record tells. Answers nil, or why the record makes no sense.
    static func replay(_ bytes: UnsafeBufferPointer<UInt8>, into table: inout GroupTable) -> String? {
        do {
            let record = try Content(bytes)
            switch record.kind {
            case Kind.push, Kind.replacement:
                _ = try table.push(record.families, to: record.key, replaces: record.kind == Kind.replacement, nanos: record.nanos)
            case Kind.failure: _ = table.fail(record.key, nanos: record.nanos)
            case Kind.deletion: _ = table.delete(record.key)
            case Kind.group: try table.restore(record.families, record.familyNanos, key: record.key, pushed: record.pushed, failed: record.failed, created: record.created)
            case let other: return "record kind \(other) is not known"
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    private struct Content {
        var kind: UInt64 = 0
        var nanos: Int64 = 0
        var families: [ClientMetricFamily] = []
        var familyNanos: [Int64] = []
        var pushed: Int64 = 0
        var failed: Int64 = 0
        var created: Int64 = 0
        var key: GroupingKey

        init(_ bytes: UnsafeBufferPointer<UInt8>) throws {
            var labels: [ClientMetricFamily.Label] = []
            key = GroupingKey(sorted: [])
            var fields = ProtobufCursor(bytes)
            while let field = try fields.next() {
                switch field.number {
                case 1: kind = try fields.readVarint()
                case 2: nanos = Int64(bitPattern: try fields.readVarint())
                case 3: labels.append(try Self.label(try fields.readBytes()))
                case 4: families.append(try ClientMetricFamily.decode(try fields.readBytes()))
                case 5: pushed = Int64(bitPattern: try fields.readVarint())
                case 6: failed = Int64(bitPattern: try fields.readVarint())
                case 7: created = Int64(bitPattern: try fields.readVarint())
                case 8: try readFamily(try fields.readBytes())
                default: try fields.skip(field.wire)
                }
            }
            key = GroupingKey(sorted: labels)
        }

        private static func label(_ bytes: UnsafeBufferPointer<UInt8>) throws(ByteError) -> ClientMetricFamily.Label {
            var fields = ProtobufCursor(bytes)
            var label = ClientMetricFamily.Label("", "")
            while let field = try fields.next() {
                switch field.number {
                case 1: label.name = try fields.readString()
                case 2: label.value = try fields.readString()
                default: try fields.skip(field.wire)
                }
            }
            return label
        }

        private mutating func readFamily(_ bytes: UnsafeBufferPointer<UInt8>) throws {
            var fields = ProtobufCursor(bytes)
            var at: Int64 = 0
            while let field = try fields.next() {
                switch field.number {
                case 1: at = Int64(bitPattern: try fields.readVarint())
                case 2:
                    families.append(try ClientMetricFamily.decode(try fields.readBytes()))
                    familyNanos.append(at)
                default: try fields.skip(field.wire)
                }
            }
        }
    }
}

extension GroupTable {
    /// Puts a group back as a checkpoint has it.
    fileprivate mutating func restore(
        _ families: [ClientMetricFamily], _ familyNanos: [Int64], key: GroupingKey, pushed: Int64, failed: Int64, created: Int64
    ) throws(PushGroupsError) {
        var group = PushGroup(key: key, createdNanos: created)
        group.pushedNanos = pushed
        group.failedNanos = failed
        for (family, nanos) in zip(families, familyNanos) {
            group.families[family.name] = PushGroup.Family(family, pushedNanos: nanos, revision: nextRevision())
        }
        _ = try put(group)
    }
}
