/// Why the dashboards room could not do what was asked.
package enum DashboardsError: Error, Sendable, Equatable {
    /// A document that cannot be a dashboard: at which key ("panels[3].targets"), why, and, for a provisioned one, in which file.
    case invalidDocument(file: String?, key: String, reason: String)
    case dashboardNotFound(uid: String)
    case folderNotFound(uid: String)
    case dataSourceNotFound(String)
    /// The stored dashboard has moved on since the sent one was read.
    case versionMismatch(uid: String, stored: Int, sent: Int)
    /// The document's `id` is one dashboard's and its `uid` another's.
    case uidTaken(uid: String)
    case folderUIDTaken(uid: String)
    case folderVersionMismatch(uid: String)
    /// The dashboard comes from a file or from the binary and must be changed there.
    case provisioned(uid: String, source: String, deleting: Bool)
    /// A bound of the store was met.
    case tooMany(String, limit: Int)
    /// No such user, or not that password.
    case invalidCredentials
    /// Too many failed logins; none is tried before the time is over.
    case tooManyAttempts(retryAfterSeconds: Int)
    /// A password or a name that cannot be taken.
    case invalidUser(reason: String)
    /// An alert rule that cannot be evaluated: at which key, and why.
    case invalidAlertRule(key: String, reason: String)
    case alertRuleNotFound(String)
    case alertRuleUIDTaken(String)
    /// Another rule of the folder has the title.
    case alertRuleTitleTaken(String)
    /// A panel query that cannot be run as sent.
    case invalidQuery(reason: String)
    /// What the query engine answered, by Prometheus's error type ("bad_data", "execution", …).
    case evaluation(type: String, reason: String)
    case unreadable(file: String, reason: String)
    /// SQLite refused.
    case database(reason: String, isDiskFull: Bool)
}

extension DashboardsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidDocument(let file, let key, let reason): "\(file.map { $0 + ": " } ?? "")\(key): \(reason)"
        case .dashboardNotFound(let uid): "there is no dashboard with uid \"\(uid)\""
        case .folderNotFound(let uid): "there is no folder with uid \"\(uid)\""
        case .dataSourceNotFound(let name): "there is no data source \"\(name)\""
        case .versionMismatch(let uid, let stored, let sent): "dashboard \"\(uid)\" is at version \(stored), and the one sent was made from version \(sent)"
        case .uidTaken(let uid): "another dashboard has the uid \"\(uid)\""
        case .folderUIDTaken(let uid): "another folder has the uid \"\(uid)\""
        case .folderVersionMismatch(let uid): "folder \"\(uid)\" has been changed by someone else"
        case .provisioned(let uid, let source, let deleting): "dashboard \"\(uid)\" comes from \(source) and is \(deleting ? "deleted" : "changed") there"
        case .tooMany(let what, let limit): "there are \(limit) \(what) already, the most that are kept"
        case .invalidCredentials: "invalid username or password"
        case .tooManyAttempts(let seconds): "too many failed logins; try again in \(seconds) seconds"
        case .invalidUser(let reason): reason
        case .invalidAlertRule(let key, let reason): "\(key): \(reason)"
        case .alertRuleNotFound(let name): "there is no alert rule \"\(name)\""
        case .alertRuleUIDTaken(let uid): "another alert rule has the uid \"\(uid)\""
        case .alertRuleTitleTaken(let title): "another alert rule of the folder has the title \"\(title)\""
        case .invalidQuery(let reason): reason
        case .evaluation(let type, let reason): "\(type): \(reason)"
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .database(let reason, _): "the dashboards database failed: \(reason)"
        }
    }
}
