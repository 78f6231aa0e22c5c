import Bytes
import Platform

/// One entry of `file_sd_configs`.
package struct FileDiscoveryOptions: Hashable, Sendable {
    /// Paths ending in `.json`, `.yml` or `.yaml`; the last component may hold one `*`.
    package var paths: [String]

    package init(paths: [String]) { self.paths = paths }

    func validate() throws(AcquisitionError) {
        if paths.isEmpty { throw .invalidTargetFile(path: "", reason: "file service discovery config must contain at least one path name") }
        for path in paths {
            let stars = path.count { $0 == "*" }
            let isLast = path.lastIndex(of: "*").map { !path[$0...].contains("/") } ?? true
            guard FileDiscovery.Format(path) != nil, stars <= 1, isLast else {
                throw .invalidTargetFile(path: path, reason: "the path name is not valid for file discovery: it must end in .json, .yml or .yaml and may hold one * in its last part")
            }
        }
    }
}

/// Reads target files. A file that cannot be read or understood keeps the groups that it had before.
package struct FileDiscovery: Sendable {
    enum Format {
        case json, yaml

        init?(_ path: String) {
            guard let dot = path.lastIndex(of: ".") else { return nil }
            switch path[dot...].lowercased() {
            case ".json": self = .json
            case ".yml", ".yaml": self = .yaml
            default: return nil
            }
        }
    }

    /// Turns YAML into the values that the same document would have in JSON.
    package typealias YAMLReader = @Sendable (_ bytes: [UInt8]) throws -> JSONValue

    let options: FileDiscoveryOptions
    let files: any FileSystem
    let readYAML: YAMLReader

    /// How often files are looked at. Upstream is told of changes by the kernel and acts on them every five seconds.
    package static let refreshMillis: Int64 = 5000

    private var known: [String: [TargetGroup]] = [:]

    package init(_ options: FileDiscoveryOptions, files: any FileSystem, readYAML: @escaping YAMLReader) {
        self.options = options
        self.files = files
        self.readYAML = readYAML
    }

    /// The groups of all files as they stand now, and what was wrong with which. Blocks on the disk.
    package mutating func refresh() -> (groups: [TargetGroup], failures: [AcquisitionError]) {
        var failures: [AcquisitionError] = []
        var found: [String: [TargetGroup]] = [:]
        for path in options.paths.flatMap(matches) where found[path] == nil {
            do throws(AcquisitionError) { found[path] = try read(path) } catch {
                failures.append(error)
                found[path] = known[path] ?? []
            }
        }
        known = found
        return (found.sorted { $0.key < $1.key }.flatMap(\.value), failures)
    }

    private func matches(_ path: String) -> [String] {
        guard let star = path.firstIndex(of: "*") else { return [path] }
        let slash = path[..<star].lastIndex(of: "/")
        let prefix = path[(slash.map(path.index(after:)) ?? path.startIndex)..<star]
        let suffix = path[path.index(after: star)...]
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let lead = slash.map { String(path[...$0]) } ?? ""
        let names = (try? files.list(directory)) ?? []
        return names.filter { $0.count >= prefix.count + suffix.count && $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }.map { lead + $0 }
    }

    private func read(_ path: String) throws(AcquisitionError) -> [TargetGroup] {
        let content: [UInt8]?
        do throws(PlatformError) { content = try files.contents(path) } catch { throw .invalidTargetFile(path: path, reason: error.description) }
        // A plain path to a file that is not there yet names no targets, as an expanded pattern would.
        guard let content else { return [] }
        let document: JSONValue
        do { document = try Format(path) == .json ? JSONParser.parse(content) : readYAML(content) } catch {
            throw .invalidTargetFile(path: path, reason: "\(error)")
        }
        return document.isNull ? [] : try TargetGroup.list(document, path: path)
    }
}
