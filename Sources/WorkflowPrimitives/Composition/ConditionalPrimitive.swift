import ObservabilityIntegration

/// One of two ways, chosen by a condition.
public struct ConditionalPrimitive<Input: Sendable, Output: Sendable>: WorkflowPrimitive {
    public let name: String?
    private let condition: @Sendable (Input, WorkflowContext) async throws -> Bool
    private let thenPrimitive: any WorkflowPrimitive<Input, Output>
    private let elsewise: @Sendable (Input, WorkflowContext) async throws -> Output

    public init(
        _ condition: @escaping @Sendable (Input, WorkflowContext) async throws -> Bool, then thenPrimitive: any WorkflowPrimitive<Input, Output>,
        else elsePrimitive: any WorkflowPrimitive<Input, Output>, name: String? = nil
    ) {
        (self.condition, self.thenPrimitive, self.name) = (condition, thenPrimitive, name)
        elsewise = { try await elsePrimitive.execute($0, $1) }
    }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> Output {
        let holds = try await condition(input, context)
        annotate("router.route", .string(holds ? "then" : "else"))
        return holds ? try await thenPrimitive.execute(input, context) : try await elsewise(input, context)
    }
}

extension ConditionalPrimitive where Input == Output {
    /// Where the condition does not hold, the input is the result.
    public init(_ condition: @escaping @Sendable (Input, WorkflowContext) async throws -> Bool, then thenPrimitive: any WorkflowPrimitive<Input, Input>, name: String? = nil) {
        (self.condition, self.thenPrimitive, self.name) = (condition, thenPrimitive, name)
        elsewise = { input, _ in input }
    }
}
