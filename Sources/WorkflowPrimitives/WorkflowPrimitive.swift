/// A step that makes an `Output` of an `Input`.
///
/// A type of one's own has `run(_:_:)`, and is observed without further ado: whoever executes it calls `execute(_:_:)`, and each execution is a
/// span and is counted and timed. Steps of one type are told apart by `name`, without which they are called by their type.
///
///     let workflow = validate >>> (summarize | translate) >>> store
///     let result = try await workflow.execute(data, WorkflowContext(traceID: "req-123"))
public protocol WorkflowPrimitive<Input, Output>: Sendable {
    associatedtype Input: Sendable
    associatedtype Output: Sendable

    /// What the step is called in metrics and spans. A type of one's own declares it as `String?`.
    var name: String? { get }

    /// Whose name metrics have as `primitive`; the type's own unless it stands for another.
    var primitiveType: Any.Type { get }

    /// Does the step's work; what it throws makes the step fail. To be called by `execute` alone.
    func run(_ input: Input, _ context: WorkflowContext) async throws -> Output
}

extension WorkflowPrimitive {
    public var name: String? { nil }

    public var primitiveType: Any.Type { Self.self }

    /// This step under a name. As a part of a sequence it stays whole.
    public func named(_ name: String) -> NamedPrimitive<Self> { NamedPrimitive(self, name: name) }
}

/// A step under a name of its own. Made by `step.named("answers")`.
public struct NamedPrimitive<Base: WorkflowPrimitive>: WorkflowPrimitive {
    public let base: Base
    public let name: String?

    public init(_ base: Base, name: String) { (self.base, self.name) = (base, name) }

    public var primitiveType: Any.Type { base.primitiveType }

    public func run(_ input: Base.Input, _ context: WorkflowContext) async throws -> Base.Output { try await base.run(input, context) }
}
