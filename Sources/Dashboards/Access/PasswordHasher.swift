import CCrypt
import Dispatch
import Synchronization

/// Hashes and verifies passwords with bcrypt (`$2b$`), one at a time on a queue of its own, so that guessing costs an attacker time
/// and everybody else nothing.
///
/// bcrypt rather than a memory-hard scheme: 33 KB a hash instead of 16 MB keep the whole stack small, and Prometheus's `web.yml`
/// stores the same scheme. libxcrypt has it, and every Debian with a C compiler has libxcrypt.
package final class PasswordHasher: Sendable {
    /// bcrypt reads no further; a longer password would silently be shortened.
    static let passwordBytesMax = 72
    private static let waitingMax = 32

    private let cost: Int
    private let queue = DispatchQueue(label: "password-hashing", qos: .utility)
    private let waiting = Atomic<Int>(0)
    /// Verified for users that do not exist, so that they take as long as those that do.
    private let decoy: Mutex<String?> = Mutex(nil)

    package init(cost: Int) { self.cost = cost }

    /// Why a password cannot be taken, nil when it can.
    static func refusal(of password: String) -> String? {
        if password.isEmpty { return "a password must not be empty" }
        if password.utf8.count > passwordBytesMax { return "a password has at most \(passwordBytesMax) bytes" }
        if password.utf8.contains(0) { return "a password must not contain a NUL" }
        return nil
    }

    /// About 50 ms at cost 10; blocks.
    static func hash(_ password: String, cost: Int) throws(DashboardsError) -> String {
        if let reason = refusal(of: password) { throw .invalidUser(reason: reason) }
        let salt = RandomToken.bytes(count: 16)
        var setting = [CChar](repeating: 0, count: 64)
        guard ccrypt_bcrypt_setting(UInt32(cost), salt, &setting, setting.count), let hash = bcrypt(password, setting: setting) else {
            throw .invalidUser(reason: "the password could not be hashed at bcrypt cost \(cost)")
        }
        return hash
    }

    /// nil when `setting` is not bcrypt's.
    private static func bcrypt(_ password: String, setting: [CChar]) -> String? {
        var out = [CChar](repeating: 0, count: 64)
        guard ccrypt_bcrypt(password, setting, &out, out.count) else { return nil }
        return String(decoding: out.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func hash(_ password: String) async throws(DashboardsError) -> String {
        let cost = cost
        return try await run { () throws(DashboardsError) -> String in try Self.hash(password, cost: cost) }
    }

    /// Whether `password` is the one of `hash`; nil for a user that does not exist, which takes as long and is false.
    package func verify(_ password: String, against hash: String?) async throws(DashboardsError) -> Bool {
        guard Self.refusal(of: password) == nil else { return false }
        return try await run { () throws(DashboardsError) -> Bool in
            let stored = if let hash { hash } else { try self.decoyHash() }
            guard let computed = Self.bcrypt(password, setting: stored.utf8CString.map { $0 }) else { return false }
            return hash != nil && Self.equal(computed, stored)
        }
    }

    private func decoyHash() throws(DashboardsError) -> String {
        if let known = decoy.withLock({ $0 }) { return known }
        let fresh = try Self.hash(RandomToken.session(), cost: cost)
        decoy.withLock { $0 = fresh }
        return fresh
    }

    /// In time that depends on the lengths only.
    private static func equal(_ a: String, _ b: String) -> Bool {
        let a = Array(a.utf8)
        let b = Array(b.utf8)
        return a.count == b.count && zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private func run<T: Sendable>(_ body: @escaping @Sendable () throws(DashboardsError) -> T) async throws(DashboardsError) -> T {
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.waitingMax else {
            waiting.subtract(1, ordering: .relaxed)
            throw .tooManyAttempts(retryAfterSeconds: 5)
        }
        let result: Result<T, DashboardsError> = await withCheckedContinuation { continuation in
            queue.async {
                self.waiting.subtract(1, ordering: .relaxed)
                do throws(DashboardsError) { continuation.resume(returning: .success(try body())) } catch { continuation.resume(returning: .failure(error)) }
            }
        }
        return try result.get()
    }
}
