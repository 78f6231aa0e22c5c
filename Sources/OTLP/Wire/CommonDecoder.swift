import Bytes
import TraceModel

/// Decodes what all signals share (opentelemetry/proto/common/v1 and resource/v1), within a bound of memory.
///
/// An empty message is two bytes on the wire and up to hundreds in memory, so what is made is charged against `memoryMax`.
struct CommonDecoder {
    static let valueDepthMax = 64
    /// What a boxed attribute value takes, allocator included.
    private static let boxBytes = 48

    private let memoryMax: Int
    private var memory = 0

    init(memoryMax: Int) { self.memoryMax = memoryMax }

    @inline(__always) mutating func charge(_ bytes: Int) throws(OTLPError) {
        memory += bytes
        if _slowPath(memory > memoryMax) { throw .tooLarge(limit: memoryMax) }
    }

    mutating func resource(_ reader: MessageReader) throws(OTLPError) -> Resource {
        var reader = reader
        var resource = Resource()
        try reserve(&resource.attributes, reader.count(of: 1))
        while let field = try reader.next() {
            switch field {
            case 1: resource.attributes.append(try attribute(reader.message("KeyValue"), depth: 0))
            case 2: resource.droppedAttributesCount = try reader.uint32()
            default: try reader.skip()
            }
        }
        return resource
    }

    mutating func scope(_ reader: MessageReader) throws(OTLPError) -> InstrumentationScope {
        var reader = reader
        var scope = InstrumentationScope()
        try reserve(&scope.attributes, reader.count(of: 3))
        while let field = try reader.next() {
            switch field {
            case 1: scope.name = try reader.string()
            case 2: scope.version = try reader.string()
            case 3: scope.attributes.append(try attribute(reader.message("KeyValue"), depth: 0))
            case 4: scope.droppedAttributesCount = try reader.uint32()
            default: try reader.skip()
            }
        }
        return scope
    }

    /// Makes room for `count` elements and charges it.
    mutating func reserve<Element>(_ array: inout [Element], _ count: Int) throws(OTLPError) {
        guard count > 0 else { return }
        try charge(count * MemoryLayout<Element>.stride)
        array.reserveCapacity(count)
    }

    mutating func attribute(_ reader: MessageReader, depth: Int) throws(OTLPError) -> Attribute {
        var reader = reader
        var key = ""
        var value = AttributeValue.empty
        while let field = try reader.next() {
            switch field {
            case 1: key = try reader.string()
            case 2: value = try self.value(reader.message("AnyValue"), depth: depth)
            default: try reader.skip()
            }
        }
        return Attribute(key, value)
    }

    /// Of several members of the `oneof` the last wins.
    mutating func value(_ reader: MessageReader, depth: Int) throws(OTLPError) -> AttributeValue {
        guard depth < Self.valueDepthMax else { throw .tooDeep(limit: Self.valueDepthMax) }
        var reader = reader
        var value = AttributeValue.empty
        while let field = try reader.next() {
            switch field {
            case 1: value = .string(try reader.string())
            case 2: value = .bool(try reader.varint() != 0)
            case 3: value = .int(Int64(bitPattern: try reader.varint()))
            case 4: value = .double(try reader.double())
            case 5: value = .array(try elements(reader.message("ArrayValue"), depth: depth + 1))
            case 6: value = .keyValues(try members(reader.message("KeyValueList"), depth: depth + 1))
            case 7: value = .bytes([UInt8](try reader.bytes()))
            default: try reader.skip(); continue
            }
            try charge(Self.boxBytes)
        }
        return value
    }

    private mutating func elements(_ reader: MessageReader, depth: Int) throws(OTLPError) -> [AttributeValue] {
        var reader = reader
        var elements: [AttributeValue] = []
        try reserve(&elements, reader.count(of: 1))
        while let field = try reader.next() {
            if field == 1 { elements.append(try value(reader.message("AnyValue"), depth: depth)) } else { try reader.skip() }
        }
        return elements
    }

    private mutating func members(_ reader: MessageReader, depth: Int) throws(OTLPError) -> [Attribute] {
        var reader = reader
        var members: [Attribute] = []
        try reserve(&members, reader.count(of: 1))
        while let field = try reader.next() {
            if field == 1 { members.append(try attribute(reader.message("KeyValue"), depth: depth)) } else { try reader.skip() }
        }
        return members
    }
}
