import GRDB

/// What `GET /api/search` asks for. Empty means any.
package struct DashboardSearch: Sendable {
    package enum Kind: String, Sendable { case dashboard = "dash-db", folder = "dash-folder" }
    package enum Order: Sendable { case ascending, descending }

    /// Part of the title, in any case.
    package var text = ""
    /// All of them must be there.
    package var tags: [String] = []
    /// Both kinds when empty.
    package var kinds: Set<Kind> = []
    package var folderUIDs: [String] = []
    package var dashboardUIDs: [String] = []
    package var starredOnly = false
    package var order = Order.ascending
    package var limit = 1_000
    /// From 1 on.
    package var page = 1

    package init() {}
}

/// A dashboard or folder that a search found.
package struct DashboardHit: Sendable, Equatable {
    package let kind: DashboardSearch.Kind
    package let id: Int64
    package let uid: String
    package let title: String
    package let tags: [String]
    package let isStarred: Bool
    /// Where a dashboard lives; nil for "General" and for folders.
    package let folder: FolderReference?

    package var slug: String { DashboardDocument.slug(of: title) }
    package var url: String { kind == .folder ? "/dashboards/f/\(uid)/\(slug)" : Self.url(uid: uid, slug: slug) }

    static func url(uid: String, slug: String) -> String { "/d/\(uid)/\(slug)" }
}

extension DashboardStore {
    /// Folders first, then by title. O(dashboards): titles are compared here, in every script, not by SQLite.
    package func search(_ search: DashboardSearch, userID: Int64) async throws(DashboardsError) -> [DashboardHit] {
        let hits: [DashboardHit] = try await read { database in
            var hits: [DashboardHit] = []
            if search.kinds.isEmpty || search.kinds.contains(.folder) {
                hits += try Row.fetchAll(database, sql: "SELECT id, uid, title FROM folder").map {
                    DashboardHit(kind: .folder, id: $0["id"], uid: $0["uid"], title: $0["title"], tags: [], isStarred: false, folder: nil)
                }
            }
            if search.kinds.isEmpty || search.kinds.contains(.dashboard) {
                var tags: [Int64: [String]] = [:]
                for row in try Row.fetchAll(database, sql: "SELECT dashboardID, tag FROM dashboardTag ORDER BY dashboardID, position") {
                    tags[row["dashboardID"], default: []].append(row["tag"])
                }
                let stars = Set(try Int64.fetchAll(database, sql: "SELECT dashboardID FROM star WHERE userID = ?", arguments: [userID]))
                let rows = try Row.fetchAll(
                    database, sql: "SELECT d.id, d.uid, d.title, d.folderID, f.uid AS folderUID, f.title AS folderTitle FROM dashboard d LEFT JOIN folder f ON f.id = d.folderID")
                hits += rows.map { row in
                    let id: Int64 = row["id"]
                    let folder: FolderReference? = (row["folderID"] as Int64?).map { FolderReference(id: $0, uid: row["folderUID"], title: row["folderTitle"]) }
                    return DashboardHit(kind: .dashboard, id: id, uid: row["uid"], title: row["title"], tags: tags[id] ?? [], isStarred: stars.contains(id), folder: folder)
                }
            }
            return hits
        }
        return Self.select(search, from: hits)
    }

    private static func select(_ search: DashboardSearch, from hits: [DashboardHit]) -> [DashboardHit] {
        let text = search.text.lowercased()
        let found = hits.compactMap { hit -> (key: String, hit: DashboardHit)? in
            let title = hit.title.lowercased()
            guard text.isEmpty || title.contains(text) else { return nil }
            guard search.tags.allSatisfy(hit.tags.contains) else { return nil }
            guard !search.starredOnly || hit.isStarred else { return nil }
            guard search.dashboardUIDs.isEmpty || (hit.kind == .dashboard && search.dashboardUIDs.contains(hit.uid)) else { return nil }
            guard search.folderUIDs.isEmpty || (hit.kind == .dashboard && search.folderUIDs.contains(hit.folder?.uid ?? "general")) else { return nil }
            return (title, hit)
        }
        let sorted = found.sorted { a, b in
            if a.hit.kind != b.hit.kind { return a.hit.kind == .folder }
            if a.key == b.key { return a.hit.uid < b.hit.uid }
            return search.order == .ascending ? a.key < b.key : a.key > b.key
        }
        let limit = min(max(search.limit, 1), 5_000)
        let skipped = (min(max(search.page, 1), sorted.count + 1) - 1) * limit
        return sorted.dropFirst(skipped).prefix(limit).map(\.hit)
    }
}
