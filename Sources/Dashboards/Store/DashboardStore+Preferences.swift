import GRDB

/// How a user wants the pages. Empty means the default.
package struct Preferences: Sendable, Equatable {
    /// "", "light", "dark" or "system".
    package var theme = ""
    /// "", "utc", "browser" or a zone's name.
    package var timezone = ""
    package var weekStart = ""
    package var homeDashboardUID = ""

    package init() {}
}

extension DashboardStore {
    package func preferences(userID: Int64) async throws(DashboardsError) -> Preferences {
        try await read { database in
            var preferences = Preferences()
            guard let row = try Row.fetchOne(database, sql: "SELECT * FROM preference WHERE userID = ?", arguments: [userID]) else { return preferences }
            preferences.theme = row["theme"]
            preferences.timezone = row["timezone"]
            preferences.weekStart = row["weekStart"]
            preferences.homeDashboardUID = row["homeDashboardUID"]
            return preferences
        }
    }

    package func setPreferences(_ preferences: Preferences, userID: Int64) async throws(DashboardsError) {
        guard ["", "light", "dark", "system"].contains(preferences.theme) else {
            throw .invalidUser(reason: "theme \"\(preferences.theme)\" is not known; \"light\", \"dark\", \"system\" and \"\" are")
        }
        guard [preferences.timezone, preferences.weekStart, preferences.homeDashboardUID].allSatisfy({ $0.utf8.count <= 128 }) else {
            throw .invalidUser(reason: "a preference is longer than 128 bytes")
        }
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO preference (userID, theme, timezone, weekStart, homeDashboardUID) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (userID) DO UPDATE SET theme = excluded.theme, timezone = excluded.timezone, weekStart = excluded.weekStart,
                        homeDashboardUID = excluded.homeDashboardUID
                    """, arguments: [userID, preferences.theme, preferences.timezone, preferences.weekStart, preferences.homeDashboardUID])
        }
    }

    /// Stars a dashboard or takes the star away; throws `dashboardNotFound`.
    package func setStar(_ starred: Bool, uid: String, userID: Int64) async throws(DashboardsError) {
        try await write { database in
            guard let id = try Int64.fetchOne(database, sql: "SELECT id FROM dashboard WHERE uid = ?", arguments: [uid]) else { throw DashboardsError.dashboardNotFound(uid: uid) }
            if starred {
                try database.execute(sql: "INSERT OR IGNORE INTO star (userID, dashboardID) VALUES (?, ?)", arguments: [userID, id])
            } else {
                try database.execute(sql: "DELETE FROM star WHERE userID = ? AND dashboardID = ?", arguments: [userID, id])
            }
        }
    }
}
