import Bytes
import Dashboards
import Foundation
import Testing

func document(_ title: String, uid: String? = nil, id: Int? = nil, version: Int? = nil, tags: [String] = []) throws -> DashboardDocument {
    var json: JSONValue = ["title": .string(title), "tags": .array(tags.map { .string($0) }), "panels": [["type": "stat", "pi": .number("3.140")]]]
    if let uid { json["uid"] = .string(uid) }
    if let id { json["id"] = JSONValue(id) }
    if let version { json["version"] = JSONValue(version) }
    return try DashboardDocument(json)
}

struct StoreTests {
    @Test("a save makes version 1, the next one version 2, and both are remembered")
    func versions() async throws {
        let store = try TemporaryStore()
        let first = try await store.store.save(DashboardSave(document("One", uid: "one"), message: "begin", author: "admin"))
        #expect(first == DashboardReceipt.expected(id: first.id, uid: "one", title: "One", version: 1))
        let second = try await store.store.save(DashboardSave(document("Uno", uid: "one", version: 1), message: "rename", author: "editor"))
        #expect(second.id == first.id && second.version == 2 && second.slug == "uno")
        let dashboard = try await store.store.dashboard(uid: "one")
        #expect(dashboard.title == "Uno" && dashboard.createdBy == "admin" && dashboard.updatedBy == "editor")
        let versions = try await store.store.versions(uid: "one")
        #expect(versions.map(\.version) == [2, 1] && versions.map(\.message) == ["rename", "begin"])
        #expect(try await store.store.version(1, uid: "one")?.document?["title"] == "One")
        #expect(try await store.store.version(3, uid: "one") == nil)
    }

    @Test("a save made from an old version is refused, unless it overwrites")
    func conflict() async throws {
        let store = try TemporaryStore()
        for version in [0, 1] { _ = try await store.store.save(DashboardSave(document("One", uid: "one", version: version), author: "admin")) }
        await #expect(throws: DashboardsError.versionMismatch(uid: "one", stored: 2, sent: 1)) { try await store.store.save(DashboardSave(document("Late", uid: "one", version: 1), author: "admin")) }
        #expect(try await store.store.dashboard(uid: "one").title == "One")
        #expect(try await store.store.save(DashboardSave(document("Late", uid: "one", version: 1), overwrite: true, author: "admin")).version == 3)
    }

    @Test("an id and a uid of two dashboards are refused; an id from elsewhere is ignored beside a uid and unknown without one")
    func identities() async throws {
        let store = try TemporaryStore()
        let one = try await store.store.save(DashboardSave(document("One", uid: "one"), author: "admin"))
        _ = try await store.store.save(DashboardSave(document("Two", uid: "two"), author: "admin"))
        await #expect(throws: DashboardsError.uidTaken(uid: "two")) { try await store.store.save(DashboardSave(document("x", uid: "two", id: Int(one.id)), overwrite: true, author: "admin")) }
        #expect(try await store.store.save(DashboardSave(document("Three", uid: "three", id: 999), author: "admin")).version == 1)
        await #expect(throws: DashboardsError.dashboardNotFound(uid: "")) { try await store.store.save(DashboardSave(document("x", id: 999), author: "admin")) }
        #expect(try await store.store.save(DashboardSave(document("By id", id: Int(one.id), version: 1), author: "admin")).uid == "one")
    }

    @Test("only so many versions and dashboards are kept, and a document only up to its limit")
    func bounds() async throws {
        let store = try TemporaryStore {
            $0.versionsKept = 3
            $0.dashboardsMax = 2
            $0.documentBytesMax = 1_000
        }
        for _ in 0..<6 { _ = try await store.store.save(DashboardSave(document("One", uid: "one"), overwrite: true, author: "admin")) }
        #expect(try await store.store.versions(uid: "one").map(\.version) == [6, 5, 4])
        _ = try await store.store.save(DashboardSave(document("Two"), author: "admin"))
        await #expect(throws: DashboardsError.tooMany("dashboards", limit: 2)) { try await store.store.save(DashboardSave(document("Three"), author: "admin")) }
        await #expect(throws: DashboardsError.self) { try await store.store.save(DashboardSave(document("One", uid: "one", tags: [String(repeating: "x", count: 1_000)]), overwrite: true, author: "admin")) }
        #expect(try await store.store.dashboard(uid: "one").version == 6)
    }

    @Test("a search finds by part of the title, all tags, folder, star and uid, folders first, page by page")
    func search() async throws {
        let store = try TemporaryStore()
        let folder = try await store.store.createFolder(title: "Zoo", uid: "zoo", author: "admin")
        for (title, uid, tags, place) in [("Beta", "b", ["x", "y"], "zoo"), ("alpha", "a", ["x"], ""), ("Ångström", "c", [], "")] {
            _ = try await store.store.save(DashboardSave(document(title, uid: uid, tags: tags), folderUID: place, author: "admin"))
        }
        try await store.store.setStar(true, uid: "a", userID: 1)
        func uids(_ change: (inout DashboardSearch) -> Void) async throws -> [String] {
            var search = DashboardSearch()
            change(&search)
            return try await store.store.search(search, userID: 1).map(\.uid)
        }
        #expect(try await uids { _ in } == [folder.uid, "a", "b", "c"])
        #expect(try await uids { $0.kinds = [.dashboard]; $0.order = .descending } == ["c", "b", "a"])
        #expect(try await uids { $0.text = "ÅNG" } == ["c"])
        #expect(try await uids { $0.tags = ["x", "y"] } == ["b"])
        #expect(try await uids { $0.folderUIDs = ["general"] } == ["a", "c"])
        #expect(try await uids { $0.folderUIDs = ["zoo"] } == ["b"])
        #expect(try await uids { $0.starredOnly = true } == ["a"])
        #expect(try await uids { $0.dashboardUIDs = ["c", "b"] } == ["b", "c"])
        #expect(try await uids { $0.kinds = [.dashboard]; $0.limit = 2; $0.page = 2 } == ["c"])
        #expect(try await uids { $0.limit = 2; $0.page = .max } == [])
    }

    @Test("deleting a folder takes its dashboards along; one of an unknown uid is told so")
    func folders() async throws {
        let store = try TemporaryStore()
        _ = try await store.store.createFolder(title: "Zoo", uid: "zoo", author: "admin")
        await #expect(throws: DashboardsError.folderUIDTaken(uid: "zoo")) { try await store.store.createFolder(title: "Zoo", uid: "zoo", author: "admin") }
        _ = try await store.store.save(DashboardSave(document("In", uid: "in"), folderUID: "zoo", author: "admin"))
        await #expect(throws: DashboardsError.folderNotFound(uid: "nowhere")) { try await store.store.save(DashboardSave(document("Out"), folderUID: "nowhere", author: "admin")) }
        await #expect(throws: DashboardsError.folderVersionMismatch(uid: "zoo")) { try await store.store.renameFolder(uid: "zoo", title: "Ark", version: 7, overwrite: false, author: "admin") }
        #expect(try await store.store.renameFolder(uid: "zoo", title: "Ark", version: 1, overwrite: false, author: "admin").version == 2)
        #expect(try await store.store.dashboard(uid: "in").folder?.title == "Ark")
        _ = try await store.store.deleteFolder(uid: "zoo")
        await #expect(throws: DashboardsError.dashboardNotFound(uid: "in")) { try await store.store.dashboard(uid: "in") }
    }

    @Test("data sources become exactly those that are provisioned, one of them the default")
    func dataSources() async throws {
        let store = try TemporaryStore()
        try await store.store.provision(dataSources: [.prometheus(url: "http://127.0.0.1:9090", scrapeInterval: "5s"), .jaeger(url: "http://127.0.0.1:16686")])
        #expect(try await store.store.dataSources().map(\.uid) == ["jaeger", "prometheus"])
        let id = try await store.store.dataSource(uid: "prometheus").id
        try await store.store.provision(dataSources: [.prometheus(url: "http://127.0.0.1:9091", scrapeInterval: "5s")])
        let sources = try await store.store.dataSources()
        #expect(sources.count == 1 && sources[0].url.hasSuffix(":9091") && sources[0].id == id && sources[0].isDefault && sources[0].scrapeInterval == "5s")
        await #expect(throws: DashboardsError.dataSourceNotFound("jaeger")) { try await store.store.dataSource(uid: "jaeger") }
    }

    @Test("what was saved is there after closing and opening, and in a backup taken meanwhile; the file is its owner's alone")
    func reopened() async throws {
        let store = try TemporaryStore()
        _ = try await store.store.save(DashboardSave(document("One", uid: "one"), author: "admin"))
        try await store.store.backup(to: store.folder + "/copy.db")
        try store.store.close()
        for name in ["dashboards.db", "copy.db"] {
            let reopened = try DashboardStore(path: store.folder + "/" + name)
            #expect(try await reopened.dashboard(uid: "one").document["panels"]?.array?.first?["pi"] == .number("3.140"))
            try reopened.close()
        }
        let mode = try FileManager.default.attributesOfItem(atPath: store.folder + "/dashboards.db")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("a database that cannot be opened is told of in words")
    func unopenable() throws {
        let error = #expect(throws: DashboardsError.self) { try DashboardStore(path: "/nowhere/dashboards.db") }
        #expect("\(try #require(error))" == "cannot read /nowhere/dashboards.db: No such file or directory")
    }
}

extension DashboardReceipt {
    static func expected(id: Int64, uid: String, title: String, version: Int) -> DashboardReceipt {
        DashboardReceipt(id: id, uid: uid, slug: DashboardDocument.slug(of: title), title: title, version: version, folderUID: "")
    }
}
