import MetricModel

/// What a template is made of. Positions are byte offsets.
struct TemplateToken: Equatable {
    enum Kind: Equatable {
        case text, leftDelimiter, rightDelimiter
        case identifier, field, variable, dot, `nil`, bool, number, character, string, rawString
        case pipe, comma, assign, declare, leftParenthesis, rightParenthesis, space
        case keyword, end
    }

    var kind: Kind
    var text: String
    var position: Int

    /// As messages name it.
    var described: String {
        switch kind {
        case .end: "EOF"
        case .keyword: "<\(text)>"
        default: text.count > 10 ? LabelText.quoted(String(text.prefix(10))) + "..." : LabelText.quoted(text)
        }
    }
}

/// Go's `%q`.
enum LabelText {
    static func quoted(_ text: String) -> String { LabelName.quoted(text) }
}
