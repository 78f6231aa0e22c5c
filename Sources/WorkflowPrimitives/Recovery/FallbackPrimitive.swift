import ObservabilityIntegration

/// Executes `primary`, and when it fails the fallbacks in order until one succeeds. When none does, `primary`'s error is thrown. Cancellation is no failure.
///
///     FallbackPrimitive(primary: largeModel, fallback: smallModel)
///     FallbackPrimitive(primary: largeModel, fallbacks: [smallModel, cannedAnswer])
public struct FallbackPrimitive<Input: Sendable, Output: Sendable>: WorkflowPrimitive {
    public let name: String?
    public let primary: any WorkflowPrimitive<Input, Output>
    public let fallbacks: [any WorkflowPrimitive<Input, Output>]

    public init(primary: any WorkflowPrimitive<Input, Output>, fallback: any WorkflowPrimitive<Input, Output>, name: String? = nil) {
        self.init(primary: primary, fallbacks: [fallback], name: name)
    }

    /// There is at least one fallback.
    public init(primary: any WorkflowPrimitive<Input, Output>, fallbacks: [any WorkflowPrimitive<Input, Output>], name: String? = nil) {
        precondition(!fallbacks.isEmpty, "FallbackPrimitive needs a fallback")
        (self.primary, self.fallbacks, self.name) = (primary, fallbacks, name)
    }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> Output {
        annotate("fallback.used", .bool(false))
        do {
            return try await primary.execute(input, context)
        } catch let primaryError {
            if primaryError is CancellationError || Task.isCancelled { throw primaryError }
            countFallback()
            for fallback in fallbacks {
                do {
                    return try await fallback.execute(input, context)
                } catch {
                    if error is CancellationError || Task.isCancelled { throw error }
                }
            }
            throw primaryError
        }
    }
}

extension WorkflowPrimitive {
    /// Tells that this execution takes a fallback.
    func countFallback() {
        annotate("fallback.used", .bool(true))
        count { $0.fallbacks }
    }
}
