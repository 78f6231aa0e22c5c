import MetricModel

/// Runs a template (Go's text/template/exec.go). Bounded: what it writes, and how deep templates call one another.
package struct TemplateExecution {
    private static let outputBytesMax = 1 << 20
    private static let callDepthMax = 100
    private static let stepsMax = 1_000_000

    /// Answers `query`.
    package typealias Query = @Sendable (_ query: String) async throws(TemplateError) -> [TemplateValue]

    private enum Flow { case goesOn, breaks, continues }

    private let template: Template
    private let context: TemplateFunctions.Context
    private let query: Query
    private var variables: [(name: String, value: TemplateValue)] = []
    private var out = ""
    private var depth = 0
    private var steps = 0
    /// What is being computed, for messages.
    private var current: (text: String, position: Int) = ("", 0)

    package static func run(_ template: Template, _ data: TemplateValue, _ context: TemplateFunctions.Context, query: @escaping Query) async throws(TemplateError) -> String {
        var execution = TemplateExecution(template: template, context: context, query: query)
        execution.variables = [("$", data)]
        _ = try await execution.run(template.nodes, data)
        return execution.out
    }

    private init(template: Template, context: TemplateFunctions.Context, query: @escaping Query) {
        self.template = template
        self.context = context
        self.query = query
    }

    private func failure(_ reason: String, at command: TemplateCommand? = nil) -> TemplateError {
        let current = command.map { (text: $0.text, position: $0.position) } ?? current
        return TemplateError("template: \(template.location(current.position)): executing \(LabelName.quoted(template.name)) at <\(current.text)>: \(reason)")
    }

    private mutating func write(_ text: String) throws(TemplateError) {
        out += text
        guard out.utf8.count <= Self.outputBytesMax else { throw failure("the text has more than \(Self.outputBytesMax) bytes") }
    }

    private mutating func step() throws(TemplateError) {
        steps += 1
        guard steps <= Self.stepsMax else { throw failure("the template takes more than \(Self.stepsMax) steps") }
    }

    // MARK: Nodes

    private mutating func run(_ nodes: [TemplateNode], _ dot: TemplateValue) async throws(TemplateError) -> Flow {
        for node in nodes {
            try step()
            let outer = variables.count
            switch node {
            case .text(let text): try write(text)
            case .action(let pipe):
                let value = try await evaluate(pipe, dot)
                if pipe.variables.isEmpty { try write(GoPrint.text(value)) }
            case .if(let pipe, let body, let otherwise), .with(let pipe, let body, let otherwise):
                let value = try await evaluate(pipe, dot)
                let isWith = if case .with = node { true } else { false }
                let flow = value.isTrue ? try await run(body, isWith ? value : dot) : try await run(otherwise, dot)
                variables.removeLast(variables.count - outer)
                if flow != .goesOn { return flow }
            case .range(let pipe, let body, let otherwise):
                let flow = try await loop(pipe, body, otherwise, dot)
                variables.removeLast(variables.count - outer)
                if flow != .goesOn { return flow }
            case .template(let name, let pipe, let position):
                try await call(name, pipe, position, dot)
            case .breakLoop: return .breaks
            case .continueLoop: return .continues
            }
        }
        return .goesOn
    }

    private mutating func loop(_ pipe: TemplatePipe, _ body: [TemplateNode], _ otherwise: [TemplateNode], _ dot: TemplateValue) async throws(TemplateError) -> Flow {
        var bare = pipe
        bare.variables = []
        let value = try await evaluate(bare, dot)
        // Items are made as they come: a loop that is left early has cost no more than what it looked at.
        let count: Int
        let item: (Int) -> (TemplateValue, TemplateValue)
        switch value {
        case .samples(let list), .list(let list): (count, item) = (list.count, { (.int(Int64($0)), list[$0]) })
        case .labels(let labels):
            let names = labels.keys.sorted()
            (count, item) = (names.count, { (.string(names[$0]), .string(labels[names[$0]] ?? "")) })
        case .map(let map):
            let names = map.keys.sorted()
            (count, item) = (names.count, { (.string(names[$0]), map[names[$0]] ?? .none) })
        case .int(let number): (count, item) = (Int(max(number, 0)), { (.int(Int64($0)), .int(Int64($0))) })
        case .none: (count, item) = (0, { _ in (.none, .none) })
        default: throw failure("range can't iterate over \(GoPrint.text(value))")
        }
        let outer = variables.count
        for index in 0..<count {
            try step()
            let (key, item) = item(index)
            if pipe.assigns {
                if let first = pipe.variables.first { set(first, pipe.variables.count > 1 ? key : item) }
                if pipe.variables.count > 1 { set(pipe.variables[1], item) }
            } else if pipe.variables.count > 1 {
                variables += [(pipe.variables[0], key), (pipe.variables[1], item)]
            } else if let name = pipe.variables.first {
                variables.append((name, item))
            }
            let flow = try await run(body, item)
            variables.removeLast(variables.count - outer)
            if flow == .breaks { break }
        }
        return count == 0 ? try await run(otherwise, dot) : .goesOn
    }

    private mutating func call(_ name: String, _ pipe: TemplatePipe?, _ position: Int, _ dot: TemplateValue) async throws(TemplateError) {
        current = ("{{template \(LabelName.quoted(name))\(pipe.map { " " + $0.text } ?? "")}}", position)
        guard let nodes = template.definitions[name] else { throw failure("template \(LabelName.quoted(name)) not defined") }
        depth += 1
        guard depth <= Self.callDepthMax else { throw failure("exceeded maximum template depth (\(Self.callDepthMax))") }
        defer { depth -= 1 }
        var data = TemplateValue.none
        if let pipe { data = try await evaluate(pipe, dot) }
        let outer = variables
        variables = [("$", data)]
        _ = try await run(nodes, data)
        variables = outer
    }

    private mutating func set(_ name: String, _ value: TemplateValue) {
        if let index = variables.lastIndex(where: { $0.name == name }) { variables[index].value = value }
    }

    // MARK: Values

    private mutating func evaluate(_ pipe: TemplatePipe, _ dot: TemplateValue) async throws(TemplateError) -> TemplateValue {
        current = (pipe.text, pipe.position)
        var value: TemplateValue?
        for command in pipe.commands { value = try await evaluate(command, dot, final: value) }
        let result = value ?? .none
        for name in pipe.variables { if pipe.assigns { set(name, result) } else { variables.append((name, result)) } }
        return result
    }

    /// - Parameter final: what the command before gave, the last argument of this one.
    private mutating func evaluate(_ command: TemplateCommand, _ dot: TemplateValue, final: TemplateValue?) async throws(TemplateError) -> TemplateValue {
        try step()
        let first = command.arguments[0]
        current = (first.text, first.position)
        let rest = command.arguments.dropFirst()
        switch first.kind {
        case .function(let name): return try await call(name, command, dot, final)
        case .field(let path): return try await fields(path, of: dot, Array(rest), dot, final)
        case .variable(let name, let path):
            let value = variables.last { $0.name == name }?.value ?? .none
            if path.isEmpty {
                try refuseArguments(first, rest, final)
                return value
            }
            return try await fields(path, of: value, Array(rest), dot, final)
        case .chain(let operand, let path):
            let value = try await evaluate(operand, dot)
            return try await fields(path, of: value, Array(rest), dot, final)
        case .pipe(let pipe):
            try refuseArguments(first, rest, final)
            return try await evaluate(pipe, dot)
        case .nil: throw failure("nil is not a command")
        case .dot, .bool, .number, .string:
            try refuseArguments(first, rest, final)
            return try await evaluate(first, dot)
        }
    }

    private func refuseArguments(_ first: TemplateOperand, _ rest: ArraySlice<TemplateOperand>, _ final: TemplateValue?) throws(TemplateError) {
        if !rest.isEmpty || final != nil { throw failure("can't give argument to non-function \(first.text)") }
    }

    private mutating func evaluate(_ operand: TemplateOperand, _ dot: TemplateValue) async throws(TemplateError) -> TemplateValue {
        current = (operand.text, operand.position)
        switch operand.kind {
        case .dot: return dot
        case .nil: return .none
        case .bool(let flag): return .bool(flag)
        case .number(let number): return number
        case .string(let text): return .string(text)
        default: return try await evaluate(TemplateCommand(arguments: [operand], position: operand.position), dot, final: nil)
        }
    }

    private mutating func call(_ name: String, _ command: TemplateCommand, _ dot: TemplateValue, _ final: TemplateValue?) async throws(TemplateError) -> TemplateValue {
        let operands = command.arguments.dropFirst()
        let count = operands.count + (final == nil ? 0 : 1)
        let (least, most) = TemplateFunctions.arity(name)
        guard count >= least, most.map({ count <= $0 }) ?? true else {
            throw failure("wrong number of args for \(name): want \(most == nil ? "at least " : "")\(least) got \(count)")
        }
        // The first that decides is the last that is looked at.
        if name == "and" || name == "or" {
            var value = TemplateValue.none
            for operand in operands {
                value = try await evaluate(operand, dot)
                if value.isTrue == (name == "or") { return value }
            }
            return final ?? value
        }
        var arguments: [TemplateValue] = []
        for operand in operands { arguments.append(try await evaluate(operand, dot)) }
        if let final { arguments.append(final) }
        do throws(TemplateError) {
            if name == "query" { return .samples(try await query(try TemplateFunctions.text(arguments[0]))) }
            return try TemplateFunctions.call(name, arguments, context)
        } catch {
            // What a function takes is checked before it is called.
            let isRefused = error.description.hasPrefix("wrong type for value") || error.description.hasPrefix("invalid value;")
            throw failure(isRefused ? error.description : "error calling \(name): \(error)", at: command)
        }
    }

    private mutating func fields(
        _ path: [String], of value: TemplateValue, _ operands: [TemplateOperand], _ dot: TemplateValue, _ final: TemplateValue?
    ) async throws(TemplateError) -> TemplateValue {
        var value = value
        for name in path.dropLast() { value = try field(name, of: value, []) ?? .none }
        guard let last = path.last else { return value }
        let at = current
        var arguments: [TemplateValue] = []
        for operand in operands { arguments.append(try await evaluate(operand, dot)) }
        if let final { arguments.append(final) }
        if !operands.isEmpty { current = at }
        guard let found = try field(last, of: value, arguments) else { return .none }
        return found
    }

    /// A field, a key or a method of a value; nil for no value.
    private func field(_ name: String, of value: TemplateValue, _ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue? {
        if let result = try method(name, of: value, arguments) { return result }
        let found: TemplateValue
        switch value {
        case .none: return nil
        case .labels(let labels): found = .string(labels[name] ?? "")
        case .map(let map): found = map[name] ?? .none
        case .sample(let labels, let number):
            switch name {
            case "Labels": found = .labels(labels)
            case "Value": found = number
            default: throw failure("can't evaluate field \(name) in type \(value.typeName)")
            }
        case .record(let fields):
            guard let field = fields[name] else { throw failure("can't evaluate field \(name) in type \(value.typeName)") }
            found = field
        default: throw failure("can't evaluate field \(name) in type \(value.typeName)")
        }
        if !arguments.isEmpty { throw failure("\(name) has arguments but cannot be invoked as function") }
        return found
    }

    /// What the methods of Go's times and durations give that templates use; nil where there is no such method.
    private func method(_ name: String, of value: TemplateValue, _ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue? {
        switch (value, name) {
        case (.time(let nanos), "Format"): return .string(GoTime.format(nanos, try argument(name, arguments) { if case .string(let text) = $0 { text } else { nil } }))
        case (.time(let nanos), "Add"):
            let other: Int64 = try argument(name, arguments) { if case .duration(let other) = $0 { other } else if case .int(let other) = $0 { other } else { nil } }
            return .time(nanos &+ other)
        case (.time(let nanos), "Sub"): return .duration(nanos &- (try argument(name, arguments) { if case .time(let other) = $0 { other } else { nil } }))
        case (.time(let nanos), "Unix"): return .int(nanos / 1_000_000_000)
        case (.time(let nanos), "UnixMilli"): return .int(nanos / 1_000_000)
        case (.time(let nanos), "UnixNano"): return .int(nanos)
        case (.time(let nanos), "Year"): return .int(Int64(GoTime.Parts(nanos).year))
        case (.time(let nanos), "Month"): return .string(GoTime.Parts(nanos).monthName)
        case (.time(let nanos), "Day"): return .int(Int64(GoTime.Parts(nanos).day))
        case (.time(let nanos), "Weekday"): return .string(GoTime.Parts(nanos).weekdayName)
        case (.time(let nanos), "Hour"): return .int(Int64(GoTime.Parts(nanos).hour))
        case (.time(let nanos), "Minute"): return .int(Int64(GoTime.Parts(nanos).minute))
        case (.time(let nanos), "Second"): return .int(Int64(GoTime.Parts(nanos).second))
        case (.time, "UTC"): return value
        case (.time(let nanos), "String"): return .string(GoTime.text(nanos))
        case (.duration(let nanos), "String"): return .string(GoTime.duration(nanos))
        case (.duration(let nanos), "Seconds"): return .float(Double(nanos) / 1e9)
        case (.duration(let nanos), "Minutes"): return .float(Double(nanos) / 6e10)
        case (.duration(let nanos), "Hours"): return .float(Double(nanos) / 3.6e12)
        case (.duration(let nanos), "Milliseconds"): return .int(nanos / 1_000_000)
        default: return nil
        }
    }

    private func argument<T>(_ name: String, _ arguments: [TemplateValue], _ read: (TemplateValue) -> T?) throws(TemplateError) -> T {
        guard arguments.count == 1 else { throw failure("wrong number of args for \(name): want 1 got \(arguments.count)") }
        guard let value = read(arguments[0]) else { throw failure("wrong type for value; got \(arguments[0].typeName)") }
        return value
    }
}
