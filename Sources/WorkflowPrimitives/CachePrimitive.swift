import ObservabilityIntegration
import Synchronization

/// Executes a primitive once for each key, and remembers the result for a while.
///
/// Keeps the `maxSize` results that were used last. Errors are not kept. Executions with one key that run at the same time each execute the
/// primitive. `state["cache_hits"]` and `state["cache_misses"]` of the context count.
///
///     let cached = CachePrimitive(llmCall, ttl: .seconds(3600)) { request, _ in request.prompt }
public final class CachePrimitive<Input: Sendable, Output: Sendable, Key: Hashable & Sendable>: WorkflowPrimitive {
    /// What the cache has done since it was made.
    public struct Stats: Sendable, Equatable {
        public internal(set) var size = 0
        public internal(set) var hits = 0
        public internal(set) var misses = 0
        /// Results whose time was over.
        public internal(set) var expirations = 0

        /// Of all lookups, those that were answered: from 0 to 1; 0 before the first.
        public var hitRate: Double { hits + misses == 0 ? 0 : Double(hits) / Double(hits + misses) }
    }

    private struct Kept {
        let output: Output
        let expires: Duration
    }

    private struct State {
        var results: RecentlyUsed<Key, Kept>
        var stats = Stats()
    }

    public let name: String?
    private let primitive: any WorkflowPrimitive<Input, Output>
    private let key: @Sendable (Input, WorkflowContext) throws -> Key
    private let ttl: Duration
    /// Since the cache was made.
    private let elapsed: @Sendable () -> Duration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - ttl: How long a result is good for; above zero.
    ///   - maxSize: How many are kept; at least one.
    ///   - key: What results are remembered by.
    public init<Time: Clock>(
        _ primitive: any WorkflowPrimitive<Input, Output>, ttl: Duration = .seconds(3_600), maxSize: Int = 10_000, name: String? = nil, clock: Time = ContinuousClock(),
        key: @escaping @Sendable (Input, WorkflowContext) throws -> Key
    ) where Time.Duration == Duration {
        precondition(ttl > .zero, "ttl is \(ttl); it should be above 0")
        precondition(maxSize >= 1, "maxSize is \(maxSize); a cache keeps at least one result")
        (self.primitive, self.key, self.ttl, self.name) = (primitive, key, ttl, name)
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        state = Mutex(State(results: RecentlyUsed(countMax: maxSize)))
    }

    public func run(_ input: Input, _ context: WorkflowContext) async throws -> Output {
        let key = try key(input, context)
        let found = lookUp(key)
        annotate("cache.hit", .bool(found != nil))
        count { found == nil ? $0.cacheMisses : $0.cacheHits }
        context.countInState(found == nil ? "cache_misses" : "cache_hits")
        if let found { return found }
        let output = try await primitive.execute(input, context)
        let kept = Kept(output: output, expires: elapsed() + ttl)
        state.withLock { $0.results.insert(kept, for: key) }
        return output
    }

    /// Forgets all results.
    public func clear() { state.withLock { $0.results.removeAll() } }

    /// Forgets the results whose time is over; how many they were.
    @discardableResult
    public func evictExpired() -> Int {
        let now = elapsed()
        return state.withLock { state in
            let count = state.results.remove { now >= $0.expires }
            state.stats.expirations += count
            return count
        }
    }

    public var stats: Stats {
        state.withLock { state in
            var stats = state.stats
            stats.size = state.results.count
            return stats
        }
    }

    private func lookUp(_ key: Key) -> Output? {
        let now = elapsed()
        return state.withLock { state in
            if let kept = state.results.use(key) {
                if now < kept.expires {
                    state.stats.hits += 1
                    return kept.output
                }
                state.results.remove(key)
                state.stats.expirations += 1
            }
            state.stats.misses += 1
            return nil
        }
    }
}

extension CachePrimitive where Input: Hashable, Key == Input {
    /// Results are remembered by the input itself.
    public convenience init<Time: Clock>(
        _ primitive: any WorkflowPrimitive<Input, Output>, ttl: Duration = .seconds(3_600), maxSize: Int = 10_000, name: String? = nil, clock: Time = ContinuousClock()
    ) where Time.Duration == Duration {
        self.init(primitive, ttl: ttl, maxSize: maxSize, name: name, clock: clock) { input, _ in input }
    }

    /// Remembers what a function returns.
    public convenience init(_ function: @escaping @Sendable (Input) async throws -> Output, ttl: Duration = .seconds(3_600), maxSize: Int = 10_000, name: String? = nil) {
        self.init(LambdaPrimitive(function), ttl: ttl, maxSize: maxSize, name: name)
    }
}
