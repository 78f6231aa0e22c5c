import Testing
import WorkflowPrimitives

@Suite("The cache")
struct CacheTests {
    private struct Request: Sendable {
        let prompt: String
    }

    @Test("results are remembered by key, for their time")
    func keysAndTime() async throws {
        let (clock, context) = (HandClock(), WorkflowContext())
        let step = MockPrimitive<Request, String>("step", returning: "done")
        let cache = CachePrimitive(step, ttl: .seconds(5), clock: clock) { request, _ in request.prompt }
        for prompt in ["a", "a", "b", "a"] { #expect(try await cache.execute(Request(prompt: prompt), context) == "done") }
        #expect(step.callCount == 2)
        #expect(context.state["cache_hits"] as? Int == 2)
        #expect(context.state["cache_misses"] as? Int == 2)
        #expect((cache.stats.size, cache.stats.hits, cache.stats.misses, cache.stats.expirations, cache.stats.hitRate) == (2, 2, 2, 0, 0.5))
        clock.advance(by: .milliseconds(4_999))
        _ = try await cache.execute(Request(prompt: "a"), context)
        #expect(step.callCount == 2)
        clock.advance(by: .milliseconds(1))
        _ = try await cache.execute(Request(prompt: "a"), context)
        #expect(step.callCount == 3)
        #expect(cache.evictExpired() == 1)
        #expect(cache.stats.expirations == 2)
        cache.clear()
        #expect(cache.stats.size == 0)
    }

    @Test("the least recently used is forgotten")
    func leastRecentlyUsed() async throws {
        let step = failing(0)
        let cache = CachePrimitive(step, maxSize: 2)
        for input in [1, 2, 1, 3, 1, 2] { _ = try await cache.execute(input, WorkflowContext()) }
        #expect(step.calls.map(\.input) == [1, 2, 3, 2])
    }

    @Test("errors are not remembered, and nothing is a result")
    func errors() async throws {
        let executions = Recorder<Int>()
        let cache = CachePrimitive(LambdaPrimitive<Int, String?> { input in
            if executions.note(input) == 1 { throw Trouble() }
            return nil
        })
        await #expect(throws: Trouble.self) { try await cache.execute(1, WorkflowContext()) }
        for _ in 0..<3 { #expect(try await cache.execute(1, WorkflowContext()) == nil) }
        #expect(executions.entries.count == 2)
    }

    @Test("it is shared by tasks, and agrees with a simple one however it is used")
    func shared() async throws {
        let cache = CachePrimitive(failing(0), maxSize: 50)
        await withTaskGroup(of: Void.self) { group in
            for seed in 1...4 {
                group.addTask { for index in 0..<300 { _ = try? await cache.execute(seed * index % 97, WorkflowContext()) } }
            }
        }
        #expect((cache.stats.hits + cache.stats.misses, cache.stats.size) == (1_200, 50))
        // Now by itself, beside a list of what was used last.
        var recent: [Int] = []
        cache.clear()
        var hits = cache.stats.hits
        for index in 0..<2_000 {
            let input = (index * index + index / 7) % 131
            _ = try await cache.execute(input, WorkflowContext())
            #expect((cache.stats.hits > hits) == recent.contains(input))
            hits = cache.stats.hits
            recent.removeAll { $0 == input }
            recent = Array(([input] + recent).prefix(50))
        }
    }
}
