/// A function as a step: of the input, or of the input and the context. A closure has no name of its own; it is called `lambda` unless it is given one.
public struct LambdaPrimitive<Input: Sendable, Output: Sendable>: WorkflowPrimitive {
    public let name: String?
    private let function: @Sendable (Input, WorkflowContext) async throws -> Output

    public init(name: String? = nil, _ function: @escaping @Sendable (Input) async throws -> Output) {
        self.name = name
        self.function = { input, _ in try await function(input) }
    }

    public init(name: String? = nil, _ function: @escaping @Sendable (Input, WorkflowContext) async throws -> Output) {
        self.name = name
        self.function = function
    }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> Output { try await function(input, context) }
}
