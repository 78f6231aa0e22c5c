import MetricModel

/// A regular expression over texts, found anywhere in them, as Go's `regexp` reads it: a dot does not match a newline.
struct TextPattern {
    private let source: String

    /// Throws Go's sentence when it does not compile.
    init(_ source: String) throws(TemplateError) {
        self.source = source
        do { _ = try LabelPattern("(?-s:\(source))") } catch { throw TemplateError("error parsing regexp: \(error.reason)") }
    }

    private func pattern(_ text: String, captures: Bool) throws(TemplateError) -> LabelPattern {
        do { return try LabelPattern(text, captures: captures) } catch { throw TemplateError("error parsing regexp: \(error.reason)") }
    }

    func isFound(in text: String) throws(TemplateError) -> Bool { try pattern("(?s:.*)(?:(?-s:\(source)))(?s:.*)", captures: false).matches(text) }

    /// Go's `ReplaceAllString`: every match from the left, `$1`, `${name}` standing for groups.
    func replacing(in text: String, with replacement: String) throws(TemplateError) -> String {
        let first = try pattern("(?s)(.*?)((?-s:\(source)))(.*)", captures: true)
        // Behind the first match a character of what came before stands in front, so that `^` and `\b` see where they are.
        let later = try pattern("(?s)(.+?)((?-s:\(source)))(.*)", captures: true)
        let scalars = Array(text.unicodeScalars)
        var out = ""
        var (searchFrom, lastEnd) = (0, 0)
        while searchFrom <= scalars.count {
            let contextStart = max(searchFrom - 1, 0)
            guard let groups = (searchFrom == 0 ? first : later).groups(in: Self.string(scalars[contextStart...])), let before = groups[1], let match = groups[2] else { break }
            let start = contextStart + before.unicodeScalars.count
            let end = start + match.unicodeScalars.count
            out += Self.string(scalars[lastEnd..<start])
            // Nothing is put for an empty match right behind another.
            if end > lastEnd || start == 0 { out += expanded(replacement, groups, first) }
            lastEnd = end
            searchFrom = max(end, searchFrom + 1)
        }
        return out + Self.string(scalars[lastEnd...])
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// `$1`, `${1}`, `$name`, `${name}` and `$$`; what the pattern does not have is nothing.
    private func expanded(_ replacement: String, _ groups: [String?], _ pattern: LabelPattern) -> String {
        var out = ""
        var rest = Substring(replacement)
        while let dollar = rest.firstIndex(of: "$") {
            out += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                out += "$"
                rest = rest.dropFirst()
                continue
            }
            let isBraced = rest.first == "{"
            let body = isBraced ? rest.dropFirst() : rest
            let name = body.prefix { $0 == "_" || $0.isLetter || $0.isNumber }
            let end = body.dropFirst(name.count)
            guard !name.isEmpty, !isBraced || end.first == "}" else {
                out += "$"
                continue
            }
            rest = isBraced ? end.dropFirst() : end
            // The pattern's own groups stand between the text before and the match, and the text behind.
            if let number = Int(name) {
                if number + 2 < groups.count - 1 { out += groups[number + 2] ?? "" }
            } else if let index = pattern.groupIndex(named: String(name)), index < groups.count {
                out += groups[index] ?? ""
            }
        }
        return out + rest
    }
}
