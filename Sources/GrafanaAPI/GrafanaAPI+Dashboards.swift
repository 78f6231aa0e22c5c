import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

extension GrafanaAPI {
    private static let searchLimitMax = 5_000

    func addDashboardRoutes(to router: some RouterMethods<SurfaceContext>) {
        router.get("/api/search", use: signedIn { request, _, caller in try await search(request, caller) })
        router.get("/api/dashboards/home", use: signedIn { _, _, caller in try await home(caller) })
        router.get("/api/dashboards/tags", use: signedIn { _, _, caller in try await tags(caller) })
        router.post("/api/dashboards/db", use: signedIn { request, _, caller in try await save(request, caller) })
        router.get("/api/dashboards/uid/{uid}", use: signedIn { request, context, caller in
            let dashboard = try await dashboards.dashboard(uid: context.parameters.require("uid"), userID: caller.user.id)
            return .json(Self.document(dashboard), for: request)
        })
        router.delete("/api/dashboards/uid/{uid}", use: signedIn { _, context, _ in
            let uid = try context.parameters.require("uid")
            let title = try await dashboards.delete(uid: uid)
            let body: JSONValue = ["title": .string(title), "message": .string("Dashboard \(title) deleted"), "uid": .string(uid)]
            return .json(body.encoded)
        })
        router.get("/api/dashboards/uid/{uid}/versions", use: signedIn { request, context, _ in try await versions(request, uid: context.parameters.require("uid")) })
        router.get("/api/dashboards/uid/{uid}/versions/{version}", use: signedIn { request, context, _ in
            let uid = try context.parameters.require("uid")
            let number = try context.parameters.require("version")
            guard let wanted = Int(number), let version = try await dashboards.version(wanted, uid: uid) else {
                return GrafanaFailure.message(.notFound, "Dashboard version \(number) not found")
            }
            return .json(Self.versionDocument(version, uid: uid).encoded, for: request)
        })
        router.post("/api/dashboards/uid/{uid}/restore", use: signedIn { request, context, caller in
            try await restore(request, uid: context.parameters.require("uid"), caller)
        })
    }

    private func search(_ request: Request, _ caller: Caller) async throws -> Response {
        let form = FormParameters(query: request.uri.query ?? "")
        var search = DashboardSearch()
        search.text = form["query"] ?? ""
        search.tags = form.all("tag").filter { !$0.isEmpty }
        if let kind = form["type"], !kind.isEmpty {
            guard let kind = DashboardSearch.Kind(rawValue: kind) else { return .json(Array("[]".utf8)) }
            search.kinds = [kind]
        }
        search.folderUIDs = form.all("folderUIDs").flatMap { $0.split(separator: ",").map(String.init) }
        let folderIDs = form.all("folderIds").compactMap { Int64($0) }
        if !folderIDs.isEmpty {
            let folders = try await dashboards.folders()
            search.folderUIDs += folderIDs.map { id in id == 0 ? "general" : folders.first { $0.id == id }?.uid ?? "\u{0}" }
        }
        search.dashboardUIDs = (form.all("dashboardUIDs") + form.all("dashboardUID")).flatMap { $0.split(separator: ",").map(String.init) }
        search.starredOnly = form["starred"] == "true"
        search.order = form["sort"] == "alpha-desc" ? .descending : .ascending
        search.limit = form["limit"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? search.limit
        search.page = form["page"].flatMap { Int($0) } ?? 1
        guard search.limit <= Self.searchLimitMax else {
            return GrafanaFailure.message(.unprocessableContent, "Limit is above maximum allowed (\(Self.searchLimitMax)), use page parameter to access hits beyond limit")
        }
        let hits = try await dashboards.search(search, userID: caller.user.id)
        return .json(JSONValue.array(hits.map(Self.hitDocument)).encoded, for: request)
    }

    private static func hitDocument(_ hit: DashboardHit) -> JSONValue {
        var body: JSONValue = [
            "id": JSONValue(Int(hit.id)), "uid": .string(hit.uid), "title": .string(hit.title), "uri": .string("db/\(hit.slug)"), "url": .string(hit.url), "slug": "",
            "type": .string(hit.kind.rawValue), "tags": .array(hit.tags.map { .string($0) }), "isStarred": .bool(hit.isStarred),
        ]
        if let folder = hit.folder {
            body["folderId"] = JSONValue(Int(folder.id))
            body["folderUid"] = .string(folder.uid)
            body["folderTitle"] = .string(folder.title)
            body["folderUrl"] = .string(folder.url)
        }
        body["sortMeta"] = 0
        return body
    }

    private func home(_ caller: Caller) async throws -> Response {
        let uid = try await dashboards.preferences(userID: caller.user.id).homeDashboardUID
        if !uid.isEmpty, let dashboard = try? await dashboards.dashboard(uid: uid) {
            let body: JSONValue = ["redirectUri": .string(dashboard.url)]
            return .json(body.encoded)
        }
        let body: JSONValue = [
            "meta": [
                "isHome": true, "canSave": false, "canEdit": true, "canAdmin": false, "canStar": false, "canDelete": false, "slug": "", "url": "",
                "expires": "0001-01-01T00:00:00Z", "created": "0001-01-01T00:00:00Z", "updated": "0001-01-01T00:00:00Z", "updatedBy": "", "createdBy": "", "version": 0,
                "hasAcl": false, "isFolder": false, "folderId": 0, "folderUid": "", "folderTitle": "General", "folderUrl": "", "provisioned": false,
                "provisionedExternalId": "",
            ],
            "dashboard": [
                "title": "Home", "editable": false, "schemaVersion": 39, "tags": [], "time": ["from": "now-15m", "to": "now"], "templating": ["list": []],
                "panels": [
                    [
                        "id": 1, "type": "dashlist", "title": "Dashboards", "gridPos": ["h": 15, "w": 24, "x": 0, "y": 0],
                        "options": ["showStarred": true, "showSearch": true, "showHeadings": true, "maxItems": 30, "query": "", "tags": []],
                    ]
                ],
            ],
        ]
        return .json(body.encoded)
    }

    private func tags(_ caller: Caller) async throws -> Response {
        var search = DashboardSearch()
        search.kinds = [.dashboard]
        search.limit = Self.searchLimitMax
        var counts: [String: Int] = [:]
        for hit in try await dashboards.search(search, userID: caller.user.id) { for tag in hit.tags { counts[tag, default: 0] += 1 } }
        let body = JSONValue.array(counts.sorted { $0.key < $1.key }.map { ["term": .string($0.key), "count": JSONValue($0.value)] })
        return .json(body.encoded)
    }

    private static func document(_ dashboard: StoredDashboard) -> [UInt8] {
        let provisioning = dashboard.provisioning
        let body: JSONValue = [
            "meta": [
                "type": "db", "isStarred": .bool(dashboard.isStarred), "canSave": true, "canEdit": true, "canAdmin": true, "canStar": true,
                "canDelete": .bool(provisioning == nil), "slug": .string(dashboard.slug), "url": .string(dashboard.url), "expires": "0001-01-01T00:00:00Z",
                "created": .string(TimeText.rfc3339(dashboard.createdMillis)), "updated": .string(TimeText.rfc3339(dashboard.updatedMillis)),
                "updatedBy": .string(dashboard.updatedBy), "createdBy": .string(dashboard.createdBy), "version": JSONValue(dashboard.version), "hasAcl": false,
                "isFolder": false, "folderId": JSONValue(Int(dashboard.folder?.id ?? 0)), "folderUid": .string(dashboard.folder?.uid ?? ""),
                "folderTitle": .string(dashboard.folder?.title ?? "General"), "folderUrl": .string(dashboard.folder?.url ?? ""),
                "provisioned": .bool(provisioning.map { !$0.allowsUpdates } ?? false), "provisionedExternalId": .string(provisioning?.source ?? ""),
            ],
            "dashboard": dashboard.presented,
        ]
        return body.encoded
    }

    private func save(_ request: Request, _ caller: Caller) async throws -> Response {
        let json = try await json(of: request)
        guard let document = json["dashboard"], document.object != nil else { throw SurfaceError(.badRequest, "bad request data: dashboard is missing") }
        guard json["isFolder"]?.bool != true else { throw SurfaceError(.badRequest, "Use folders endpoint for saving folders.") }
        var save = DashboardSave(try DashboardDocument(document), author: caller.user.login)
        save.message = json["message"]?.string ?? ""
        save.overwrite = json["overwrite"]?.bool ?? false
        save.folderUID = json["folderUid"]?.string
        if save.folderUID == nil, let id = json["folderId"]?.int, id > 0 {
            guard let folder = try await dashboards.folders().first(where: { $0.id == Int64(id) }) else { return GrafanaFailure.message(.badRequest, "folder not found") }
            save.folderUID = folder.uid
        }
        do {
            return try await Self.receipt(dashboards.save(save))
        } catch {
            guard case .folderNotFound = error else { throw error }
            return GrafanaFailure.message(.badRequest, "folder not found")
        }
    }

    private static func receipt(_ receipt: DashboardReceipt) -> Response {
        let body: JSONValue = [
            "folderUid": .string(receipt.folderUID), "id": JSONValue(Int(receipt.id)), "slug": .string(receipt.slug), "status": "success", "uid": .string(receipt.uid),
            "url": .string(receipt.url), "version": JSONValue(receipt.version),
        ]
        return .json(body.encoded)
    }

    private func versions(_ request: Request, uid: String) async throws -> Response {
        let limit = FormParameters(query: request.uri.query ?? "")["limit"].flatMap { Int($0) } ?? 0
        let versions = try await dashboards.versions(uid: uid, limit: limit > 0 ? limit : 1_000)
        let body: JSONValue = ["continueToken": "", "versions": .array(versions.map { Self.versionDocument($0, uid: uid) })]
        return .json(body.encoded, for: request)
    }

    private static func versionDocument(_ version: DashboardVersion, uid: String) -> JSONValue {
        var body: JSONValue = [
            "id": JSONValue(version.version), "dashboardId": JSONValue(Int(version.dashboardID)), "dashboardUid": .string(uid), "uid": .string(uid),
            "parentVersion": JSONValue(version.parentVersion), "restoredFrom": 0, "version": JSONValue(version.version),
            "created": .string(TimeText.rfc3339(version.createdMillis)), "createdBy": .string(version.createdBy), "message": .string(version.message),
        ]
        if let document = version.document { body["data"] = document }
        return body
    }

    private func restore(_ request: Request, uid: String, _ caller: Caller) async throws -> Response {
        guard let number = try await json(of: request)["version"]?.int else { throw SurfaceError(.badRequest, "bad request data: version is missing") }
        guard let version = try await dashboards.version(number, uid: uid), var document = version.document else {
            return GrafanaFailure.message(.notFound, "Dashboard version \(number) not found")
        }
        document["uid"] = .string(uid)
        document["id"] = nil
        let save = DashboardSave(try DashboardDocument(document), message: "Restored from version \(number)", overwrite: true, author: caller.user.login)
        return try await Self.receipt(dashboards.save(save))
    }
}
