import MetricModel

/// Text with `$1`, `${1}`, `$name`, `${name}` and `$$`, expanded from the groups of a match (Go's `regexp.Expand`).
struct RelabelTemplate: Sendable {
    private enum Part: Sendable {
        case literal(String)
        case group(Int)
    }

    let hasVariables: Bool
    private let parts: [Part]

    /// Names and numbers that the pattern does not have expand to nothing; a `$` that begins no name stays.
    init(_ text: String, _ pattern: LabelPattern) {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                literal += "$"
                rest = rest.dropFirst()
                continue
            }
            guard let (name, after) = Self.variable(rest) else {
                literal += "$"
                continue
            }
            rest = after
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = ""
            if let index = Self.number(name).map({ $0 <= pattern.groupCount ? $0 : -1 }) ?? pattern.groupIndex(named: name), index >= 0 { parts.append(.group(index)) }
        }
        literal += rest
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
        hasVariables = text.contains("$")
    }

    private static func variable(_ text: Substring) -> (name: String, rest: Substring)? {
        let isBraced = text.first == "{"
        let body = isBraced ? text.dropFirst() : text
        let name = body.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        var rest = body.dropFirst(name.count)
        guard !name.isEmpty else { return nil }
        if isBraced {
            guard rest.first == "}" else { return nil }
            rest = rest.dropFirst()
        }
        return (String(name), rest)
    }

    /// A group's number; nil for a name, which anything with a leading zero is.
    private static func number(_ name: String) -> Int? {
        guard name.utf8.allSatisfy({ $0 &- 0x30 < 10 }), name.count < 9, name == "0" || !name.hasPrefix("0") else { return nil }
        return Int(name)
    }

    func expanded(_ groups: [String?]) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .group(let index): text += groups[index] ?? ""
            }
        }
        return text
    }
}
