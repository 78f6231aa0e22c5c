/// One condition on one label of a series. A label that a series does not have counts as the empty string.
package struct Matcher: Hashable, Sendable {
    package enum Kind: String, Sendable { case equal = "=", notEqual = "!=", regex = "=~", notRegex = "!~" }

    package let kind: Kind
    package let name: String
    package let value: String
    /// The compiled pattern of the regex kinds; nil for the others.
    package let pattern: LabelPattern?

    /// Throws when a regex does not compile.
    package init(_ kind: Kind, _ name: String, _ value: String) throws(LabelPattern.Invalid) {
        self.kind = kind
        self.name = name
        self.value = value
        switch kind {
        case .regex, .notRegex: pattern = try LabelPattern(value)
        case .equal, .notEqual: pattern = nil
        }
    }

    /// A matcher that cannot fail to compile.
    package static func equal(_ name: String, _ value: String) -> Matcher { Matcher(name: name, value: value) }

    private init(name: String, value: String) {
        kind = .equal
        self.name = name
        self.value = value
        pattern = nil
    }

    private init(kind: Kind, name: String, value: String, pattern: LabelPattern?) {
        self.kind = kind
        self.name = name
        self.value = value
        self.pattern = pattern
    }

    /// The matcher that is satisfied exactly when this one is not.
    package var inverse: Matcher {
        let opposite: Kind = switch kind {
        case .equal: .notEqual
        case .notEqual: .equal
        case .regex: .notRegex
        case .notRegex: .regex
        }
        return Matcher(kind: opposite, name: name, value: value, pattern: pattern)
    }

    package func matches(_ candidate: String) -> Bool {
        switch kind {
        case .equal: candidate == value
        case .notEqual: candidate != value
        case .regex: pattern?.matches(candidate) ?? false
        case .notRegex: !(pattern?.matches(candidate) ?? false)
        }
    }

    /// Whether a series without the label matches.
    package var matchesEmpty: Bool { matches("") }

    package static func == (a: Matcher, b: Matcher) -> Bool { a.kind == b.kind && a.name == b.name && a.value == b.value }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(name)
        hasher.combine(value)
    }
}

extension Matcher: CustomStringConvertible {
    package var description: String { "\(LabelName.isLegacy(name) ? name : LabelName.quoted(name))\(kind.rawValue)\(LabelName.quoted(value))" }
}
