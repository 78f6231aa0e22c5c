import Synchronization

/// Which doors are open, on which ports; and somebody who waits until all are.
package final class DoorBoard: Sendable {
    private struct State {
        var ports: [DoorName: Int] = [:]
        var failure: String?
        var waiter: CheckedContinuation<Void, any Error>?
    }

    /// A door that did not open.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let expected: Set<DoorName>
    private let state = Mutex(State())

    package init(expected: Set<DoorName>) { self.expected = expected }

    /// The open doors, in the order of `DoorName`.
    package var doors: [(name: DoorName, port: Int)] {
        let ports = state.withLock { $0.ports }
        return DoorName.allCases.compactMap { door in ports[door].map { (door, $0) } }
    }

    package func port(_ door: DoorName) -> Int? { state.withLock { $0.ports[door] } }

    func opened(_ door: DoorName, port: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            state.ports[door] = port
            guard state.ports.count == expected.count else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    func failed(_ door: DoorName, reason: String) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            state.failure = state.failure ?? reason
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(throwing: Failure(description: reason))
    }

    /// Returns when every door is open, throws when one could not be opened. One waiter at a time.
    func waitUntilOpen() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let settled = state.withLock { state -> Result<Void, Failure>? in
                if let failure = state.failure { return .failure(Failure(description: failure)) }
                if state.ports.count == expected.count { return .success(()) }
                state.waiter = continuation
                return nil
            }
            switch settled {
            case .success: continuation.resume()
            case .failure(let failure): continuation.resume(throwing: failure)
            case nil: break
            }
        }
    }
}
