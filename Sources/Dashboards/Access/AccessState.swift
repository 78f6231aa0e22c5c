import Bytes
import Synchronization

/// What logins leave in memory: failures, and which credentials were verified lately, so that basic authentication on every request
/// does not cost a bcrypt every time.
final class AccessState: Sendable {
    private static let verifiedMax = 256

    private struct State {
        var limiter: LoginLimiter
        /// Digests of (name, password, stored hash) under a secret of this process. A changed password changes the stored hash, so
        /// nothing has to be forgotten.
        var verified: Set<[UInt8]> = []
        var order: [[UInt8]] = []
    }

    private let state: Mutex<State>
    private let secret = RandomToken.bytes(count: 32)

    init(limiter: LoginLimiter) { state = Mutex(State(limiter: limiter)) }

    func waitSeconds(_ key: LoginLimiter.Key, now: Int64) -> Int? { state.withLock { $0.limiter.waitSeconds(key, now: now) } }
    func failed(_ key: LoginLimiter.Key, now: Int64) { state.withLock { $0.limiter.failed(key, now: now) } }
    func succeeded(_ key: LoginLimiter.Key) { state.withLock { $0.limiter.succeeded(key) } }

    func isVerified(login: String, password: String, hash: String) -> Bool {
        let digest = digest(login, password, hash)
        return state.withLock { $0.verified.contains(digest) }
    }

    func remember(login: String, password: String, hash: String) {
        let digest = digest(login, password, hash)
        state.withLock { state in
            guard state.verified.insert(digest).inserted else { return }
            state.order.append(digest)
            if state.order.count > Self.verifiedMax { state.verified.remove(state.order.removeFirst()) }
        }
    }

    private func digest(_ parts: String...) -> [UInt8] {
        var hash = SHA256()
        hash.update(secret)
        for part in parts {
            let bytes = Array(part.utf8)
            hash.update(withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) })
            hash.update(bytes)
        }
        return hash.finish()
    }
}
