import Bytes

/// Turns OTLP/JSON into OTLP protobuf and back by the tables of `Schema`, so that each signal has one decoder and one encoder.
///
/// Source: opentelemetry.io/docs/specs/otlp "JSON Protobuf Encoding", over proto3's JSON mapping.
enum JSONTranscoder {
    static func protobuf(json bytes: UnsafeBufferPointer<UInt8>, as schema: Schema) throws(OTLPError) -> [UInt8] {
        let document: JSONValue
        do throws(JSONParser.Failure) { document = try JSONParser.parse(bytes) } catch { throw .malformedJSON(error) }
        var out = ByteWriter(capacity: bytes.count)
        do throws(OTLPError) { try append(document, as: schema, to: &out) } catch {
            guard case .unexpectedJSON(let path, let expected) = error else { throw error }
            throw .unexpectedJSON(path: path.isEmpty ? "the document" : String(path.drop { $0 == "." }), expected: expected)
        }
        return out.array()
    }

    /// Expects what our own encoders write: valid, and the elements of a repeated field next to one another.
    static func json(protobuf bytes: UnsafeBufferPointer<UInt8>, as schema: Schema) -> [UInt8] {
        var json = JSONWriter(capacity: bytes.count * 2)
        write(bytes, as: schema, to: &json)
        return json.finish()
    }

    // MARK: From JSON

    private static func append(_ value: JSONValue, as schema: Schema, to out: inout ByteWriter) throws(OTLPError) {
        guard let members = value.object else { throw unexpected("an object") }
        let fields = schema.fields
        for member in members where !member.value.isNull {
            guard let field = fields.first(where: { $0.jsonName == member.key || $0.name == member.key }) else { continue }
            do throws(OTLPError) {
                guard field.isRepeated else { try append(member.value, field, to: &out); continue }
                guard let elements = member.value.array else { throw unexpected("an array") }
                for (index, element) in elements.enumerated() {
                    do throws(OTLPError) { try append(element, field, to: &out) } catch { throw error.under("[\(index)]") }
                }
            } catch { throw error.under("." + member.key) }
        }
    }

    private static func append(_ value: JSONValue, _ field: Schema.Field, to out: inout ByteWriter) throws(OTLPError) {
        let number = field.number
        switch field.kind {
        case .string:
            guard let text = value.string else { throw unexpected("text") }
            out.appendField(number, string: text)
        case .bool:
            guard let flag = value.bool else { throw unexpected("true or false") }
            out.appendField(number, varint: flag ? 1 : 0)
        case .double: out.appendField(number, double: try double(value))
        case .uint32: out.appendField(number, varint: UInt64(try integer(value, UInt32.self)))
        case .int32: out.appendField(number, varint: UInt64(bitPattern: Int64(try integer(value, Int32.self))))
        case .sint32:
            out.appendTag(number, .varint)
            out.appendVarint(Int64(try integer(value, Int32.self)))
        case .int64: out.appendField(number, varint: UInt64(bitPattern: try integer(value, Int64.self)))
        case .uint64: out.appendField(number, varint: try integer(value, UInt64.self))
        case .fixed32: out.appendField(number, fixed32: try integer(value, UInt32.self))
        case .fixed64: out.appendField(number, fixed64: try integer(value, UInt64.self))
        case .sfixed64: out.appendField(number, fixed64: UInt64(bitPattern: try integer(value, Int64.self)))
        case .bytes:
            guard let text = value.string, let bytes = Base64.decode(text) else { throw unexpected("base64 text") }
            bytes.withUnsafeBufferPointer { out.appendField(number, bytes: $0) }
        case .id(let length):
            guard let text = value.string, let bytes = Hexadecimal.decode(text), bytes.isEmpty || bytes.count == length
            else { throw unexpected("an id of \(2 * length) hexadecimal digits") }
            bytes.withUnsafeBufferPointer { out.appendField(number, bytes: $0) }
        case .enumeration(let names):
            if let name = value.string, let index = names.firstIndex(of: name) {
                out.appendField(number, varint: UInt64(index))
            } else {
                guard let value = try? integer(value, Int32.self) else { throw unexpected("a number or one of " + names.joined(separator: ", ")) }
                out.appendField(number, varint: UInt64(bitPattern: Int64(value)))
            }
        case .message(let schema):
            var failure: OTLPError?
            out.appendMessage(number) { out in
                do throws(OTLPError) { try append(value, as: schema, to: &out) } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    private static func unexpected(_ expected: String) -> OTLPError { .unexpectedJSON(path: "", expected: expected) }

    /// A number, or text that holds one; whole, and in the range of `T`.
    private static func integer<T: FixedWidthInteger>(_ value: JSONValue, _: T.Type) throws(OTLPError) -> T {
        let digits: String
        switch value {
        case .number(let text), .string(let text): digits = text
        default: throw unexpected("an integer")
        }
        guard let number = T(digits) ?? Double(digits).flatMap({ T(exactly: $0) }) else { throw unexpected("an integer of \(T.bitWidth) bits") }
        return number
    }

    private static func double(_ value: JSONValue) throws(OTLPError) -> Double {
        switch value {
        case .number(let digits): if let number = Double(digits) { return number }
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        case .string(let digits): if let number = Double(digits) { return number }
        default: break
        }
        throw unexpected("a number")
    }

    // MARK: To JSON

    private static func write(_ bytes: UnsafeBufferPointer<UInt8>, as schema: Schema, to json: inout JSONWriter) {
        json.beginObject()
        let fields = schema.fields
        var cursor = ProtobufCursor(bytes)
        var open: UInt32?
        while let tag = try? cursor.next() {
            if let number = open, number != tag.number {
                json.endArray()
                open = nil
            }
            guard let field = fields.first(where: { $0.number == tag.number }) else {
                guard (try? cursor.skip(tag.wire)) != nil else { break }
                continue
            }
            if open == nil { json.key(field.jsonName) }
            if field.isRepeated, open == nil {
                json.beginArray()
                open = field.number
            }
            guard (try? writeField(&cursor, tag.wire, field, to: &json)) != nil else { break }
        }
        if open != nil { json.endArray() }
        json.endObject()
    }

    private static func writeField(_ cursor: inout ProtobufCursor, _ wire: ProtobufCursor.Wire, _ field: Schema.Field, to json: inout JSONWriter) throws(ByteError) {
        if field.isRepeated, wire == .lengthDelimited {
            switch field.kind {
            case .string, .bytes, .id, .message: break
            default:
                var packed = ProtobufCursor(try cursor.readBytes())
                while !packed.cursor.isAtEnd { try writeScalar(&packed, field, to: &json) }
                return
            }
        }
        try writeScalar(&cursor, field, to: &json)
    }

    private static func writeScalar(_ cursor: inout ProtobufCursor, _ field: Schema.Field, to json: inout JSONWriter) throws(ByteError) {
        switch field.kind {
        case .string: json.string(try cursor.readString())
        case .bool: json.bool(try cursor.readVarint() != 0)
        case .double: write(try cursor.readDouble(), to: &json)
        case .uint32, .enumeration: json.int(try cursor.readVarint())
        case .int32: json.int(Int32(truncatingIfNeeded: try cursor.readVarint()))
        case .sint32: json.int(try cursor.cursor.readVarint())
        case .fixed32: json.int(try cursor.readFixed32())
        case .int64: json.string(String(Int64(bitPattern: try cursor.readVarint())))
        case .uint64: json.string(String(try cursor.readVarint()))
        case .fixed64: json.string(String(try cursor.readFixed64()))
        case .sfixed64: json.string(String(Int64(bitPattern: try cursor.readFixed64())))
        case .bytes: json.string(Base64.encode(try cursor.readBytes()))
        case .id: json.string(Hexadecimal.encode(try cursor.readBytes()))
        case .message(let schema): write(try cursor.readBytes(), as: schema, to: &json)
        }
    }

    private static func write(_ value: Double, to json: inout JSONWriter) {
        if value.isFinite { json.double(value) } else { json.string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity") }
    }
}

extension OTLPError {
    /// The error as the message around sees it.
    fileprivate func under(_ step: String) -> OTLPError {
        if case .unexpectedJSON(let path, let expected) = self { .unexpectedJSON(path: step + path, expected: expected) } else { self }
    }
}
