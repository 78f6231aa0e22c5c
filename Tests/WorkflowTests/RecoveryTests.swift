import Testbed
import Testing
import WorkflowPrimitives

private let atOnce = RetryStrategy(maxRetries: 3, jitter: false, initialDelay: .zero)

@Suite("Recovery")
struct RecoveryTests {
    @Test("retry tries again, and throws the last failure")
    func retries() async throws {
        #expect(try await RetryPrimitive(failing(3), strategy: atOnce).execute(1, WorkflowContext()) == "done")
        await #expect(throws: Trouble("failure 4")) { try await RetryPrimitive(failing(9), strategy: atOnce).execute(1, WorkflowContext()) }
        let step = failing(9)
        await #expect(throws: Trouble("failure 1")) { try await RetryPrimitive(step, maxRetries: 0).execute(1, WorkflowContext()) }
        #expect(step.callCount == 1)
    }

    @Test("it pauses as its strategy says, on the clock that it was given")
    func pausing() async throws {
        let clock = HandClock()
        let strategy = RetryStrategy(maxRetries: 4, jitter: false, initialDelay: .seconds(10))
        #expect(try await RetryPrimitive(failing(4), strategy: strategy, clock: clock).execute(1, WorkflowContext()) == "done")
        #expect(clock.sleeps == [.seconds(10), .seconds(20), .seconds(40), .seconds(60)])
    }

    @Test("cancellation is not retried, whoever says so")
    func cancelled() async throws {
        let step = failing(9) { _ in CancellationError() }
        await #expect(throws: CancellationError.self) { try await RetryPrimitive(step, strategy: atOnce).execute(1, WorkflowContext()) }
        #expect(step.callCount == 1)
        // Who is cancelled while pausing is so at once.
        let (clock, paused) = (HandClock(sleepsEndAtOnce: false), Gate())
        let task = Task {
            try await RetryPrimitive(failing(9) { number in
                paused.open()
                return Trouble("failure \(number)")
            }, clock: clock).execute(1, WorkflowContext())
        }
        await paused.wait()
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
        #expect(clock.sleeps.count <= 1)
    }

    @Test("pauses grow as they should, and are bounded")
    func delays() {
        func delays(_ strategy: RetryStrategy) -> [Duration] { (0..<4).map { strategy.delay(after: $0) } }
        let half = Duration.milliseconds(500)
        #expect(delays(RetryStrategy(jitter: false, initialDelay: half)) == [half, half * 2, half * 4, half * 8])
        #expect(delays(RetryStrategy(maxBackoff: half * 3, jitter: false, initialDelay: half)) == [half, half * 2, half * 3, half * 3])
        #expect(delays(RetryStrategy(jitter: false, initialDelay: half, backoff: .linear)) == [half, half * 2, half * 3, half * 4])
        #expect(delays(RetryStrategy(jitter: false, initialDelay: half, backoff: .constant)) == [half, half, half, half])
        #expect(RetryStrategy(jitter: false).delay(after: 100_000) == .seconds(60))
        #expect(RetryStrategy(jitter: false).delay(after: .max) == .seconds(60))
        var generator = SeededGenerator(1)
        let jittered = (0..<200).map { _ in RetryStrategy().delay(after: 1, using: &generator) }
        #expect(jittered.allSatisfy { (.seconds(1)...(.seconds(3))).contains($0) })
        #expect(Set(jittered).count > 100)
    }

    @Test("fallbacks are taken in order, and the first error is told")
    func fallbacks() async throws {
        #expect(try await FallbackPrimitive(primary: failing(9), fallback: failing(0, returning: "second")).execute(1, WorkflowContext()) == "second")
        #expect(try await FallbackPrimitive(primary: failing(9), fallbacks: [failing(9), failing(0, returning: "third")]).execute(1, WorkflowContext()) == "third")
        await #expect(throws: Trouble("failure 1")) {
            try await FallbackPrimitive(primary: failing(9), fallback: failing(9) { _ in Trouble("other") }).execute(1, WorkflowContext())
        }
        let untouched = failing(0)
        #expect(try await FallbackPrimitive(primary: failing(0, returning: "first"), fallback: untouched).execute(1, WorkflowContext()) == "first")
        await #expect(throws: CancellationError.self) {
            try await FallbackPrimitive(primary: failing(9) { _ in CancellationError() }, fallback: untouched).execute(1, WorkflowContext())
        }
        #expect(untouched.callCount == 0)
    }

    @Test("a timeout cancels, waits for the clean-up, and tells")
    func timeouts() async throws {
        let (notes, context, clock) = (Recorder<Int>(), WorkflowContext(), HandClock())
        for _ in 0..<2 {
            await #expect(throws: TimeoutError(primitive: "patient", timeout: .seconds(30))) {
                try await TimeoutPrimitive(patient(notes), timeout: .seconds(30), clock: clock).execute(1, context)
            }
        }
        #expect(notes.entries == [1, 1])
        #expect(clock.sleeps == [.seconds(30), .seconds(30)])
        #expect(context.state["timeout_count"] as? Int == 2)
        #expect((context.state["timeout_history"] as? [TimeoutError])?.count == 2)
        #expect(try await TimeoutPrimitive(patient(notes), timeout: .seconds(1), fallback: failing(0, returning: "instead"), clock: clock).execute(1, context) == "instead")
    }

    @Test("what ends in time is what it is: a result, or an error of its own")
    func inTime() async throws {
        let clock = HandClock(sleepsEndAtOnce: false)
        #expect(try await TimeoutPrimitive(failing(0), timeout: .seconds(5), clock: clock).execute(1, WorkflowContext()) == "done")
        let untouched = failing(0)
        await #expect(throws: TimeoutError(primitive: "mine", timeout: .zero)) {
            try await TimeoutPrimitive(failing(9) { _ in TimeoutError(primitive: "mine", timeout: .zero) }, timeout: .seconds(5), fallback: untouched, clock: clock).execute(1, WorkflowContext())
        }
        #expect(untouched.callCount == 0)
    }

    @Test("a primitive that will not be cancelled in time has timed out all the same")
    func stubborn() async throws {
        let step = LambdaPrimitive<Int, String> { _ in
            do { try await Task.sleep(for: .seconds(3_600)) } catch { throw Trouble("no") }
            return ""
        }
        await #expect(throws: TimeoutError.self) { try await TimeoutPrimitive(step, timeout: .seconds(1), clock: HandClock()).execute(1, WorkflowContext()) }
    }
}
