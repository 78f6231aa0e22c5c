import Platform

/// The stores of this process, which go on working while they are copied. To be asked from a thread of one's own.
struct RunningStores: BackupSource {
    let stores: Stores

    func stage(_ part: BackupPart, in staging: String) throws -> [String]? {
        let stores = stores
        switch part {
        case .push: try stores.pushed.snapshot.write(into: staging)
        case .traces: try wait { try await stores.traces.link(into: staging) }
        case .metrics:
            try wait { try await stores.metrics.link(into: staging) }
            return stores.metrics.opening.blockDamage
        }
        return []
    }

    func copyDashboards(to path: String) throws -> Bool {
        let dashboards = stores.dashboards
        try wait { try await dashboards.backup(to: path) }
        return true
    }

    /// Blocks this thread until `body` is done.
    private func wait(_ body: @escaping @Sendable () async throws -> Void) throws {
        let outcome = Condition<Result<Void, any Error>?>(nil)
        Task {
            let result: Result<Void, any Error>
            do {
                try await body()
                result = .success(())
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
            outcome.signalAll()
        }
        try outcome.wait(until: { $0 != nil }, then: { $0 ?? .success(()) }).get()
    }
}
