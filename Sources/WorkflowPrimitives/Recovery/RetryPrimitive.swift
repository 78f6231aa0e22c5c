import ObservabilityIntegration

/// How often, and after which pauses.
///
/// The pause before retry `n`, from 0, is `initialDelay` times `backoffBase` to the power of `n` (exponential), `n + 1` (linear) or 1 (constant),
/// at most `maxBackoff`; `jitter` makes it half to one and a half of that, so that clients do not come back in step.
public struct RetryStrategy: Sendable, Equatable {
    public enum Backoff: Sendable { case exponential, linear, constant }

    public var maxRetries: Int
    public var backoffBase: Double
    public var maxBackoff: Duration
    public var jitter: Bool
    public var initialDelay: Duration
    public var backoff: Backoff

    public init(
        maxRetries: Int = 3, backoffBase: Double = 2, maxBackoff: Duration = .seconds(60), jitter: Bool = true, initialDelay: Duration = .seconds(1), backoff: Backoff = .exponential
    ) {
        precondition(maxRetries >= 0, "maxRetries is \(maxRetries); it should be 0 or more")
        (self.maxRetries, self.backoffBase, self.maxBackoff) = (maxRetries, backoffBase, maxBackoff)
        (self.jitter, self.initialDelay, self.backoff) = (jitter, initialDelay, backoff)
    }

    /// The pause before the retry that follows attempt number `attempt`, which counts from 0.
    public func delay(after attempt: Int) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return delay(after: attempt, using: &generator)
    }

    public func delay(after attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let factor =
            switch backoff {
            case .exponential: power(attempt)
            case .linear: Double(attempt) + 1
            case .constant: 1.0
            }
        // What is too long to be a duration is longer than the longest pause.
        let delay = factor.isFinite && initialDelay.seconds * factor < maxBackoff.seconds ? initialDelay * factor : maxBackoff
        return jitter ? delay * Double.random(in: 0.5..<1.5, using: &generator) : delay
    }

    private func power(_ exponent: Int) -> Double {
        var (result, base, exponent) = (1.0, backoffBase, exponent)
        while exponent > 0 {
            if exponent & 1 == 1 { result *= base }
            base *= base
            exponent >>= 1
        }
        return result
    }
}

/// Executes a primitive again when it fails, after a pause; the last failure is thrown. Cancellation is no failure.
///
///     RetryPrimitive(apiCall, strategy: RetryStrategy(maxRetries: 3, backoffBase: 2))
///     RetryPrimitive(apiCall, maxRetries: 5)
public struct RetryPrimitive<Input: Sendable, Output: Sendable>: WorkflowPrimitive {
    public let name: String?
    public let strategy: RetryStrategy
    private let primitive: any WorkflowPrimitive<Input, Output>
    private let clock: any Clock<Duration>

    public init(_ primitive: any WorkflowPrimitive<Input, Output>, strategy: RetryStrategy = RetryStrategy(), name: String? = nil, clock: any Clock<Duration> = ContinuousClock()) {
        (self.primitive, self.strategy, self.name, self.clock) = (primitive, strategy, name, clock)
    }

    /// With a strategy that is the default but for these.
    public init(
        _ primitive: any WorkflowPrimitive<Input, Output>, maxRetries: Int, initialDelay: Duration = .seconds(1), name: String? = nil, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.init(primitive, strategy: RetryStrategy(maxRetries: maxRetries, initialDelay: initialDelay), name: name, clock: clock)
    }

    /// Executes a function again.
    public init(_ function: @escaping @Sendable (Input) async throws -> Output, strategy: RetryStrategy = RetryStrategy(), name: String? = nil) {
        self.init(LambdaPrimitive(function), strategy: strategy, name: name)
    }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> Output {
        var attempt = 0
        while true {
            annotate("retry.attempts", .int64(Int64(attempt + 1)))
            do {
                return try await primitive.execute(input, context)
            } catch {
                if error is CancellationError || Task.isCancelled || attempt >= strategy.maxRetries { throw error }
            }
            try await clock.sleep(for: strategy.delay(after: attempt))
            attempt += 1
            count { $0.retries }
        }
    }
}
