/// Of `>>>`: one after the other, from the left, and tighter than `|`. Swift's own `>>` cannot be chained.
precedencegroup WorkflowSequencePrecedence {
    associativity: left
    higherThan: AdditionPrecedence
}

infix operator >>>: WorkflowSequencePrecedence

// A function, such as `func summarize(_ text: String) async throws -> String`, stands on either side of an operator beside a primitive.

/// One after the other: what the first returns is the second's input.
public func >>> <First: WorkflowPrimitive, Second: WorkflowPrimitive>(first: First, second: Second) -> SequentialPrimitive<First.Input, Second.Output>
where First.Output == Second.Input {
    SequentialPrimitive(first, second)
}

public func >>> <First: WorkflowPrimitive, Output: Sendable>(first: First, second: @escaping @Sendable (First.Output) async throws -> Output) -> SequentialPrimitive<First.Input, Output> {
    SequentialPrimitive(first, LambdaPrimitive(second))
}

public func >>> <Input: Sendable, Second: WorkflowPrimitive>(first: @escaping @Sendable (Input) async throws -> Second.Input, second: Second) -> SequentialPrimitive<Input, Second.Output> {
    SequentialPrimitive(LambdaPrimitive(first), second)
}

/// At the same time with the same input; the result is the tuple of theirs.
public func | <First: WorkflowPrimitive, Second: WorkflowPrimitive>(first: First, second: Second) -> ParallelTuplePrimitive<First.Input, First.Output, Second.Output>
where First.Input == Second.Input {
    ParallelTuplePrimitive<First.Input, First.Output>([{ try await first.execute($0, $1) }]).joining(second)
}

public func | <First: WorkflowPrimitive, Output: Sendable>(
    first: First, second: @escaping @Sendable (First.Input) async throws -> Output
) -> ParallelTuplePrimitive<First.Input, First.Output, Output> {
    first | LambdaPrimitive(second)
}

public func | <Output: Sendable, Second: WorkflowPrimitive>(
    first: @escaping @Sendable (Second.Input) async throws -> Output, second: Second
) -> ParallelTuplePrimitive<Second.Input, Output, Second.Output> {
    LambdaPrimitive(first) | second
}

/// One branch more.
public func | <Input: Sendable, each Element: Sendable, Branch: WorkflowPrimitive>(
    branches: ParallelTuplePrimitive<Input, repeat each Element>, branch: Branch
) -> ParallelTuplePrimitive<Input, repeat each Element, Branch.Output> where Branch.Input == Input {
    branches.joining(branch)
}

public func | <Input: Sendable, each Element: Sendable, Output: Sendable>(
    branches: ParallelTuplePrimitive<Input, repeat each Element>, branch: @escaping @Sendable (Input) async throws -> Output
) -> ParallelTuplePrimitive<Input, repeat each Element, Output> {
    branches.joining(LambdaPrimitive(branch))
}
