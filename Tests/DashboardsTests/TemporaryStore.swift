import Dashboards
import Foundation
import Synchronization

/// A store in a folder of its own, with cheap password hashes and a clock that only moves when told to.
final class TemporaryStore: Sendable {
    let store: DashboardStore
    let folder: String
    private let clock: ManualTime

    final class ManualTime: Sendable {
        private let millis = Atomic<Int64>(1_700_000_000_000)
        var now: Int64 { millis.load(ordering: .relaxed) }
        func advance(seconds: Int64) { millis.add(seconds * 1_000, ordering: .relaxed) }
    }

    init(_ change: (inout DashboardStore.Options) -> Void = { _ in }) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/dashboards-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let clock = ManualTime()
        var options = DashboardStore.Options()
        options.passwordCost = 4
        options.now = { clock.now }
        change(&options)
        self.folder = folder
        self.clock = clock
        store = try DashboardStore(path: folder + "/dashboards.db", options: options)
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    var now: Int64 { clock.now }
    func advance(seconds: Int64) { clock.advance(seconds: seconds) }

    /// Writes a file below the folder and returns its path.
    @discardableResult func write(_ text: String, to name: String) throws -> String {
        let path = folder + "/" + name
        try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }
}
