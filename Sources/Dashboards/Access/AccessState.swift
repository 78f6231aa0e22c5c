import Synchronization

/// What logins leave in memory: failures, and which credentials were verified lately, so that basic authentication on every request
/// does not cost a bcrypt every time.
final class AccessState: Sendable {
    private struct State {
        var limiter: LoginLimiter
        var verified = CredentialCache(max: 256)
    }

    private let state: Mutex<State>

    init(limiter: LoginLimiter) { state = Mutex(State(limiter: limiter)) }

    func waitSeconds(_ key: LoginLimiter.Key, now: Int64) -> Int? { state.withLock { $0.limiter.waitSeconds(key, now: now) } }
    func failed(_ key: LoginLimiter.Key, now: Int64) { state.withLock { $0.limiter.failed(key, now: now) } }
    func succeeded(_ key: LoginLimiter.Key) { state.withLock { $0.limiter.succeeded(key) } }

    func isVerified(login: String, password: String, hash: String) -> Bool { state.withLock { $0.verified[[login, password, hash]] ?? false } }
    func remember(login: String, password: String, hash: String) { state.withLock { $0.verified[[login, password, hash]] = true } }
}
