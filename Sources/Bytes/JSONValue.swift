/// A JSON document in memory, faithful enough to be written back: objects keep their order, numbers keep their digits.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The digits as they stood. `JSONValue.int` and `.double` read them.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package var key: String
        package var value: JSONValue
        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }
}

extension JSONValue {
    /// The member called `key` (the last one, should there be several); nil for what is not an object.
    package subscript(key: String) -> JSONValue? {
        get { if case .object(let members) = self { members.last { $0.key == key }?.value } else { nil } }
        set {
            guard case .object(var members) = self else { return }
            if let index = members.lastIndex(where: { $0.key == key }) {
                if let newValue { members[index].value = newValue } else { members.remove(at: index) }
            } else if let newValue {
                members.append(Member(key, newValue))
            }
            self = .object(members)
        }
    }

    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    package var object: [Member]? { if case .object(let members) = self { members } else { nil } }
    package var isNull: Bool { self == .null }
    /// A number without fraction; nil when it does not fit.
    package var int: Int? {
        guard case .number(let digits) = self else { return nil }
        return Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
    }
    package var double: Double? { if case .number(let digits) = self { Double(digits) } else { nil } }

    package init(_ value: Int) { self = .number(String(value)) }
    package init(_ value: Double) { self = value.isFinite ? .number(JSONWriter.digits(value)) : .null }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByNilLiteral
{
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements.map { Member($0.0, $0.1) }) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .number(String(value)) }
    package init(nilLiteral: ()) { self = .null }
}

extension JSONValue {
    /// The document as compact JSON.
    package var encoded: [UInt8] {
        var json = JSONWriter()
        json.value(self)
        return json.finish()
    }
}
