/// Steps one after the other: what one returns is the next one's input. Made by `a >>> b >>> c`, which is one sequence of three.
public struct SequentialPrimitive<Input: Sendable, Output: Sendable>: WorkflowPrimitive {
    public let name: String?
    /// How many steps it has.
    public let count: Int
    private let steps: @Sendable (Input, WorkflowContext) async throws -> Output

    /// Both in one sequence; a sequence without a name is taken apart.
    public init<First: WorkflowPrimitive, Second: WorkflowPrimitive>(_ first: First, _ second: Second, name: String? = nil)
    where First.Input == Input, First.Output == Second.Input, Second.Output == Output {
        let (before, after) = (Self.steps(of: first), Self.steps(of: second))
        self.name = name
        count = before.count + after.count
        steps = { input, context in try await after.run(try await before.run(input, context), context) }
    }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> Output { try await steps(input, context) }

    private static func steps<Step: WorkflowPrimitive>(of step: Step) -> (count: Int, run: @Sendable (Step.Input, WorkflowContext) async throws -> Step.Output) {
        if let sequence = step as? SequentialPrimitive<Step.Input, Step.Output>, sequence.name == nil { return (sequence.count, sequence.steps) }
        return (1, { input, context in try await step.execute(input, context) })
    }
}

extension SequentialPrimitive where Input == Output {
    /// Steps that all take and return the same; there is at least one.
    public init(_ primitives: [any WorkflowPrimitive<Input, Input>], name: String? = nil) {
        precondition(!primitives.isEmpty, "SequentialPrimitive needs at least one primitive")
        self.name = name
        count = primitives.count
        steps = { input, context in
            var result = input
            for primitive in primitives { result = try await primitive.execute(result, context) }
            return result
        }
    }
}
