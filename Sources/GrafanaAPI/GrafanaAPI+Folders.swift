import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

extension GrafanaAPI {
    func addFolderRoutes(to router: some RouterMethods<SurfaceContext>) {
        router.get("/api/folders", use: signedIn { request, _, _ in
            let form = FormParameters(query: request.uri.query ?? "")
            let limit = min(max(form["limit"].flatMap { Int($0) } ?? 1_000, 1), 1_000)
            let page = min(max(form["page"].flatMap { Int($0) } ?? 1, 1), 1_000_000)
            let folders = try await form["parentUid"]?.isEmpty == false ? [] : dashboards.folders()
            let body = JSONValue.array(folders.dropFirst((page - 1) * limit).prefix(limit).map {
                ["id": JSONValue(Int($0.id)), "uid": .string($0.uid), "title": .string($0.title)]
            })
            return .json(body.encoded, for: request)
        })
        router.post("/api/folders", use: signedIn { request, _, caller in
            let json = try await json(of: request)
            let folder = try await dashboards.createFolder(title: json["title"]?.string ?? "", uid: json["uid"]?.string ?? "", author: caller.user.login)
            return .json(Self.folderDocument(folder).encoded)
        })
        router.get("/api/folders/{uid}", use: signedIn { _, context, _ in
            let uid = try context.parameters.require("uid")
            guard uid != "general" else { return .json(Self.general.encoded) }
            return try await .json(Self.folderDocument(dashboards.folder(uid: uid)).encoded)
        })
        router.put("/api/folders/{uid}", use: signedIn { request, context, caller in
            let json = try await json(of: request)
            let folder = try await dashboards.renameFolder(
                uid: context.parameters.require("uid"), title: json["title"]?.string ?? "", version: json["version"]?.int ?? 0, overwrite: json["overwrite"]?.bool ?? false,
                author: caller.user.login)
            return .json(Self.folderDocument(folder).encoded)
        })
        router.delete("/api/folders/{uid}", use: signedIn { _, context, _ in
            let folder = try await dashboards.deleteFolder(uid: context.parameters.require("uid"))
            let body: JSONValue = ["id": JSONValue(Int(folder.id)), "message": .string("Folder \(folder.title) deleted"), "title": .string(folder.title)]
            return .json(body.encoded)
        })
    }

    private static var general: JSONValue {
        [
            "id": 0, "uid": "general", "title": "General", "url": "/dashboards", "hasAcl": false, "canSave": true, "canEdit": true, "canAdmin": true, "canDelete": false,
            "createdBy": "", "created": "0001-01-01T00:00:00Z", "updatedBy": "", "updated": "0001-01-01T00:00:00Z",
        ]
    }

    private static func folderDocument(_ folder: Folder) -> JSONValue {
        [
            "id": JSONValue(Int(folder.id)), "uid": .string(folder.uid), "title": .string(folder.title), "url": .string(folder.url), "hasAcl": false, "canSave": true,
            "canEdit": true, "canAdmin": true, "canDelete": true, "createdBy": .string(folder.createdBy), "created": .string(TimeText.rfc3339(folder.createdMillis)),
            "updatedBy": .string(folder.updatedBy), "updated": .string(TimeText.rfc3339(folder.updatedMillis)), "version": JSONValue(folder.version),
        ]
    }
}
