import ObservabilityIntegration
import Testbed
import Testing
import Tracing
import WorkflowPrimitives

/// Figures rather than claims: what observing costs. `WORKFLOW_MEASURE=500 swift test -c release --skip-build --filter
/// OverheadMeasurements` prints them; more than 680 executions a round are more spans than may wait.
@Suite(.ownThread)
struct OverheadMeasurements {
    private static let steps = 10

    @Test("nanoseconds that a primitive takes longer when it is observed", .enabled(if: environmentNumber("WORKFLOW_MEASURE") != nil, "nobody asked for figures"))
    func overhead() async throws {
        let executions = environmentNumber("WORKFLOW_MEASURE") ?? 0
        let workflow = SequentialPrimitive((0..<Self.steps).map { _ in LambdaPrimitive<Int, Int> { $0 } })
        /// Of the fastest of several rounds, a primitive's share: the sequence is one, too.
        func nanoseconds(_ between: () -> Void = {}) async throws -> Double {
            var best = Double.infinity
            for _ in 0..<20 {
                let contexts = (0..<executions).map { _ in WorkflowContext() }
                let started = ContinuousClock.now
                for context in contexts { _ = try await workflow.execute(1, context) }
                best = min(best, (ContinuousClock.now - started).seconds / Double(executions * (Self.steps + 1)) * 1e9)
                between()
            }
            return best
        }
        let off = try await nanoseconds()
        let observed = try Observed()
        defer { observed.close() }
        let on = try await observed.run { try await nanoseconds { _ = observed.session.exporter.flush(timeoutSeconds: 60) } }
        print("a primitive: \(off.rounded()) ns off, \(on.rounded()) ns on, \((on - off).rounded()) ns for observing it; \(observed.session.exporter.counts)")
        #expect(observed.session.exporter.counts.sent > 0)
    }
}
