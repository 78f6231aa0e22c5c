import Dashboards
import MetricStore
import Platform
import SegmentLog
import TraceStore

/// The stores of a data folder on which no stack runs.
package struct ClosedStores: BackupSource {
    let data: DataFolder
    private let disk = Disk()

    /// Backs the folder up into `directory`, holding the lock that a stack takes first.
    package static func backup(_ data: DataFolder, into directory: String) throws(BackupFailure) -> BackupReport {
        let metrics = data.metrics
        return try BackupFailure.telling {
            guard try Disk().status(metrics)?.isDirectory == true else { throw BackupFailure("\(data.path) is no data folder of a stack: there is no \(metrics); where metrics are elsewhere, --storage.tsdb.path names it") }
            let lock: DirectoryLock
            do throws(PlatformError) { lock = try Disk().lock(metrics) } catch {
                guard case .locked(_, let holder) = error else { throw error }
                throw BackupFailure("\(metrics) is in use by \(holder), which does not answer at \(ControlSocket.path(data.path))")
            }
            defer { lock.release() }
            return try Backup(data: data, source: ClosedStores(data: data)).write(into: directory)
        }
    }

    func stage(_ part: BackupPart, in staging: String) throws -> [String]? {
        let folder = data.directory(of: part)
        guard try disk.status(folder) != nil else { return nil }
        switch part {
        case .push: try SegmentDirectory(disk: disk, path: folder + "/wal").link(into: staging + "/wal")
        case .traces: try TraceStore.link(folder, into: staging)
        case .metrics:
            let store = try StoreInspection(directory: folder, readsLog: false)
            try store.link(into: staging)
            return store.damage
        }
        return []
    }

    func copyDashboards(to path: String) throws -> Bool {
        let file = data.path + "/dashboards.db"
        guard try disk.status(file) != nil else { return false }
        try DashboardStore.backup(file, to: path)
        return true
    }
}
