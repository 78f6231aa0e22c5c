import GRDB

/// The tables of `dashboards.db`, one migration a step; a step that has shipped is never edited.
///
/// Times are milliseconds since the epoch. A folder id of NULL is the folder "General", which has no row.
enum DashboardSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: users, dashboards, data sources") { try $0.execute(sql: first) }
        migrator.registerMigration("alert rules") { try $0.execute(sql: alertRules) }
        return migrator
    }

    private static let alertRules = """
        CREATE TABLE alertRule (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            uid TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            folderUID TEXT NOT NULL,
            ruleGroup TEXT NOT NULL,
            expression TEXT NOT NULL,
            intervalMillis INTEGER NOT NULL,
            holdMillis INTEGER NOT NULL,
            keepFiringMillis INTEGER NOT NULL,
            labels TEXT NOT NULL,
            annotations TEXT NOT NULL,
            isPaused INTEGER NOT NULL,
            document TEXT NOT NULL,
            version INTEGER NOT NULL,
            createdMillis INTEGER NOT NULL,
            createdBy TEXT NOT NULL,
            updatedMillis INTEGER NOT NULL,
            updatedBy TEXT NOT NULL,
            UNIQUE (folderUID, title)
        );
        """

    private static let first = """
        CREATE TABLE user (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            login TEXT NOT NULL UNIQUE COLLATE NOCASE,
            email TEXT NOT NULL,
            name TEXT NOT NULL,
            passwordHash TEXT NOT NULL,
            role TEXT NOT NULL,
            isAdmin INTEGER NOT NULL,
            createdMillis INTEGER NOT NULL,
            updatedMillis INTEGER NOT NULL,
            seenMillis INTEGER NOT NULL
        );
        CREATE TABLE session (
            tokenHash BLOB PRIMARY KEY,
            userID INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
            clientAddress TEXT NOT NULL,
            userAgent TEXT NOT NULL,
            createdMillis INTEGER NOT NULL,
            seenMillis INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX sessionByUser ON session(userID, seenMillis);
        CREATE TABLE folder (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            uid TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            version INTEGER NOT NULL,
            createdMillis INTEGER NOT NULL,
            createdBy TEXT NOT NULL,
            updatedMillis INTEGER NOT NULL,
            updatedBy TEXT NOT NULL
        );
        CREATE TABLE dashboard (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            uid TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            slug TEXT NOT NULL,
            folderID INTEGER REFERENCES folder(id) ON DELETE CASCADE,
            version INTEGER NOT NULL,
            document TEXT NOT NULL,
            createdMillis INTEGER NOT NULL,
            createdBy TEXT NOT NULL,
            updatedMillis INTEGER NOT NULL,
            updatedBy TEXT NOT NULL
        );
        CREATE INDEX dashboardByFolder ON dashboard(folderID);
        CREATE TABLE dashboardTag (
            dashboardID INTEGER NOT NULL REFERENCES dashboard(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            tag TEXT NOT NULL,
            PRIMARY KEY (dashboardID, position)
        ) WITHOUT ROWID;
        CREATE TABLE dashboardVersion (
            dashboardID INTEGER NOT NULL REFERENCES dashboard(id) ON DELETE CASCADE,
            version INTEGER NOT NULL,
            parentVersion INTEGER NOT NULL,
            message TEXT NOT NULL,
            document TEXT NOT NULL,
            createdMillis INTEGER NOT NULL,
            createdBy TEXT NOT NULL,
            PRIMARY KEY (dashboardID, version)
        );
        CREATE TABLE provisionedDashboard (
            source TEXT PRIMARY KEY,
            provider TEXT NOT NULL,
            dashboardID INTEGER NOT NULL UNIQUE REFERENCES dashboard(id) ON DELETE CASCADE,
            digest BLOB NOT NULL,
            allowsUpdates INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE dataSource (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            uid TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL UNIQUE,
            type TEXT NOT NULL,
            url TEXT NOT NULL,
            access TEXT NOT NULL,
            isDefault INTEGER NOT NULL,
            isReadOnly INTEGER NOT NULL,
            jsonData TEXT NOT NULL,
            version INTEGER NOT NULL
        );
        CREATE TABLE star (
            userID INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
            dashboardID INTEGER NOT NULL REFERENCES dashboard(id) ON DELETE CASCADE,
            PRIMARY KEY (userID, dashboardID)
        ) WITHOUT ROWID;
        CREATE TABLE preference (
            userID INTEGER PRIMARY KEY REFERENCES user(id) ON DELETE CASCADE,
            theme TEXT NOT NULL,
            timezone TEXT NOT NULL,
            weekStart TEXT NOT NULL,
            homeDashboardUID TEXT NOT NULL
        );
        """
}
