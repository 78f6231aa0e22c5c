import Bytes
import GRDB

extension DashboardStore {
    private static let messageCharactersMax = 500

    /// Saves a dashboard: a new one, or the next version of the one with its `uid` (or, without one, its `id`).
    ///
    /// Throws `versionMismatch` when another version is stored than the one it was made from and `overwrite` is off, `provisioned`
    /// for one that only its file changes. An `id` unknown here is ignored when there is a `uid`: it comes from another Grafana.
    package func save(_ save: DashboardSave) async throws(DashboardsError) -> DashboardReceipt {
        let text = try encode(save.document.json)
        guard save.message.count <= Self.messageCharactersMax else {
            throw .invalidDocument(file: nil, key: "message", reason: "message too long, max \(Self.messageCharactersMax) characters")
        }
        let options = options
        return try await write { database in try Self.save(save, text: text, provisioned: false, options: options, database: database) }
    }

    func encode(_ json: JSONValue) throws(DashboardsError) -> String {
        let bytes = json.encoded
        guard bytes.count <= options.documentBytesMax else {
            throw .invalidDocument(file: nil, key: "(document)", reason: "\(bytes.count) bytes long; at most \(options.documentBytesMax) are kept")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func save(_ save: DashboardSave, text: String, provisioned: Bool, options: Options, database: Database) throws -> DashboardReceipt {
        let document = save.document
        let existing = try existing(document, database: database)
        let now = options.now()
        var folderID = existing?.folderID
        if let wanted = save.folderUID { folderID = try Self.folderID(uid: wanted, database: database) }
        let slug = DashboardDocument.slug(of: document.title)
        let uid: String
        let id: Int64
        let version: Int
        if let existing {
            uid = existing.uid
            id = existing.id
            version = existing.version + 1
            if !provisioned, let source = try Row.fetchOne(database, sql: "SELECT source, allowsUpdates FROM provisionedDashboard WHERE dashboardID = ?", arguments: [id]),
                !(source["allowsUpdates"] as Bool)
            {
                throw DashboardsError.provisioned(uid: uid, source: source["source"], deleting: false)
            }
            if existing.version != document.version, !save.overwrite {
                throw DashboardsError.versionMismatch(uid: uid, stored: existing.version, sent: document.version)
            }
            try database.execute(
                sql: "UPDATE dashboard SET title = ?, slug = ?, folderID = ?, version = ?, document = ?, updatedMillis = ?, updatedBy = ? WHERE id = ?",
                arguments: [document.title, slug, folderID, version, text, now, save.author, id])
        } else {
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM dashboard") ?? 0
            guard count < options.dashboardsMax else { throw DashboardsError.tooMany("dashboards", limit: options.dashboardsMax) }
            uid = document.uid.isEmpty ? RandomToken.uid() : document.uid
            version = 1
            try database.execute(
                sql: """
                    INSERT INTO dashboard (uid, title, slug, folderID, version, document, createdMillis, createdBy, updatedMillis, updatedBy)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """, arguments: [uid, document.title, slug, folderID, version, text, now, save.author, now, save.author])
            id = database.lastInsertedRowID
        }
        try remember(id: id, version: version, text: text, save: save, now: now, kept: options.versionsKept, database: database)
        try setTags(document.tags, of: id, database: database)
        let folderUID = try folderID.flatMap { try String.fetchOne(database, sql: "SELECT uid FROM folder WHERE id = ?", arguments: [$0]) } ?? ""
        return DashboardReceipt(id: id, uid: uid, slug: slug, title: document.title, version: version, folderUID: folderUID)
    }

    private struct Existing {
        var id: Int64
        var uid: String
        var version: Int
        var folderID: Int64?
    }

    private static func existing(_ document: DashboardDocument, database: Database) throws -> Existing? {
        func find(_ column: String, _ value: any DatabaseValueConvertible) throws -> Existing? {
            try Row.fetchOne(database, sql: "SELECT id, uid, version, folderID FROM dashboard WHERE \(column) = ?", arguments: [value])
                .map { Existing(id: $0["id"], uid: $0["uid"], version: $0["version"], folderID: $0["folderID"]) }
        }
        let byID = document.id > 0 ? try find("id", document.id) : nil
        guard !document.uid.isEmpty else {
            if document.id > 0, byID == nil { throw DashboardsError.dashboardNotFound(uid: "") }
            return byID
        }
        let byUID = try find("uid", document.uid)
        if let byID, let byUID, byID.id != byUID.id { throw DashboardsError.uidTaken(uid: document.uid) }
        return byUID
    }

    private static func remember(id: Int64, version: Int, text: String, save: DashboardSave, now: Int64, kept: Int, database: Database) throws {
        try database.execute(
            sql: "INSERT INTO dashboardVersion (dashboardID, version, parentVersion, message, document, createdMillis, createdBy) VALUES (?, ?, ?, ?, ?, ?, ?)",
            arguments: [id, version, version - 1, save.message, text, now, save.author])
        try database.execute(sql: "DELETE FROM dashboardVersion WHERE dashboardID = ? AND version <= ?", arguments: [id, version - max(kept, 1)])
    }

    private static func setTags(_ tags: [String], of id: Int64, database: Database) throws {
        try database.execute(sql: "DELETE FROM dashboardTag WHERE dashboardID = ?", arguments: [id])
        for (position, tag) in tags.enumerated() {
            try database.execute(sql: "INSERT INTO dashboardTag (dashboardID, position, tag) VALUES (?, ?, ?)", arguments: [id, position, tag])
        }
    }

    /// The dashboard with this uid, as `userID` sees it (stars); throws `dashboardNotFound`.
    package func dashboard(uid: String, userID: Int64 = 0) async throws(DashboardsError) -> StoredDashboard {
        try await read { database in
            guard let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT d.*, f.uid AS folderUID, f.title AS folderTitle, p.source, p.allowsUpdates,
                        EXISTS (SELECT 1 FROM star s WHERE s.userID = ? AND s.dashboardID = d.id) AS isStarred
                    FROM dashboard d LEFT JOIN folder f ON f.id = d.folderID LEFT JOIN provisionedDashboard p ON p.dashboardID = d.id
                    WHERE d.uid = ?
                    """, arguments: [userID, uid])
            else { throw DashboardsError.dashboardNotFound(uid: uid) }
            let folder: FolderReference? = (row["folderID"] as Int64?).map { FolderReference(id: $0, uid: row["folderUID"], title: row["folderTitle"]) }
            return StoredDashboard(
                id: row["id"], uid: row["uid"], title: row["title"], slug: row["slug"], version: row["version"], folder: folder, document: try Self.parse(row["document"]),
                createdMillis: row["createdMillis"], createdBy: row["createdBy"], updatedMillis: row["updatedMillis"], updatedBy: row["updatedBy"],
                isStarred: row["isStarred"],
                provisioning: (row["source"] as String?).map { ProvisionedFrom(source: $0, allowsUpdates: row["allowsUpdates"]) })
        }
    }

    /// Deletes a dashboard with its versions and returns its title. A provisioned one is refused: it would be back at the next start.
    package func delete(uid: String) async throws(DashboardsError) -> String {
        try await write { database in
            guard let row = try Row.fetchOne(
                database, sql: "SELECT d.id, d.title, p.source FROM dashboard d LEFT JOIN provisionedDashboard p ON p.dashboardID = d.id WHERE d.uid = ?", arguments: [uid])
            else { throw DashboardsError.dashboardNotFound(uid: uid) }
            if let source = row["source"] as String? { throw DashboardsError.provisioned(uid: uid, source: source, deleting: true) }
            try database.execute(sql: "DELETE FROM dashboard WHERE id = ?", arguments: [row["id"] as Int64])
            return row["title"]
        }
    }

    /// The versions that are remembered, newest first.
    package func versions(uid: String, limit: Int = 100) async throws(DashboardsError) -> [DashboardVersion] {
        try await read { database in
            guard let id = try Int64.fetchOne(database, sql: "SELECT id FROM dashboard WHERE uid = ?", arguments: [uid]) else { throw DashboardsError.dashboardNotFound(uid: uid) }
            return try Row.fetchAll(
                database, sql: "SELECT version, parentVersion, message, createdMillis, createdBy FROM dashboardVersion WHERE dashboardID = ? ORDER BY version DESC LIMIT ?",
                arguments: [id, limit]
            ).map { Self.version($0, dashboardID: id, document: nil) }
        }
    }

    /// One version with its document; nil when it is not remembered.
    package func version(_ version: Int, uid: String) async throws(DashboardsError) -> DashboardVersion? {
        try await read { database in
            guard let id = try Int64.fetchOne(database, sql: "SELECT id FROM dashboard WHERE uid = ?", arguments: [uid]) else { throw DashboardsError.dashboardNotFound(uid: uid) }
            return try Row.fetchOne(database, sql: "SELECT * FROM dashboardVersion WHERE dashboardID = ? AND version = ?", arguments: [id, version])
                .map { Self.version($0, dashboardID: id, document: try Self.parse($0["document"])) }
        }
    }

    private static func version(_ row: Row, dashboardID: Int64, document: JSONValue?) -> DashboardVersion {
        DashboardVersion(
            dashboardID: dashboardID, version: row["version"], parentVersion: row["parentVersion"], message: row["message"],
            createdMillis: row["createdMillis"], createdBy: row["createdBy"], document: document)
    }

    private static func parse(_ text: String) throws -> JSONValue {
        do { return try JSONParser.parse(Array(text.utf8)) } catch {
            throw DashboardsError.database(reason: "a stored document is not JSON: \(error.reason)", isDiskFull: false)
        }
    }
}
