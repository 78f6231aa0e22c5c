import Bytes
import Dashboards
import Foundation
import Testing

struct ProvisioningTests {
    private func provider(_ store: TemporaryStore, allowsUpdates: Bool = true) -> DashboardProvider {
        DashboardProvider(name: "files", allowsUpdates: allowsUpdates, origin: .directory(store.folder + "/dashboards"))
    }

    @Test("a file without uid keeps the one it was given; a changed file is a new version; a file that goes takes its dashboard along")
    func life() async throws {
        let store = try TemporaryStore()
        try store.write(#"{"title": "One"}"#, to: "dashboards/sub/one.json")
        let first = await store.store.provision([provider(store)])
        let uid = try #require(first.saved.first)
        try store.write(#"{"dashboard": {"title": "One again", "id": 77}}"#, to: "dashboards/sub/one.json")
        #expect(await store.store.provision([provider(store)]).saved == [uid])
        let dashboard = try await store.store.dashboard(uid: uid)
        #expect(dashboard.title == "One again" && dashboard.version == 2 && dashboard.document["id"] == 77 && dashboard.provisioning?.allowsUpdates == true)
        try FileManager.default.removeItem(atPath: store.folder + "/dashboards/sub/one.json")
        #expect(await store.store.provision([provider(store)]).removed == [uid])
        await #expect(throws: DashboardsError.dashboardNotFound(uid: uid)) { try await store.store.dashboard(uid: uid) }
    }

    @Test("a wrong file is named with its key and leaves its dashboard and all others as they were")
    func wrongFile() async throws {
        let store = try TemporaryStore()
        let path = try store.write(#"{"title": "One", "uid": "one"}"#, to: "dashboards/one.json")
        try store.write(#"{"title": "Two", "uid": "two"}"#, to: "dashboards/two.json")
        _ = await store.store.provision([provider(store)])
        try store.write(#"{"title": "One", "uid": "one", "panels": 5}"#, to: "dashboards/one.json")
        try store.write(#"{"title": "Three", "uid": "two"}"#, to: "dashboards/zwei.json")
        let report = await store.store.provision([provider(store)])
        #expect(report.problems.map { "\($0)" } == [
            "\(path): panels: a list was expected, not a number", "\(store.folder)/dashboards/zwei.json: uid: \"two\" is also the uid of \(store.folder)/dashboards/two.json",
        ])
        #expect(report.saved == [] && report.removed == [] && report.unchanged == 1)
        #expect(try await store.store.dashboard(uid: "one").title == "One")
    }

    @Test("what a user changed stays until the file changes, and stays when the file goes")
    func userChanges() async throws {
        let store = try TemporaryStore()
        try store.write(#"{"title": "One", "uid": "one"}"#, to: "dashboards/one.json")
        _ = await store.store.provision([provider(store)])
        _ = try await store.store.save(DashboardSave(document("Mine", uid: "one", version: 1), author: "admin"))
        #expect(await store.store.provision([provider(store)]).unchanged == 1)
        #expect(try await store.store.dashboard(uid: "one").title == "Mine")
        await #expect(throws: DashboardsError.self) { try await store.store.delete(uid: "one") }
        try FileManager.default.removeItem(atPath: store.folder + "/dashboards/one.json")
        #expect(await store.store.provision([provider(store)]).removed == [])
        #expect(try await store.store.dashboard(uid: "one").provisioning == nil)
        #expect(try await store.store.delete(uid: "one") == "Mine")
    }

    @Test("a provider that does not allow it keeps its dashboards as they are")
    func locked() async throws {
        let store = try TemporaryStore()
        let path = try store.write(#"{"title": "One", "uid": "one"}"#, to: "dashboards/one.json")
        _ = await store.store.provision([provider(store, allowsUpdates: false)])
        await #expect(throws: DashboardsError.provisioned(uid: "one", source: path, deleting: false)) {
            try await store.store.save(DashboardSave(document("Mine", uid: "one"), overwrite: true, author: "admin"))
        }
    }

    @Test("a file with the uid of an embedded dashboard replaces it, and gives way when it goes; a missing folder changes nothing")
    func embedded() async throws {
        let store = try TemporaryStore()
        let embedded = DashboardProvider(name: "embedded", origin: .embedded([("own", Array(#"{"title": "Own", "uid": "own"}"#.utf8))]))
        #expect(await store.store.provision([provider(store), embedded]).saved == ["own"])
        try store.write(#"{"title": "Theirs", "uid": "own"}"#, to: "dashboards/own.json")
        for _ in 0..<2 {
            #expect(await store.store.provision([provider(store), embedded]).problems == [])
            #expect(try await store.store.dashboard(uid: "own").title == "Theirs")
        }
        try FileManager.default.removeItem(atPath: store.folder + "/dashboards/own.json")
        _ = await store.store.provision([provider(store), embedded])
        #expect(try await store.store.dashboard(uid: "own").title == "Own")
    }
}
