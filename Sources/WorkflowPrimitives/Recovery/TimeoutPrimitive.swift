import ObservabilityIntegration

/// Cancels a primitive that takes too long, waits for its clean-up, and executes the fallback or throws `TimeoutError`.
///
///     TimeoutPrimitive(llmCall, timeout: .seconds(30))
///     TimeoutPrimitive(llmCall, timeout: .seconds(30), fallback: cannedAnswer)
///
/// Timeouts are noted in the context: `state["timeout_count"]`, and the last hundred in `state["timeout_history"]`, as `[TimeoutError]`.
public struct TimeoutPrimitive<Input: Sendable, Output: Sendable>: WorkflowPrimitive {
    private enum Outcome {
        case ended(Result<Output, any Error>)
        case timeIsUp
        /// The wait was cancelled, and so is the primitive.
        case cancelled
    }

    public let name: String?
    public let timeout: Duration
    private let primitive: any WorkflowPrimitive<Input, Output>
    private let fallback: (any WorkflowPrimitive<Input, Output>)?
    private let clock: any Clock<Duration>

    /// - Parameter timeout: Above zero.
    public init(
        _ primitive: any WorkflowPrimitive<Input, Output>, timeout: Duration, fallback: (any WorkflowPrimitive<Input, Output>)? = nil, name: String? = nil,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        precondition(timeout > .zero, "timeout is \(timeout); it should be above 0")
        (self.primitive, self.timeout, self.fallback, self.name, self.clock) = (primitive, timeout, fallback, name, clock)
    }

    /// Bounds a function.
    public init(_ function: @escaping @Sendable (Input) async throws -> Output, timeout: Duration, fallback: (any WorkflowPrimitive<Input, Output>)? = nil, name: String? = nil) {
        self.init(LambdaPrimitive(function), timeout: timeout, fallback: fallback, name: name)
    }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> Output {
        annotate("timeout.seconds", .double(timeout.seconds))
        switch await race(input, context) {
        case .ended(let result): return try result.get()
        case .cancelled: throw CancellationError()
        case .timeIsUp: break
        }
        count { $0.timeouts }
        let error = TimeoutError(primitive: primitive.name ?? WorkflowTelemetry.typeName(primitive.primitiveType), timeout: timeout)
        context.countInState("timeout_count")
        context.noteInState("timeout_history", error)
        guard let fallback else { throw error }
        countFallback()
        return try await fallback.execute(input, context)
    }

    /// What came first. Does not return before the primitive has ended: what it then says comes too late to matter.
    private func race(_ input: Input, _ context: WorkflowContext) async -> Outcome {
        await withTaskGroup(of: Outcome.self) { group in
            group.addTask {
                do { return .ended(.success(try await primitive.execute(input, context))) } catch { return .ended(.failure(error)) }
            }
            group.addTask {
                do { try await clock.sleep(for: timeout) } catch { return .cancelled }
                return .timeIsUp
            }
            let first = await group.next() ?? .cancelled
            group.cancelAll()
            // A wait that was cancelled says nothing: how the primitive took it does.
            if case .cancelled = first { return await group.next() ?? .cancelled }
            await group.waitForAll()
            return first
        }
    }
}

/// A primitive took longer than it may.
public struct TimeoutError: Error, Equatable, CustomStringConvertible {
    /// What it is called.
    public let primitive: String
    public let timeout: Duration

    public init(primitive: String, timeout: Duration) { (self.primitive, self.timeout) = (primitive, timeout) }

    public var description: String { "\(primitive) took longer than \(timeout)" }
}
