import Bytes
import Glibc
import Platform
import Synchronization

/// The queries that run at this moment, in a file that outlives the process: `queries.active` of the data directory (upstream
/// promql/query_logger.go). Behind a `[` every place has 1,000 bytes: an object, zeros, and a comma as the last; a free place is all zeros.
///
/// Written, not mapped: the kernel keeps what was written when the process is killed, and a full disk cannot end it.
final class ActiveQueries: Sendable {
    private static let entryBytes = 1_000

    private let path: String
    private let descriptor: Int32
    private let free: Mutex<[Int]>

    /// Makes the file anew, with a place for each of `count` queries.
    init(_ path: String, count: Int) throws(PlatformError) {
        self.path = path
        free = Mutex((0..<count).reversed())
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .io(path: path, operation: "create", code: errno) }
        var bytes = [UInt8](repeating: 0, count: 1 + count * Self.entryBytes)
        bytes[0] = UInt8(ascii: "[")
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else { throw .io(path: path, operation: "write", code: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What an earlier process was doing when it ended without saying so, as a JSON array; nil when it was doing nothing.
    static func unfinished(_ path: String, files: some FileSystem) throws(PlatformError) -> String? {
        var bytes = (try files.contents(path) ?? []).prefix(16 << 20).filter { $0 != 0 }
        guard bytes.count > 1 else { return nil }
        bytes[bytes.count - 1] = UInt8(ascii: "]")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes a place; -1 when there is none, which `remove` passes over.
    func insert(_ query: String, unixSeconds: Int64) -> Int {
        guard let place = free.withLock({ $0.popLast() }) else { return -1 }
        var entry = Self.entry(query, unixSeconds)
        entry += [UInt8](repeating: 0, count: Self.entryBytes - 1 - entry.count) + [UInt8(ascii: ",")]
        write(entry, at: place)
        return place
    }

    func remove(_ place: Int) {
        guard place >= 0 else { return }
        write([UInt8](repeating: 0, count: Self.entryBytes), at: place)
        free.withLock { $0.append(place) }
    }

    private func write(_ bytes: [UInt8], at place: Int) { _ = pwrite(descriptor, bytes, bytes.count, off_t(1 + place * Self.entryBytes)) }

    /// As much of the query as fits a place, escaped.
    static func entry(_ query: String, _ unixSeconds: Int64) -> [UInt8] {
        func encoded(_ bytes: Int) -> [UInt8] {
            var end = query.utf8.index(query.utf8.startIndex, offsetBy: bytes, limitedBy: query.utf8.endIndex) ?? query.utf8.endIndex
            while end.samePosition(in: query.unicodeScalars) == nil { end = query.utf8.index(before: end) }
            var json = JSONWriter()
            json.object { json in
                json.key("query")
                json.htmlSafeString(String(query[..<end]))
                json.member("timestamp_sec", unixSeconds)
            }
            return json.finish()
        }
        var bytes = Self.entryBytes - 1 - encoded(0).count
        while true {
            let entry = encoded(bytes)
            if entry.count < Self.entryBytes { return entry }
            // Escapes have made it longer than it is.
            bytes = bytes * 9 / 10
        }
    }
}
