import Platform
import TraceModel
import TraceStore

/// Runs `body` over a store, which is closed afterwards.
func withStore<R>(
    _ disk: any FileSystem, _ directory: String = "/traces", options: TraceStoreOptions = TraceStoreOptions(), clock: any TimeSource = SystemClock(),
    damage: @escaping @Sendable (TraceStoreError) -> Void = { _ in }, _ body: (TraceStore) async throws -> R
) async throws -> R {
    let store = try TraceStore.open(directory, on: disk, options: options, clock: clock, damage: damage).store
    do {
        let result = try await body(store)
        await store.close()
        return result
    } catch {
        await store.close()
        throw error
    }
}

extension Trace {
    var counts: [FlatSpan: Int] { FlatSpan.counts(resourceSpans) }
}
