/// A parsed template (Go's text/template/parse/node.go). Positions are byte offsets, for messages.
indirect enum TemplateNode: Sendable {
    case text(String)
    /// `{{…}}`
    case action(TemplatePipe)
    case `if`(TemplatePipe, [TemplateNode], else: [TemplateNode])
    case with(TemplatePipe, [TemplateNode], else: [TemplateNode])
    case range(TemplatePipe, [TemplateNode], else: [TemplateNode])
    case template(name: String, TemplatePipe?, position: Int)
    case breakLoop
    case continueLoop
}

/// `$a, $b := command | command`
struct TemplatePipe: Sendable {
    var variables: [String] = []
    var assigns = false
    var commands: [TemplateCommand] = []
    var position: Int

    var text: String {
        (variables.isEmpty ? "" : variables.joined(separator: ", ") + (assigns ? " = " : " := ")) + commands.map(\.text).joined(separator: " | ")
    }
}

/// A function or a value, and what it is given.
struct TemplateCommand: Sendable {
    var arguments: [TemplateOperand]
    var position: Int

    var text: String { arguments.map(\.text).joined(separator: " ") }
}

struct TemplateOperand: Sendable {
    indirect enum Kind: Sendable {
        case dot
        case `nil`
        case bool(Bool)
        case number(TemplateValue)
        case string(String)
        case field([String])
        case variable(String, [String])
        case function(String)
        case pipe(TemplatePipe)
        /// Fields of what an operand gives.
        case chain(TemplateOperand, [String])
    }

    var kind: Kind
    /// As it was written.
    var text: String
    var position: Int
}
