import Bytes
import FoundationEssentials
import GRDB

/// A login that lasts: `token` goes into the cookie and nowhere else, the store keeps its digest.
package struct NewSession: Sendable {
    package let token: String
    package let lifetimeSeconds: Int
    package let expiresMillis: Int64
}

extension DashboardStore {
    /// How often a session's last use is written down.
    private static let touchMillis: Int64 = 600_000

    static func tokenHash(_ token: String) -> Data { Data(SHA256.digest(Array(token.utf8))) }

    /// Opens a session. Those that ended are swept out; past the bound of sessions a user has, the longest unused one ends.
    package func openSession(for user: User, address: String, userAgent: String) async throws(DashboardsError) -> NewSession {
        let token = RandomToken.session()
        let hash = Self.tokenHash(token)
        let options = options
        let now = options.now()
        let agent = String(userAgent.prefix(255))
        try await write { database in
            try database.execute(
                sql: "DELETE FROM session WHERE createdMillis <= ? OR seenMillis <= ?",
                arguments: [now - Int64(options.sessionLifetimeSecondsMax) * 1000, now - Int64(options.sessionIdleSecondsMax) * 1000])
            try database.execute(
                sql: """
                    DELETE FROM session WHERE userID = ?1 AND tokenHash NOT IN
                        (SELECT tokenHash FROM session WHERE userID = ?1 ORDER BY seenMillis DESC LIMIT ?2)
                    """, arguments: [user.id, max(options.sessionsPerUserMax - 1, 0)])
            try database.execute(
                sql: "INSERT INTO session (tokenHash, userID, clientAddress, userAgent, createdMillis, seenMillis) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [hash, user.id, address, agent, now, now])
            try database.execute(sql: "UPDATE user SET seenMillis = ? WHERE id = ?", arguments: [now, user.id])
        }
        return NewSession(token: token, lifetimeSeconds: options.sessionLifetimeSecondsMax, expiresMillis: now + Int64(options.sessionLifetimeSecondsMax) * 1000)
    }

    /// The user of a session, nil when there is none or it has ended.
    package func user(ofSession token: String) async throws(DashboardsError) -> User? {
        guard token.utf8.count == 32 else { return nil }
        let hash = Self.tokenHash(token)
        let now = options.now()
        let oldest = now - Int64(options.sessionLifetimeSecondsMax) * 1000
        let idle = now - Int64(options.sessionIdleSecondsMax) * 1000
        let found: (user: User, sessionSeenMillis: Int64)? = try await read { database in
            try Row.fetchOne(
                database,
                sql: "SELECT u.*, s.seenMillis AS sessionSeenMillis FROM session s JOIN user u ON u.id = s.userID WHERE s.tokenHash = ? AND s.createdMillis > ? AND s.seenMillis > ?",
                arguments: [hash, oldest, idle]
            ).map { (User($0), $0["sessionSeenMillis"]) }
        }
        guard let found else { return nil }
        if now - found.sessionSeenMillis > Self.touchMillis {
            try await write { database in
                try database.execute(sql: "UPDATE session SET seenMillis = ? WHERE tokenHash = ?", arguments: [now, hash])
                try database.execute(sql: "UPDATE user SET seenMillis = ? WHERE id = ?", arguments: [now, found.user.id])
            }
        }
        return found.user
    }

    /// Ends a session; an unknown one is no error.
    package func closeSession(_ token: String) async throws(DashboardsError) {
        let hash = Self.tokenHash(token)
        try await write { try $0.execute(sql: "DELETE FROM session WHERE tokenHash = ?", arguments: [hash]) }
    }

    /// How many sessions are stored.
    package func sessionCount() async throws(DashboardsError) -> Int {
        try await read { try Int.fetchOne($0, sql: "SELECT count(*) FROM session") ?? 0 }
    }
}
