import Synchronization

/// A step for the tests of workflows: does as it is told, and remembers what it was asked.
public final class MockPrimitive<Input: Sendable, Output: Sendable>: WorkflowPrimitive {
    public struct Call: Sendable {
        public let input: Input
        public let context: WorkflowContext
    }

    public let name: String?
    private let effect: @Sendable (Input, WorkflowContext) async throws -> Output
    private let made = Mutex<[Call]>([])

    /// Returns, or throws, what `effect` does.
    public init(_ name: String, effect: @escaping @Sendable (Input, WorkflowContext) async throws -> Output) {
        (self.name, self.effect) = (name, effect)
    }

    public convenience init(_ name: String, returning output: Output) { self.init(name) { _, _ in output } }

    public convenience init(_ name: String, throwing error: any Error) { self.init(name) { _, _ in throw error } }

    /// The executions so far, the latest last.
    public var calls: [Call] { made.withLock { $0 } }

    public var callCount: Int { made.withLock { $0.count } }

    /// Forgets all executions.
    public func reset() { made.withLock { $0 = [] } }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> Output {
        made.withLock { $0.append(Call(input: input, context: context)) }
        return try await effect(input, context)
    }
}
