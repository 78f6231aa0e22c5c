import Dispatch
import FoundationEssentials

/// The JSON files below a folder, read off the cooperative pool.
struct DashboardFiles: Sendable {
    struct File: Sendable {
        /// The path, as errors name it and as the database remembers it.
        let source: String
        let bytes: [UInt8]
    }

    var files: [File] = []
    var problems: [DashboardsError] = []
    /// Paths that are there but could not be read: their dashboards stay.
    var unread: Set<String> = []
    /// Whether the folder was there to be listed.
    var isComplete = true

    private static let filesMax = 1_000
    private static let depthMax = 8

    static func read(directory: String, fileBytesMax: Int) async -> DashboardFiles {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { continuation.resume(returning: list(directory, fileBytesMax: fileBytesMax)) }
        }
    }

    private static func list(_ directory: String, fileBytesMax: Int) -> DashboardFiles {
        var found = DashboardFiles()
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory else {
            found.isComplete = false
            return found
        }
        found.collect(directory, depth: 0, fileBytesMax: fileBytesMax)
        return found
    }

    private mutating func collect(_ directory: String, depth: Int, fileBytesMax: Int) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            isComplete = false
            problems.append(.unreadable(file: directory, reason: "\(error)"))
            return
        }
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = directory + "/" + name
            var isDirectory = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { continue }
            if isDirectory {
                if depth < Self.depthMax { collect(path, depth: depth + 1, fileBytesMax: fileBytesMax) }
            } else if name.hasSuffix(".json") {
                take(path, fileBytesMax: fileBytesMax)
            }
        }
    }

    private mutating func take(_ path: String, fileBytesMax: Int) {
        guard files.count < Self.filesMax else {
            unread.insert(path)
            problems.append(.unreadable(file: path, reason: "more than \(Self.filesMax) dashboards in the folder"))
            return
        }
        do {
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            guard size <= fileBytesMax else { throw DashboardsError.unreadable(file: path, reason: "\(size) bytes long; at most \(fileBytesMax) are read") }
            files.append(File(source: path, bytes: Array(try Data(contentsOf: URL(filePath: path)))))
        } catch {
            unread.insert(path)
            problems.append(error as? DashboardsError ?? .unreadable(file: path, reason: "\(error)"))
        }
    }
}
