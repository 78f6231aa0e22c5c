/// `eq`, `ne`, `lt`, `le`, `gt`, `ge` (Go's text/template/funcs.go): numbers of one kind compare, and texts; nothing is converted.
enum TemplateComparison {
    private static let incompatible = TemplateError("incompatible types for comparison")

    static func call(_ name: String, _ arguments: [TemplateValue]) throws(TemplateError) -> Bool {
        switch name {
        case "eq":
            guard arguments.count > 1 else { throw TemplateError("missing argument for comparison") }
            for other in arguments.dropFirst() where try equals(arguments[0], other) { return true }
            return false
        case "ne": return !(try equals(arguments[0], arguments[1]))
        case "lt": return try precedes(arguments[0], arguments[1])
        case "le":
            if try precedes(arguments[0], arguments[1]) { return true }
            return try equals(arguments[0], arguments[1])
        case "gt": return !(try call("le", arguments))
        default: return !(try precedes(arguments[0], arguments[1]))
        }
    }

    private static func equals(_ a: TemplateValue, _ b: TemplateValue) throws(TemplateError) -> Bool {
        switch (a, b) {
        case (.bool(let x), .bool(let y)): return x == y
        case (.int(let x), .int(let y)): return x == y
        case (.uint(let x), .uint(let y)): return x == y
        case (.int(let x), .uint(let y)): return x >= 0 && UInt64(x) == y
        case (.uint(let x), .int(let y)): return y >= 0 && x == UInt64(y)
        case (.float(let x), .float(let y)): return x == y
        case (.string(let x), .string(let y)): return x.utf8.elementsEqual(y.utf8)
        case (.time(let x), .time(let y)), (.duration(let x), .duration(let y)): return x == y
        case (.none, .none): return true
        case (.none, _), (_, .none): return false
        case (.labels, _), (.map, _), (.samples, _), (.list, _): throw TemplateError("non-comparable type \(GoPrint.text(a)): \(a.typeName)")
        default: throw incompatible
        }
    }

    private static func precedes(_ a: TemplateValue, _ b: TemplateValue) throws(TemplateError) -> Bool {
        switch (a, b) {
        case (.int(let x), .int(let y)): return x < y
        case (.uint(let x), .uint(let y)): return x < y
        case (.int(let x), .uint(let y)): return x < 0 || UInt64(x) < y
        case (.uint(let x), .int(let y)): return y >= 0 && x < UInt64(y)
        case (.float(let x), .float(let y)): return x < y
        case (.string(let x), .string(let y)): return x.utf8.lexicographicallyPrecedes(y.utf8)
        case (.bool, .bool), (.none, _), (_, .none), (.labels, _), (.map, _), (.samples, _), (.list, _): throw TemplateError("invalid type for comparison")
        default: throw incompatible
        }
    }
}
