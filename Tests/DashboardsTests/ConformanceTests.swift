import Bytes
import Dashboards
import Foundation
import Testing

/// Dashboards that people use. They lie beside the package; without them these tests are skipped.
enum ConformanceDashboards {
    static let root: String = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return package.deletingLastPathComponent().appendingPathComponent("shared/conformance/dashboards").path
    }()

    static let files: [String] = ["tta", "community"].flatMap { group in
        ((try? FileManager.default.contentsOfDirectory(atPath: root + "/" + group)) ?? []).filter { $0.hasSuffix(".json") }.sorted().map { group + "/" + $0 }
    }
}

@Suite("Dashboards of others", .enabled(if: !ConformanceDashboards.files.isEmpty, "../shared/conformance/dashboards is not there"))
struct ConformanceTests {
    @Test("a real dashboard comes back from the store as it was written", arguments: ConformanceDashboards.files)
    func roundTrip(file: String) async throws {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: ConformanceDashboards.root + "/" + file)))
        let parsed = try JSONParser.parse(bytes)
        let written = parsed["dashboard"] ?? parsed
        let temporary = try TemporaryStore()
        let receipt = try await temporary.store.save(DashboardSave(DashboardDocument(bytes: bytes, file: file), overwrite: true, author: "admin"))
        let read = try await temporary.store.dashboard(uid: receipt.uid)
        #expect(read.document == written)
        #expect(read.title == written["title"]?.string)
        if let uid = written["uid"]?.string, !uid.isEmpty { #expect(read.uid == uid) }
        let presented = try #require(read.presented.object)
        #expect(presented.filter { !["id", "uid", "version"].contains($0.key) } == written.object?.filter { !["id", "uid", "version"].contains($0.key) })
    }

    @Test("the whole folder is provisioned without a complaint, and a second time without a change")
    func provisioned() async throws {
        let temporary = try TemporaryStore()
        let provider = DashboardProvider(name: "conformance", folderTitle: "Conformance", origin: .directory(ConformanceDashboards.root))
        let first = await temporary.store.provision([provider])
        #expect(first.problems == [])
        #expect(first.saved.count == ConformanceDashboards.files.count)
        let second = await temporary.store.provision([provider])
        #expect(second.saved == [] && second.removed == [] && second.unchanged == ConformanceDashboards.files.count)
        let hits = try await temporary.store.search(DashboardSearch(), userID: 1)
        #expect(hits.first?.kind == .folder && hits.count == ConformanceDashboards.files.count + 1)
    }
}
