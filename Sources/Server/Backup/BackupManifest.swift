import Bytes

/// `manifest.json` of a backup: every file with its size and its SHA-256, and over all of that a digest of its own. It is written last, so that a
/// folder without one is no backup.
///
///     {"format":1,"version":"0.1.0","taken_at":"2026-01-01T00:00:00.000Z","files":[{"path":"push/wal/…","bytes":42,"sha256":"…"}],"sha256":"…"}
///
/// The last digest is that of the document without its last member.
struct BackupManifest: Equatable, Sendable {
    struct File: Equatable, Sendable {
        /// Below the folder, with slashes.
        var path: String
        var bytes: Int
        /// 64 hexadecimal digits.
        var sha256: String
    }

    static let fileName = "manifest.json"
    private static let format = 1
    /// The largest that is read: of some hundred thousand files.
    static let bytesMax = 64 << 20
    private static let digestKey = Array(#","sha256":""#.utf8)
    private static let end = Array("\"}\n".utf8)

    /// Of the program that made it.
    var version: String
    var takenAt: String
    /// In the order of their paths.
    var files: [File]

    var encoded: [UInt8] {
        let plain = document
        return plain.dropLast() + Self.digestKey + Self.hexadecimal(SHA256.digest(plain)).utf8 + Self.end
    }

    private var document: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("format", Self.format)
            json.member("version", version)
            json.member("taken_at", takenAt)
            json.key("files")
            json.array { json in
                for file in files {
                    json.object { json in
                        json.member("path", file.path)
                        json.member("bytes", file.bytes)
                        json.member("sha256", file.sha256)
                    }
                }
            }
        }
        return json.finish()
    }

    init(version: String, takenAt: String, files: [File]) {
        self.version = version
        self.takenAt = takenAt
        self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// Reads a manifest; `name` is what a failure calls it.
    init(_ bytes: [UInt8], name: String) throws(BackupFailure) {
        let tail = Self.digestKey.count + 64 + Self.end.count
        guard bytes.count > tail, bytes.dropLast(64 + Self.end.count).suffix(Self.digestKey.count).elementsEqual(Self.digestKey), bytes.suffix(Self.end.count).elementsEqual(Self.end) else {
            throw BackupFailure("\(name) is cut off or no manifest of a backup")
        }
        let plain = bytes.dropLast(tail) + [UInt8(ascii: "}")]
        guard bytes.dropLast(Self.end.count).suffix(64).elementsEqual(Self.hexadecimal(SHA256.digest(Array(plain))).utf8) else {
            throw BackupFailure("\(name) is not as it was written: its digest does not match")
        }
        guard let json = try? JSONParser.parse(Array(plain)), let format = json["format"]?.int else { throw BackupFailure("\(name) is no manifest of a backup") }
        guard format == Self.format else { throw BackupFailure("\(name) is of format \(format), and only format \(Self.format) is known") }
        guard let version = json["version"]?.string, let takenAt = json["taken_at"]?.string, let list = json["files"]?.array else {
            throw BackupFailure("\(name) is no manifest of a backup")
        }
        var files: [File] = []
        for entry in list {
            guard let path = entry["path"]?.string, let size = entry["bytes"]?.int, let digest = entry["sha256"]?.string, Self.isBelow(path), size >= 0 else {
                throw BackupFailure("\(name) names a file that no backup has: \(String(decoding: entry.encoded.prefix(200), as: UTF8.self))")
            }
            files.append(File(path: path, bytes: size, sha256: digest))
        }
        guard Set(files.map(\.path)).count == files.count else { throw BackupFailure("\(name) names a file twice") }
        self.init(version: version, takenAt: takenAt, files: files)
    }

    /// Whether a path leads to something below the folder, and to nothing else.
    private static func isBelow(_ path: String) -> Bool {
        !path.isEmpty && !path.utf8.contains(0) && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
