import GRDB

/// A folder of dashboards.
package struct Folder: Sendable, Equatable {
    package let id: Int64
    package let uid: String
    package let title: String
    package let version: Int
    package let createdMillis: Int64
    package let createdBy: String
    package let updatedMillis: Int64
    package let updatedBy: String

    package var url: String { "/dashboards/f/\(uid)/\(DashboardDocument.slug(of: title))" }

    fileprivate init(_ row: Row) {
        id = row["id"]
        uid = row["uid"]
        title = row["title"]
        version = row["version"]
        createdMillis = row["createdMillis"]
        createdBy = row["createdBy"]
        updatedMillis = row["updatedMillis"]
        updatedBy = row["updatedBy"]
    }
}

extension DashboardStore {
    /// Every folder, by title.
    package func folders() async throws(DashboardsError) -> [Folder] {
        let folders = try await read { try Row.fetchAll($0, sql: "SELECT * FROM folder").map { Folder($0) } }
        return folders.sorted { ($0.title.lowercased(), $0.uid) < ($1.title.lowercased(), $1.uid) }
    }

    /// Throws `folderNotFound`.
    package func folder(uid: String) async throws(DashboardsError) -> Folder {
        try await read { try Self.folder(uid: uid, database: $0) }
    }

    /// Makes a folder; an empty uid means "make one up".
    package func createFolder(title: String, uid: String, author: String) async throws(DashboardsError) -> Folder {
        let title = try Self.checkedTitle(title)
        let wanted = try DashboardCheck.uid(.string(uid)) { .invalidDocument(file: nil, key: $0, reason: $1) }
        let options = options
        return try await write { database in
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM folder") ?? 0
            guard count < options.foldersMax else { throw DashboardsError.tooMany("folders", limit: options.foldersMax) }
            let uid = wanted.isEmpty ? RandomToken.uid() : wanted
            guard try Int.fetchOne(database, sql: "SELECT 1 FROM folder WHERE uid = ?", arguments: [uid]) == nil, uid != "general" else { throw DashboardsError.folderUIDTaken(uid: uid) }
            let now = options.now()
            try database.execute(
                sql: "INSERT INTO folder (uid, title, version, createdMillis, createdBy, updatedMillis, updatedBy) VALUES (?, ?, 1, ?, ?, ?, ?)",
                arguments: [uid, title, now, author, now, author])
            return try Self.folder(uid: uid, database: database)
        }
    }

    /// Renames a folder. `version` must be the stored one unless `overwrite` is on.
    package func renameFolder(uid: String, title: String, version: Int, overwrite: Bool, author: String) async throws(DashboardsError) -> Folder {
        let title = try Self.checkedTitle(title)
        let now = options.now()
        return try await write { database in
            let folder = try Self.folder(uid: uid, database: database)
            guard overwrite || version == folder.version else { throw DashboardsError.folderVersionMismatch(uid: uid) }
            try database.execute(
                sql: "UPDATE folder SET title = ?, version = version + 1, updatedMillis = ?, updatedBy = ? WHERE uid = ?", arguments: [title, now, author, uid])
            return try Self.folder(uid: uid, database: database)
        }
    }

    /// Deletes a folder and the dashboards in it; refused when one of them is provisioned.
    package func deleteFolder(uid: String) async throws(DashboardsError) -> Folder {
        try await write { database in
            let folder = try Self.folder(uid: uid, database: database)
            if let row = try Row.fetchOne(
                database, sql: "SELECT d.uid, p.source FROM dashboard d JOIN provisionedDashboard p ON p.dashboardID = d.id WHERE d.folderID = ? LIMIT 1", arguments: [folder.id])
            {
                throw DashboardsError.provisioned(uid: row["uid"], source: row["source"], deleting: true)
            }
            try database.execute(sql: "DELETE FROM folder WHERE id = ?", arguments: [folder.id])
            return folder
        }
    }

    /// The row of a folder by its uid; nil for "General" (`""`, `"general"`).
    static func folderID(uid: String, database: Database) throws -> Int64? {
        guard !uid.isEmpty, uid != "general" else { return nil }
        return try folder(uid: uid, database: database).id
    }

    /// The folder of this title, made when it is not there; for provisioning.
    static func folderID(title: String, author: String, now: Int64, database: Database) throws -> Int64? {
        guard !title.isEmpty, title.lowercased() != "general" else { return nil }
        if let id = try Int64.fetchOne(database, sql: "SELECT id FROM folder WHERE title = ? ORDER BY id LIMIT 1", arguments: [title]) { return id }
        try database.execute(
            sql: "INSERT INTO folder (uid, title, version, createdMillis, createdBy, updatedMillis, updatedBy) VALUES (?, ?, 1, ?, ?, ?, ?)",
            arguments: [RandomToken.uid(), title, now, author, now, author])
        return database.lastInsertedRowID
    }

    private static func folder(uid: String, database: Database) throws -> Folder {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM folder WHERE uid = ?", arguments: [uid]) else { throw DashboardsError.folderNotFound(uid: uid) }
        return Folder(row)
    }

    private static func checkedTitle(_ title: String) throws(DashboardsError) -> String {
        guard !title.allSatisfy(\.isWhitespace) else { throw .invalidDocument(file: nil, key: "title", reason: "folder title cannot be empty") }
        guard title.count <= 189 else { throw .invalidDocument(file: nil, key: "title", reason: "folder title longer than 189 characters") }
        return title
    }
}
