import MetricModel

/// Conditions on an alert's labels that must all hold, sorted as upstream sorts them. None of them holds for everything.
///
/// Source: alertmanager `pkg/labels/matcher.go`.
package struct AlertMatchers: Hashable, Sendable {
    package let matchers: [Matcher]

    package init(_ matchers: [Matcher] = []) {
        self.matchers = matchers.sorted { a, b in
            if a.name != b.name { return a.name.utf8.lexicographicallyPrecedes(b.name.utf8) }
            if a.value != b.value { return a.value.utf8.lexicographicallyPrecedes(b.value.utf8) }
            return Self.rank(a.kind) < Self.rank(b.kind)
        }
    }

    /// Reads lines such as `severity="critical"`, `{a=b, c=~"d.*"}` or `"name with spaces"!=x`, each with any number of matchers.
    ///
    /// The classic syntax goes first, the one with names in UTF-8 second; where both fail, the classic one's reason is told, as upstream does.
    package init(lines: [String]) throws(AlertingError) {
        var matchers: [Matcher] = []
        for line in lines {
            do throws(AlertingError) {
                matchers += try ClassicMatchers.parse(line)
            } catch {
                guard let read = try? UTF8Matchers.parse(line) else { throw error }
                matchers += read
            }
        }
        self.init(matchers)
    }

    package func matches(_ labels: Labels) -> Bool { matchers.allSatisfy { $0.matches(labels[$0.name] ?? "") } }

    package var isEmpty: Bool { matchers.isEmpty }

    private static func rank(_ kind: Matcher.Kind) -> Int {
        switch kind {
        case .equal: 0
        case .notEqual: 1
        case .regex: 2
        case .notRegex: 3
        }
    }
}

extension AlertMatchers: CustomStringConvertible {
    /// `{a="b",c=~"d.*"}`, as it stands in the keys of groups.
    package var description: String { "{" + matchers.map(Self.text).joined(separator: ",") + "}" }

    private static func text(_ matcher: Matcher) -> String {
        if matcher.name.unicodeScalars.contains(where: UTF8Matchers.isReserved) {
            return "\(LabelName.quoted(matcher.name))\(matcher.kind.rawValue)\(LabelName.quoted(matcher.value))"
        }
        var value = ""
        for scalar in matcher.value.unicodeScalars {
            switch scalar {
            case "\\": value += "\\\\"
            case "\n": value += "\\n"
            case "\"": value += "\\\""
            default: value.unicodeScalars.append(scalar)
            }
        }
        return "\(matcher.name)\(matcher.kind.rawValue)\"\(value)\""
    }
}
