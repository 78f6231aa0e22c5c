/// Branches at the same time with the same input; the result is the list of theirs, in order. For branches of different results there is `a | b`.
///
/// No branch outlives the execution: when one fails, the others are cancelled and awaited, and the error thrown is the first one's own. Each
/// branch has a child of the context, so that what it writes into the state does not disturb the others.
public struct ParallelPrimitive<Input: Sendable, Element: Sendable>: WorkflowPrimitive {
    public let name: String?
    public let primitives: [any WorkflowPrimitive<Input, Element>]

    /// There is at least one primitive.
    public init(_ primitives: [any WorkflowPrimitive<Input, Element>], name: String? = nil) {
        precondition(!primitives.isEmpty, "ParallelPrimitive needs at least one primitive")
        (self.primitives, self.name) = (primitives, name)
    }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> [Element] {
        try await together(primitives.map { primitive in { try await primitive.execute($0, $1) } }, input, context)
    }
}

/// What `a | b | c` makes: branches at the same time, as of a `ParallelPrimitive`, and the results as a tuple.
public struct ParallelTuplePrimitive<Input: Sendable, each Element: Sendable>: WorkflowPrimitive {
    private let branches: [@Sendable (Input, WorkflowContext) async throws -> any Sendable]

    init(_ branches: [@Sendable (Input, WorkflowContext) async throws -> any Sendable]) { self.branches = branches }

    /// Metrics do not tell lists from tuples.
    public var primitiveType: Any.Type { ParallelPrimitive<Input, Input>.self }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> (repeat each Element) {
        var results = try await together(branches, input, context).makeIterator()
        // Each branch is of the type at its place: `joining` is the only one to make this.
        return (repeat results.next() as! each Element)
    }

    /// These branches and one more.
    func joining<Branch: WorkflowPrimitive>(_ branch: Branch) -> ParallelTuplePrimitive<Input, repeat each Element, Branch.Output> where Branch.Input == Input {
        ParallelTuplePrimitive<Input, repeat each Element, Branch.Output>(branches + [{ try await branch.execute($0, $1) }])
    }
}

/// Runs branches in a child of the context each, and waits until all have ended.
private func together<Input: Sendable, Result: Sendable>(
    _ branches: [@Sendable (Input, WorkflowContext) async throws -> Result], _ input: Input, _ context: WorkflowContext
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        for (place, branch) in branches.enumerated() {
            let child = context.createChildContext()
            group.addTask { (place, try await branch(input, child)) }
        }
        var results: [Result?] = Array(repeating: nil, count: branches.count)
        // The first failure leaves the group, which cancels the others and waits for them.
        for try await (place, result) in group { results[place] = result }
        return results.compactMap { $0 }
    }
}
