/// Reads a template (Go's text/template/parse/parse.go): what is wrong is said as Go says it.
struct TemplateParser {
    /// How deep blocks and parentheses may stand in one another.
    private static let depthMax = 100

    private let tokens: [TemplateToken]
    private let name: String
    private let text: [UInt8]
    private var at = 0
    private var variables = ["$"]
    private var definitions: [String: [TemplateNode]] = [:]
    private var depth = 0
    private var loops = 0

    /// The template itself, and those that it defines by name.
    static func parse(_ text: String, name: String) throws(TemplateError) -> (nodes: [TemplateNode], definitions: [String: [TemplateNode]]) {
        var parser = TemplateParser(tokens: try TemplateLexer.tokens(text, name: name), name: name, text: Array(text.utf8))
        let nodes = try parser.top()
        return (nodes, parser.definitions)
    }

    private init(tokens: [TemplateToken], name: String, text: [UInt8]) {
        self.tokens = tokens
        self.name = name
        self.text = text
    }

    private func failure(_ reason: String, at position: Int? = nil) -> TemplateError {
        let end = min(position ?? tokens[max(0, min(at, tokens.count) - 1)].position, text.count)
        return TemplateError("template: \(name):\(1 + text[..<end].count { $0 == UInt8(ascii: "\n") }): \(reason)")
    }

    private func unexpected(_ token: TemplateToken, _ context: String) -> TemplateError { failure("unexpected \(token.described) in \(context)", at: token.position) }

    private mutating func next() -> TemplateToken {
        defer { at = min(at + 1, tokens.count) }
        return tokens[min(at, tokens.count - 1)]
    }

    private var peek: TemplateToken { tokens[min(at, tokens.count - 1)] }

    private mutating func nextNonSpace() -> TemplateToken {
        while peek.kind == .space { at += 1 }
        return next()
    }

    private mutating func peekNonSpace() -> TemplateToken {
        while peek.kind == .space { at += 1 }
        return peek
    }

    private mutating func enter() throws(TemplateError) {
        depth += 1
        if depth > Self.depthMax { throw failure("the template is nested more than \(Self.depthMax) deep") }
    }

    // MARK: Blocks

    /// What ends a list of nodes: `{{end}}`, `{{else}}` or `{{else if …}}`, the end of the text.
    private enum Ending { case end, otherwise, text }

    private mutating func top() throws(TemplateError) -> [TemplateNode] {
        let (nodes, ending) = try list()
        switch ending {
        case .text: return nodes
        case .end: throw failure("unexpected {{end}}")
        case .otherwise: throw failure("unexpected {{else}}")
        }
    }

    private mutating func list() throws(TemplateError) -> ([TemplateNode], Ending) {
        var nodes: [TemplateNode] = []
        while true {
            let token = next()
            switch token.kind {
            case .end: return (nodes, .text)
            case .text: nodes.append(.text(token.text))
            default:
                let first = nextNonSpace()
                guard first.kind == .keyword else {
                    at -= 1
                    nodes.append(.action(try pipeline("command", .rightDelimiter)))
                    continue
                }
                switch first.text {
                case "end":
                    try close("end")
                    return (nodes, .end)
                case "else": return (nodes, .otherwise)
                case "define": try define()
                case "block": nodes.append(try block())
                case "template": nodes.append(try template())
                case "break", "continue":
                    guard loops > 0 else { throw failure("{{\(first.text)}} outside {{range}}", at: first.position) }
                    try close(first.text)
                    nodes.append(first.text == "break" ? .breakLoop : .continueLoop)
                default: nodes.append(try control(first.text))
                }
            }
        }
    }

    private mutating func close(_ context: String) throws(TemplateError) {
        let token = nextNonSpace()
        guard token.kind == .rightDelimiter else { throw unexpected(token, context) }
    }

    /// What stands behind `if`, `with` or `range`, up to its `{{end}}`.
    private mutating func control(_ keyword: String) throws(TemplateError) -> TemplateNode {
        try enter()
        defer { depth -= 1 }
        let outer = variables.count
        defer { variables.removeLast(variables.count - outer) }
        let pipe = try pipeline(keyword, .rightDelimiter)
        if keyword == "range" { loops += 1 }
        let (body, ending) = try list()
        if keyword == "range" { loops -= 1 }
        var otherwise: [TemplateNode] = []
        switch ending {
        case .text: throw failure("unexpected EOF")
        case .end: break
        case .otherwise:
            // `{{else if …}}` is `{{else}}{{if …}}…{{end}}{{end}}` with one end.
            if keyword != "range", case let token = peekNonSpace(), token.kind == .keyword, token.text == keyword {
                at += 1
                otherwise = [try control(keyword)]
            } else {
                try close("else")
                let (nodes, end) = try list()
                switch end {
                case .end: otherwise = nodes
                case .otherwise: throw failure("expected end; found {{else}}")
                case .text: throw failure("unexpected EOF")
                }
            }
        }
        return switch keyword {
        case "if": .if(pipe, body, else: otherwise)
        case "with": .with(pipe, body, else: otherwise)
        default: .range(pipe, body, else: otherwise)
        }
    }

    private mutating func templateName(_ context: String) throws(TemplateError) -> String {
        let token = nextNonSpace()
        guard token.kind == .string || token.kind == .rawString else { throw unexpected(token, context) }
        return try unquoted(token)
    }

    private mutating func body(of name: String, _ context: String) throws(TemplateError) {
        try enter()
        defer { depth -= 1 }
        let (outer, outerLoops) = (variables, loops)
        (variables, loops) = (["$"], 0)
        let (nodes, ending) = try list()
        guard case .end = ending else { throw failure("unexpected EOF") }
        (variables, loops) = (outer, outerLoops)
        definitions[name] = nodes
    }

    private mutating func define() throws(TemplateError) {
        let name = try templateName("define clause")
        try close("define clause")
        try body(of: name, "define clause")
    }

    private mutating func block() throws(TemplateError) -> TemplateNode {
        let position = peekNonSpace().position
        let name = try templateName("block clause")
        let pipe = try pipeline("block clause", .rightDelimiter)
        try body(of: name, "block clause")
        return .template(name: name, pipe, position: position)
    }

    private mutating func template() throws(TemplateError) -> TemplateNode {
        let position = peekNonSpace().position
        let name = try templateName("template clause")
        if peekNonSpace().kind == .rightDelimiter {
            at += 1
            return .template(name: name, nil, position: position)
        }
        return .template(name: name, try pipeline("template clause", .rightDelimiter), position: position)
    }

    // MARK: Pipelines

    private mutating func pipeline(_ context: String, _ end: TemplateToken.Kind) throws(TemplateError) -> TemplatePipe {
        try enter()
        defer { depth -= 1 }
        var pipe = TemplatePipe(position: peekNonSpace().position)
        try declarations(&pipe, context)
        while true {
            let token = nextNonSpace()
            if token.kind == end {
                if pipe.commands.isEmpty { throw failure("missing value for \(context)", at: token.position) }
                for (index, command) in pipe.commands.enumerated().dropFirst() {
                    switch command.arguments[0].kind {
                    case .bool, .dot, .nil, .number, .string:
                        throw failure("non executable command in pipeline stage \(index + 1)", at: token.position)
                    default: break
                    }
                }
                return pipe
            }
            switch token.kind {
            case .bool, .character, .dot, .field, .identifier, .number, .nil, .rawString, .string, .variable, .leftParenthesis:
                at -= 1
                pipe.commands.append(try command(context))
            default: throw unexpected(token, context)
            }
        }
    }

    /// `$a :=`, `$a =`, `$a, $b :=`
    private mutating func declarations(_ pipe: inout TemplatePipe, _ context: String) throws(TemplateError) {
        while true {
            let start = at
            let token = peekNonSpace()
            guard token.kind == .variable else { return }
            at += 1
            let operation = nextNonSpace()
            switch operation.kind {
            case .assign, .declare:
                pipe.assigns = operation.kind == .assign
                pipe.variables.append(token.text)
                if pipe.assigns {
                    guard variables.contains(token.text) else { throw failure("undefined variable \(LabelText.quoted(token.text))", at: token.position) }
                } else {
                    variables.append(token.text)
                }
                return
            case .comma where context == "range" && pipe.variables.isEmpty:
                pipe.variables.append(token.text)
                variables.append(token.text)
                let second = peekNonSpace()
                guard second.kind == .variable else { throw failure("range can only initialize variables", at: second.position) }
            case .comma: throw failure("too many declarations in \(context)", at: operation.position)
            default:
                at = start
                return
            }
        }
    }

    private mutating func command(_ context: String) throws(TemplateError) -> TemplateCommand {
        var command = TemplateCommand(arguments: [], position: peekNonSpace().position)
        while true {
            _ = peekNonSpace()
            if let operand = try operand() { command.arguments.append(operand) }
            let token = next()
            switch token.kind {
            case .space: continue
            case .rightDelimiter, .rightParenthesis: at -= 1
            case .pipe:
                // What follows is looked for here, so that a pipe into nothing is told where it stands.
                let following = peekNonSpace()
                if following.kind == .rightDelimiter || following.kind == .rightParenthesis { throw failure("missing value for \(context)", at: following.position) }
            default: throw unexpected(token, "operand")
            }
            break
        }
        if command.arguments.isEmpty { throw failure("empty command") }
        return command
    }

    private mutating func operand() throws(TemplateError) -> TemplateOperand? {
        guard let term = try term() else { return nil }
        guard peek.kind == .field else { return term }
        let position = peek.position
        var fields: [String] = []
        while peek.kind == .field { fields.append(String(next().text.dropFirst())) }
        let text = term.text + fields.map { "." + $0 }.joined()
        switch term.kind {
        case .field(let first): return TemplateOperand(kind: .field(first + fields), text: text, position: position)
        case .variable(let name, let first): return TemplateOperand(kind: .variable(name, first + fields), text: text, position: position)
        case .bool, .string, .number, .nil, .dot: throw failure("unexpected . after term \(LabelText.quoted(term.text))", at: position)
        default: return TemplateOperand(kind: .chain(term, fields), text: text, position: position)
        }
    }

    private mutating func term() throws(TemplateError) -> TemplateOperand? {
        let token = nextNonSpace()
        func operand(_ kind: TemplateOperand.Kind) -> TemplateOperand { TemplateOperand(kind: kind, text: token.text, position: token.position) }
        switch token.kind {
        case .identifier:
            guard TemplateFunctions.names.contains(token.text) else { throw failure("function \(LabelText.quoted(token.text)) not defined", at: token.position) }
            return operand(.function(token.text))
        case .dot: return operand(.dot)
        case .nil: return operand(.nil)
        case .variable:
            guard variables.contains(token.text) else { throw failure("undefined variable \(LabelText.quoted(token.text))", at: token.position) }
            return operand(.variable(token.text, []))
        case .field: return operand(.field([String(token.text.dropFirst())]))
        case .bool: return operand(.bool(token.text == "true"))
        case .number:
            guard let number = TemplateNumber(token.text) else { throw failure("bad number syntax: \(LabelText.quoted(token.text))", at: token.position) }
            return operand(.number(number.value))
        case .character:
            let text = try unquoted(token)
            guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else { throw failure("malformed character constant: \(token.text)", at: token.position) }
            return operand(.number(.int(Int64(scalar.value))))
        case .string, .rawString: return operand(.string(try unquoted(token)))
        case .leftParenthesis:
            let pipe = try pipeline("parenthesized pipeline", .rightParenthesis)
            return TemplateOperand(kind: .pipe(pipe), text: "(\(pipe.text))", position: token.position)
        default:
            at -= 1
            return nil
        }
    }

    /// What a literal says (Go's `strconv.Unquote`).
    private func unquoted(_ token: TemplateToken) throws(TemplateError) -> String {
        let body = Array(token.text.utf8.dropFirst().dropLast())
        if token.kind == .rawString { return String(decoding: body.filter { $0 != 0x0D }, as: UTF8.self) }
        var out: [UInt8] = []
        var at = 0
        while at < body.count {
            guard body[at] == UInt8(ascii: "\\") else {
                out.append(body[at])
                at += 1
                continue
            }
            guard at + 1 < body.count, let (bytes, length) = Self.escape(body[(at + 1)...]) else { throw failure("invalid syntax", at: token.position) }
            out += bytes
            at += 1 + length
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes of an escape sequence, and how many bytes it has behind the backslash.
    private static func escape(_ rest: ArraySlice<UInt8>) -> ([UInt8], Int)? {
        guard let first = rest.first else { return nil }
        func digits(_ count: Int, _ radix: Int, from: Int) -> UInt32? {
            guard rest.count >= from + count else { return nil }
            return UInt32(String(decoding: rest.dropFirst(from).prefix(count), as: UTF8.self), radix: radix)
        }
        switch first {
        case UInt8(ascii: "a"): return ([7], 1)
        case UInt8(ascii: "b"): return ([8], 1)
        case UInt8(ascii: "f"): return ([12], 1)
        case UInt8(ascii: "n"): return ([10], 1)
        case UInt8(ascii: "r"): return ([13], 1)
        case UInt8(ascii: "t"): return ([9], 1)
        case UInt8(ascii: "v"): return ([11], 1)
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): return ([first], 1)
        case UInt8(ascii: "x"): return digits(2, 16, from: 1).map { ([UInt8($0)], 3) }
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = first == UInt8(ascii: "u") ? 4 : 8
            return digits(count, 16, from: 1).flatMap(Unicode.Scalar.init).map { (Array(String($0).utf8), 1 + count) }
        case UInt8(ascii: "0")...UInt8(ascii: "7"): return digits(3, 8, from: 0).flatMap { $0 < 256 ? ([UInt8($0)], 3) : nil }
        default: return nil
        }
    }
}
