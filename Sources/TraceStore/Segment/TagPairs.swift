import Bytes
import TraceModel

/// A value as an index tells it apart from others of its key.
struct TagIdentity: BitwiseCopyable, Hashable {
    var tag: UInt8
    var payload: UInt64

    static func string(_ number: UInt32) -> TagIdentity { TagIdentity(tag: ValueTag.string.rawValue, payload: UInt64(number)) }

    /// The text that searches compare; `strings` are those of the set that the identity is from.
    func text(_ strings: StringEntries) -> String {
        switch ValueTag(rawValue: tag) {
        case .string?: strings[UInt32(truncatingIfNeeded: payload)]
        case .bool?: payload == 0 ? "false" : "true"
        case .int?: String(Int64(bitPattern: payload))
        case .double?: AttributeValue.text(of: Double(bitPattern: payload))
        default: ""
        }
    }
}

/// Takes what a span can be found by.
protocol TagVisitor: ~Copyable {
    /// A key's number and a plain value.
    mutating func visit(_ key: UInt32, _ value: TagIdentity)
    /// A key's number and the text of bytes, an array or key-values.
    mutating func visit(_ key: UInt32, text: @autoclosure () -> String)
}

/// Walks over everything that the conditions of `TagCondition` can be fulfilled by.
struct TagPairs {
    let strings: StringEntries

    /// What the span itself offers.
    func visit(_ row: SpanRow, _ visitor: inout some TagVisitor & ~Copyable) throws(ByteError) {
        visitor.visit(WellKnown.operation.rawValue, .string(row.name))
        if let kind = WellKnown(kind: row.kind) { visitor.visit(WellKnown.spanKind.rawValue, .string(kind.rawValue)) }
        if row.status == Span.Status.Code.error.rawValue {
            visitor.visit(WellKnown.error.rawValue, TagIdentity(tag: ValueTag.bool.rawValue, payload: 1))
            visitor.visit(WellKnown.statusCode.rawValue, .string(WellKnown.failed.rawValue))
        } else if row.status == Span.Status.Code.ok.rawValue {
            visitor.visit(WellKnown.statusCode.rawValue, .string(WellKnown.ok.rawValue))
        }
        var cursor = BlobCursor(row.blob)
        try attributes(&cursor, &visitor)
        let extra = try cursor.extra()
        if extra.contains(.flags) { _ = try cursor.number() }
        if extra.contains(.traceState) { visitor.visit(WellKnown.traceState.rawValue, .string(try cursor.number())) }
        if extra.contains(.statusMessage) { visitor.visit(WellKnown.statusMessage.rawValue, .string(try cursor.number())) }
        if extra.contains(.droppedAttributes) { _ = try cursor.number() }
        if extra.contains(.events) {
            for _ in 0..<(try cursor.count()) {
                _ = try cursor.cursor.readVarint()
                visitor.visit(WellKnown.event.rawValue, .string(try cursor.number()))
                _ = try cursor.number()
                try attributes(&cursor, &visitor)
            }
            _ = try cursor.number()
        }
        if extra.contains(.links) {
            for _ in 0..<(try cursor.count()) {
                try cursor.cursor.skip(24)
                _ = (try cursor.number(), try cursor.number(), try cursor.number())
                try attributes(&cursor, &visitor)
            }
        }
    }

    /// What a scope's blob offers to all spans under it.
    func visit(scope blob: UnsafeBufferPointer<UInt8>, _ visitor: inout some TagVisitor & ~Copyable) throws(ByteError) {
        var cursor = BlobCursor(blob)
        try attributes(&cursor, &visitor)
        _ = (try cursor.number(), try cursor.number())
        let (name, version) = (try cursor.number(), try cursor.number())
        if name != 0 { visitor.visit(WellKnown.scopeName.rawValue, .string(name)) }
        if version != 0 { visitor.visit(WellKnown.scopeVersion.rawValue, .string(version)) }
        try attributes(&cursor, &visitor)
    }

    private func attributes(_ cursor: inout BlobCursor, _ visitor: inout some TagVisitor & ~Copyable) throws(ByteError) {
        for _ in 0..<(try cursor.count()) {
            let key = try cursor.number()
            let tag = try cursor.tag()
            // The name under which services are listed is not for sending.
            guard key != WellKnown.service.rawValue else {
                try cursor.skipValue(tag)
                continue
            }
            switch tag {
            case .empty: visitor.visit(key, .string(0))
            case .string: visitor.visit(key, .string(try cursor.number()))
            case .bool: visitor.visit(key, TagIdentity(tag: tag.rawValue, payload: UInt64(try cursor.cursor.readUInt8())))
            case .int: visitor.visit(key, TagIdentity(tag: tag.rawValue, payload: UInt64(bitPattern: try cursor.cursor.readVarint())))
            case .double: visitor.visit(key, TagIdentity(tag: tag.rawValue, payload: try cursor.cursor.readLittleEndian()))
            case .bytes, .array, .keyValues:
                let value = try cursor.value(tag, strings)
                visitor.visit(key, text: value.text)
            }
        }
    }
}
