import GRDB

extension DashboardStore {
    /// Shorter passwords are refused when one is changed, as by Grafana.
    private static let passwordBytesMin = 4

    static func insertAdmin(_ database: Database, login: String, hash: String, now: Int64) throws {
        try database.execute(
            sql: """
                INSERT INTO user (login, email, name, passwordHash, role, isAdmin, createdMillis, updatedMillis, seenMillis)
                VALUES (?, ?, '', ?, 'Admin', 1, ?, ?, ?)
                """, arguments: [login, "\(login)@localhost", hash, now, now, now])
    }

    /// The user of these credentials. `address` is the client's; throws `invalidCredentials`, or `tooManyAttempts` without trying.
    ///
    /// About 50 ms for credentials that were not verified lately; the login may be the e-mail address.
    package func authenticate(login: String, password: String, address: String) async throws(DashboardsError) -> User {
        let key = LoginLimiter.Key(login: String(login.lowercased().prefix(256)), address: address)
        if let seconds = access.waitSeconds(key, now: options.now()) { throw .tooManyAttempts(retryAfterSeconds: seconds) }
        let found: (user: User, hash: String)? = try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM user WHERE login = ? OR email = ? COLLATE NOCASE", arguments: [login, login]).map { (User($0), $0["passwordHash"]) }
        }
        if let found, access.isVerified(login: found.user.login, password: password, hash: found.hash) { return found.user }
        guard try await passwords.verify(password, against: found?.hash), let found else {
            access.failed(key, now: options.now())
            throw .invalidCredentials
        }
        access.succeeded(key)
        access.remember(login: found.user.login, password: password, hash: found.hash)
        return found.user
    }

    /// Changes a user's password after checking the old one, and ends every other session of theirs (`keeping` is a token).
    package func changePassword(userID: Int64, old: String, new: String, keeping token: String?) async throws(DashboardsError) {
        let hash = try await read { try String.fetchOne($0, sql: "SELECT passwordHash FROM user WHERE id = ?", arguments: [userID]) }
        guard try await passwords.verify(old, against: hash) else { throw .invalidCredentials }
        guard new.utf8.count >= Self.passwordBytesMin else { throw .invalidUser(reason: "New password is too short") }
        guard new != old else { throw .invalidUser(reason: "New password can't be the same as the old one.") }
        if let reason = PasswordHasher.refusal(of: new) { throw .invalidUser(reason: reason) }
        let newHash = try await passwords.hash(new)
        let kept = token.map(Self.tokenHash)
        let now = options.now()
        try await write { database in
            try database.execute(sql: "UPDATE user SET passwordHash = ?, updatedMillis = ? WHERE id = ?", arguments: [newHash, now, userID])
            try database.execute(sql: "DELETE FROM session WHERE userID = ? AND tokenHash IS NOT ?", arguments: [userID, kept])
        }
    }
}
