import GRDB

/// The database of the dashboards door, `dashboards.db`: users, sessions, dashboards with their versions, folders, data sources,
/// stars, preferences and alert rules. SQLite in WAL mode, every commit forced to the disk.
///
/// Its methods may be called from any task; the work runs on SQLite's own queues, never on the cooperative pool.
package final class DashboardStore: Sendable {
    /// Bounds and first values. The defaults are Grafana's where it has them.
    package struct Options: Sendable {
        /// The first user, made when there is none yet. Later changes of these two do not touch an existing user, as in Grafana.
        package var adminLogin = "admin"
        package var adminPassword = "admin"
        /// bcrypt's cost: 2^cost rounds; 10 takes about 50 ms.
        package var passwordCost = 10
        package var sessionLifetimeSecondsMax = 30 * 86_400
        package var sessionIdleSecondsMax = 7 * 86_400
        package var sessionsPerUserMax = 100
        /// Failed logins that one name from one address has in `loginWindowSeconds` before it must wait.
        package var loginFailuresMax = 5
        package var loginWindowSeconds = 300
        package var dashboardsMax = 10_000
        package var foldersMax = 1_000
        package var dataSourcesMax = 100
        package var alertRulesMax = 1_000
        /// The longest document, as compact JSON.
        package var documentBytesMax = 8 << 20
        /// How many versions of a dashboard are remembered.
        package var versionsKept = 20
        /// Milliseconds since the epoch.
        package var now: @Sendable () -> Int64 = { WallClock.nowMillis() }

        package init() {}
    }

    let options: Options
    let passwords: PasswordHasher
    let access: AccessState
    private let pool: DatabasePool

    /// Opens or creates the database, brings its tables up to date and makes the first user. Blocks; call it at start.
    package init(path: String, options: Options = Options()) throws(DashboardsError) {
        self.options = options
        passwords = PasswordHasher(cost: options.passwordCost)
        access = AccessState(limiter: LoginLimiter(failuresMax: options.loginFailuresMax, windowMillis: Int64(options.loginWindowSeconds) * 1000))
        try DatabaseFile.prepare(path)
        var configuration = Configuration()
        configuration.maximumReaderCount = 2
        configuration.busyMode = .timeout(5)
        configuration.label = "dashboards"
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -512") }
        let admin = try Self.adminHash(options)
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try DashboardSchema.migrator.migrate(pool)
            let now = options.now()
            try pool.write { database in
                guard try Int.fetchOne(database, sql: "SELECT count(*) FROM user") == 0 else { return }
                try Self.insertAdmin(database, login: options.adminLogin, hash: admin(), now: now)
            }
        } catch {
            throw Self.translate(error)
        }
    }

    /// The hash of the first user's password, made only when it is needed; throws at once for a password that cannot be taken.
    private static func adminHash(_ options: Options) throws(DashboardsError) -> @Sendable () throws -> String {
        if let reason = PasswordHasher.refusal(of: options.adminPassword) { throw .invalidUser(reason: "the administrator's password: \(reason)") }
        return { try PasswordHasher.hash(options.adminPassword, cost: options.passwordCost) }
    }

    /// Ends every access; later calls fail.
    package func close() throws(DashboardsError) {
        do { try pool.close() } catch { throw Self.translate(error) }
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(DashboardsError) -> T {
        do { return try await pool.read(body) } catch { throw Self.translate(error) }
    }

    /// One transaction; it is on the disk when this returns.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(DashboardsError) -> T {
        do { return try await pool.write(body) } catch { throw Self.translate(error) }
    }

    /// Copies the database, consistent while in use, into a new file at `path`, readable by its owner only.
    package func backup(to path: String) async throws(DashboardsError) {
        try DatabaseFile.prepare(path)
        do {
            try await pool.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
        } catch {
            throw Self.translate(error)
        }
    }

    /// As `backup(to:)`, of a file that no store has open. Blocks.
    package static func backup(_ file: String, to path: String) throws(DashboardsError) {
        try DatabaseFile.prepare(path)
        do {
            let queue = try DatabaseQueue(path: file)
            try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
            try queue.close()
        } catch {
            throw translate(error)
        }
    }

    private static func translate(_ error: any Error) -> DashboardsError {
        if let error = error as? DashboardsError { return error }
        if let error = error as? DatabaseError { return .database(reason: error.message ?? "\(error.resultCode)", isDiskFull: error.resultCode == .SQLITE_FULL) }
        return .database(reason: "\(error)", isDiskFull: false)
    }
}
