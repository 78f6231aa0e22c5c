import Synchronization

/// Knows which readers may still look at chunk pages that the head has dropped, and frees the pages when none can.
final class SnapshotRegistry: Sendable {
    private struct State {
        var epoch: UInt64 = 0
        /// How many leases of each epoch live.
        var leases: [UInt64: Int] = [:]
        /// Pages by the epoch in which they were dropped.
        var retired: [(epoch: UInt64, page: ChunkPage)] = []

        mutating func free() {
            guard !retired.isEmpty else { return }
            let oldest = leases.keys.min() ?? .max
            retired.removeAll { entry in
                if entry.epoch >= oldest { return false }
                entry.page.free()
                return true
            }
        }
    }

    private let state = Mutex(State())

    deinit { state.withLock { state in for (_, page) in state.retired { page.free() } } }

    /// A reader's claim on every page that is in use when it is taken, for as long as it is held.
    final class Lease: Sendable {
        private let registry: SnapshotRegistry
        private let epoch: UInt64

        fileprivate init(_ registry: SnapshotRegistry, _ epoch: UInt64) {
            self.registry = registry
            self.epoch = epoch
        }

        deinit { registry.end(epoch) }
    }

    func lease() -> Lease {
        let epoch = state.withLock { state in
            state.leases[state.epoch, default: 0] += 1
            return state.epoch
        }
        return Lease(self, epoch)
    }

    /// Takes pages that no later lease can reach.
    func retire(_ pages: [ChunkPage]) {
        state.withLock { state in
            for page in pages { state.retired.append((state.epoch, page)) }
            state.epoch += 1
            state.free()
        }
    }

    private func end(_ epoch: UInt64) {
        state.withLock { state in
            let left = state.leases[epoch, default: 1] - 1
            state.leases[epoch] = left == 0 ? nil : left
            if left == 0 { state.free() }
        }
    }
}
