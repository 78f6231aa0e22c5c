import Bytes
import GRDB

extension DashboardStore {
    /// Makes the provisioned data sources be exactly these, matched by uid; the first that says so is the default, else the first.
    package func provision(dataSources: [DataSource]) async throws(DashboardsError) {
        guard dataSources.count <= options.dataSourcesMax else { throw .tooMany("data sources", limit: options.dataSourcesMax) }
        var seen: Set<String> = []
        for source in dataSources where !seen.insert(source.uid).inserted {
            throw .invalidDocument(file: nil, key: "uid", reason: "two data sources have the uid \"\(source.uid)\"")
        }
        let present = seen
        try await write { database in
            for uid in try String.fetchAll(database, sql: "SELECT uid FROM dataSource WHERE isReadOnly = 1") where !present.contains(uid) {
                try database.execute(sql: "DELETE FROM dataSource WHERE uid = ?", arguments: [uid])
            }
            let defaultUID = (dataSources.first(where: \.isDefault) ?? dataSources.first)?.uid
            if defaultUID != nil { try database.execute(sql: "UPDATE dataSource SET isDefault = 0") }
            for source in dataSources {
                try database.execute(
                    sql: """
                        INSERT INTO dataSource (uid, name, type, url, access, isDefault, isReadOnly, jsonData, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)
                        ON CONFLICT (uid) DO UPDATE SET name = excluded.name, type = excluded.type, url = excluded.url, access = excluded.access,
                            isDefault = excluded.isDefault, isReadOnly = excluded.isReadOnly, jsonData = excluded.jsonData
                        """,
                    arguments: [
                        source.uid, source.name, source.type, source.url, source.access, source.uid == defaultUID, source.isReadOnly,
                        String(decoding: source.jsonData.encoded, as: UTF8.self),
                    ])
            }
        }
    }

    /// Every data source, by name.
    package func dataSources() async throws(DashboardsError) -> [DataSource] {
        let sources = try await read { try Row.fetchAll($0, sql: "SELECT * FROM dataSource").map { try Self.dataSource($0) } }
        return sources.sorted { $0.name.lowercased() < $1.name.lowercased() }
    }

    /// Throws `dataSourceNotFound`.
    package func dataSource(uid: String) async throws(DashboardsError) -> DataSource { try await dataSource("uid", uid) }

    /// Throws `dataSourceNotFound`.
    package func dataSource(name: String) async throws(DashboardsError) -> DataSource { try await dataSource("name", name) }

    /// Throws `dataSourceNotFound`.
    package func dataSource(id: Int64) async throws(DashboardsError) -> DataSource { try await dataSource("id", String(id)) }

    private func dataSource(_ column: String, _ value: String) async throws(DashboardsError) -> DataSource {
        try await read { database in
            guard let row = try Row.fetchOne(database, sql: "SELECT * FROM dataSource WHERE \(column) = ?", arguments: [value]) else { throw DashboardsError.dataSourceNotFound(value) }
            return try Self.dataSource(row)
        }
    }

    private static func dataSource(_ row: Row) throws -> DataSource {
        let jsonData: JSONValue
        do { jsonData = try JSONParser.parse(Array((row["jsonData"] as String).utf8)) } catch {
            throw DashboardsError.database(reason: "a data source's settings are not JSON: \(error.reason)", isDiskFull: false)
        }
        var source = DataSource(uid: row["uid"], name: row["name"], type: row["type"], url: row["url"], isDefault: row["isDefault"], jsonData: jsonData)
        source.id = row["id"]
        source.access = row["access"]
        source.isReadOnly = row["isReadOnly"]
        source.version = row["version"]
        return source
    }
}
