import ObservabilityIntegration
import Testbed
import Testing
import WorkflowPrimitives

private func double(_ number: Int) async -> Int { number * 2 }
private func text(_ number: Int) -> String { "\(number)" }

@Suite("Composition of primitives")
struct CompositionTests {
    private let increment = LambdaPrimitive<Int, Int> { input, _ in input + 1 }

    private func execute<P: WorkflowPrimitive>(_ workflow: P, _ input: P.Input) async throws -> P.Output {
        try await workflow.execute(input, WorkflowContext(traceID: "req-123"))
    }

    @Test("a sequence hands on, and is one however it is made")
    func sequence() async throws {
        let workflow = increment >>> LambdaPrimitive(name: "tens") { $0 * 10 } >>> text
        #expect(workflow.count == 3)
        #expect(try await execute(workflow, 1) == "20")
        #expect(((increment >>> increment) >>> (increment >>> increment)).count == 4)
        #expect(try await execute((increment >>> increment) >>> (increment >>> increment), 1) == 5)
        #expect(try await execute(SequentialPrimitive([increment, increment]), 1) == 3)
    }

    @Test("a named part stays whole")
    func namedParts() async throws {
        let inner = (increment >>> increment).named("inner")
        #expect((inner >>> increment).count == 2)
        #expect((SequentialPrimitive(increment, increment, name: "inner") >>> increment).count == 2)
        #expect(try await execute(inner >>> increment, 1) == 4)
    }

    @Test("parallel branches have the same input, and results in order, as a tuple")
    func tuples() async throws {
        let gate = Gate()
        let slow = LambdaPrimitive<Int, String> { input in
            await gate.wait()
            return "slow \(input)"
        }
        let workflow = slow | LambdaPrimitive<Int, String?> { _, context in context.traceID } | { (input: Int) in
            gate.open()
            return input * 2
        }
        let (first, second, third) = try await execute(workflow, 1)
        #expect((first, second, third) == ("slow 1", "req-123", 2))
    }

    @Test("branches of one type are a list")
    func lists() async throws {
        #expect(try await execute(ParallelPrimitive([increment, LambdaPrimitive(double), increment >>> increment]), 5) == [6, 10, 7])
    }

    @Test("functions stand on either side, and | binds weaker than >>")
    func functions() async throws {
        let workflow = double >>> increment >>> (double | LambdaPrimitive { -$0 })
        let (first, second) = try await execute(workflow, 3)
        #expect((first, second) == (14, -7))
        let (left, right) = try await execute(increment >>> double | double >>> increment, 3)
        #expect((left, right) == (8, 7))
    }

    @Test("a failure cancels the siblings and waits for them, and is told as it is")
    func siblings() async throws {
        let notes = Recorder<Int>()
        let bad = LambdaPrimitive<Int, Int> { _ in throw Trouble("bad") }
        await #expect(throws: Trouble("bad")) { try await execute(patient(notes) | bad, 1) }
        #expect(notes.entries == [1])
        await #expect(throws: Trouble("bad")) { try await execute(ParallelPrimitive<Int, String>([patient(notes), patient(notes), failing(9) { _ in Trouble("bad") }]), 2) }
        #expect(notes.entries == [1, 2, 2])
    }

    @Test("cancelling the workflow cancels its branches, however deep")
    func cancellation() async throws {
        let (notes, started) = (Recorder<Int>(), Gate())
        let announce = LambdaPrimitive<Int, Int> { input in
            started.open()
            return input
        }
        let workflow = announce >>> (patient(notes) | TimeoutPrimitive(patient(notes), timeout: .seconds(3_600)) | RetryPrimitive(FallbackPrimitive(primary: patient(notes), fallback: failing(0))))
        let task = Task { try await workflow.execute(1, WorkflowContext()) }
        await started.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(notes.entries == [1, 1, 1])
    }

    @Test("branches do not see each other's state, nor does what comes after")
    func states() async throws {
        let context = WorkflowContext(state: ["count": 1])
        let count = LambdaPrimitive<Int, Int> { _, context in
            context.withState { state in
                let count = (state["count"] as? Int ?? 0) + 1
                state["count"] = count
                return count
            }
        }
        let (first, second) = try await (count | count).execute(1, context)
        #expect((first, second) == (2, 2))
        #expect(context.state["count"] as? Int == 1)
        #expect(try await (count >>> count).execute(1, context) == 3)
        #expect(context.state["count"] as? Int == 3)
    }

    @Test("a type of one's own is a step")
    func ownTypes() async throws {
        struct UpperPrimitive: WorkflowPrimitive {
            let name: String? = "upper"
            func run(_ input: String, _ context: WorkflowContext) async throws -> String { input.uppercased() }
        }
        #expect(try await execute(UpperPrimitive() >>> { $0 + "!" }, "a") == "A!")
    }

    @Test("a mock remembers what it was asked")
    func mocks() async throws {
        let mock = MockPrimitive<Int, Int>("step") { input, _ in input + 1 }
        #expect(try await execute(mock >>> mock, 1) == 3)
        #expect(mock.calls.map(\.input) == [1, 2])
        #expect(mock.calls.allSatisfy { $0.context.traceID == "req-123" })
        mock.reset()
        #expect(mock.callCount == 0)
        #expect(try await execute(MockPrimitive<Int, String>("fixed", returning: "x"), 1) == "x")
        await #expect(throws: Trouble.self) { try await execute(MockPrimitive<Int, String>("broken", throwing: Trouble()), 1) }
    }

    @Test("conditions and routes choose")
    func choices() async throws {
        let positive = ConditionalPrimitive({ (number: Int, _) in number > 0 }, then: LambdaPrimitive { _ in "positive" }, else: LambdaPrimitive { _ in "other" })
        #expect(try await execute(positive, 1) == "positive")
        #expect(try await execute(positive, -1) == "other")
        #expect(try await execute(ConditionalPrimitive({ number, _ in number > 0 }, then: increment), -1) == -1)
        #expect(try await execute(ConditionalPrimitive({ number, _ in number > 0 }, then: increment), 1) == 2)

        let routes: [String: any WorkflowPrimitive<String, String>] = ["a": LambdaPrimitive { (_: String) in "A" }, "b": LambdaPrimitive { (_: String) in "B" }]
        let router = RouterPrimitive(routes: routes, default: "b") { input, _ in input }
        let context = WorkflowContext()
        var found: [String] = []
        for input in ["a", "b", "z"] { found.append(try await router.execute(input, context)) }
        #expect(found == ["A", "B", "B"])
        let history = try #require(context.state["routing_history"] as? [RouterPrimitive<String, String>.Choice])
        #expect(history.map(\.route) == ["a", "b", "b"])
        #expect(history.map(\.usedDefault) == [false, false, true])
        for _ in 0..<200 { _ = try await router.execute("a", context) }
        #expect((context.state["routing_history"] as? [RouterPrimitive<String, String>.Choice])?.count == 100)
        await #expect(throws: RouteError(chosen: "z", routes: ["a", "b"])) { try await execute(RouterPrimitive(routes: routes) { _, _ in "z" }, "a") }
        #expect("\(RouteError(chosen: "z", routes: ["a", "b"]))".contains("'a', 'b'"))
    }
}
