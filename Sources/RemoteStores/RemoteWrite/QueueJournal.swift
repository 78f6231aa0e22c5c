import Bytes
import Platform
import Synchronization

/// What a queue remembers over restarts: the round that is under way, and which of its requests were answered.
///
/// Two files. `NAME.json` says where the round begins and ends and how it is cut; it is put in place, whole and synced, before the first
/// request goes out. `NAME.acks` grows by eight bytes with every answer: the round's number and the shard. A round that was interrupted is
/// read and cut again and goes on behind its answered requests, so that what may have arrived is sent again in the same request as before.
/// Calls block.
final class QueueJournal: Sendable {
    /// One round.
    struct Round: Equatable {
        var number: UInt32 = 0
        var start: String
        var end: String
        var shards = 1
        var rowsPerRequestMax = 1
        var sendsHistograms = false
        var sendsExemplars = false
        /// How many requests it makes, of all shards together.
        var requests = 0
    }

    /// A journal that makes no sense: which file, and why.
    struct Damaged: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "\(path): \(reason)" }
    }

    private let disk: any FileSystem
    private let directory: String
    private let base: String
    private let acks = Mutex<(any OpenFile)?>(nil)

    init(_ disk: any FileSystem, directory: String, name: String) {
        self.disk = disk
        self.directory = directory
        base = "\(directory)/\(Self.fileName(name))"
    }

    /// A queue's name as a file's: what is not plain becomes an underscore and a hash of the whole.
    static func fileName(_ name: String) -> String {
        let isPlain = !name.isEmpty && name.utf8.count <= 100 && name.utf8.allSatisfy { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A || $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2D || $0 == 0x5F }
        if isPlain { return name }
        return "_" + SHA256.digest(Array(name.utf8)).prefix(12).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// The last round, and for each of its shards how many requests were answered; nil when there is no journal.
    func load() throws -> (round: Round, answered: [Int])? {
        try disk.makeDirectory(directory)
        guard let bytes = try disk.contents(base + ".json") else { return nil }
        let document: JSONValue
        do { document = try JSONParser.parse(bytes) } catch { throw Damaged(path: base + ".json", reason: "\(error)") }
        guard let number = document["round"]?.int.flatMap({ UInt32(exactly: $0) }), let start = document["start"]?.string, let end = document["end"]?.string,
            let shards = document["shards"]?.int, (1...10_000).contains(shards), let rows = document["rows_per_request"]?.int, rows > 0,
            let histograms = document["histograms"]?.bool, let exemplars = document["exemplars"]?.bool, let requests = document["requests"]?.int
        else { throw Damaged(path: base + ".json", reason: "it does not say round, start, end, shards, rows_per_request, histograms, exemplars and requests") }
        var answered = [Int](repeating: 0, count: shards)
        let entries = try disk.contents(base + ".acks") ?? []
        for at in stride(from: 0, to: entries.count - 7, by: 8) {
            func word(_ offset: Int) -> UInt32 { entries[at + offset..<at + offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
            if word(0) == number, word(4) < shards { answered[Int(word(4))] += 1 }
        }
        // What a crash cut off must not shift what comes behind it.
        let file = try disk.open(base + ".acks", .append)
        try file.truncate(to: entries.count / 8 * 8)
        keep(file)
        let round = Round(
            number: number, start: start, end: end, shards: shards, rowsPerRequestMax: rows, sendsHistograms: histograms, sendsExemplars: exemplars, requests: requests)
        return (round, answered)
    }

    /// Begins a round: when this returns, a crash comes back to it.
    func begin(_ round: Round) throws(PlatformError) {
        var json = JSONWriter()
        json.object { json in
            json.member("round", round.number)
            json.member("start", round.start)
            json.member("end", round.end)
            json.member("shards", round.shards)
            json.member("rows_per_request", round.rowsPerRequestMax)
            json.member("histograms", round.sendsHistograms)
            json.member("exemplars", round.sendsExemplars)
            json.member("requests", round.requests)
        }
        try disk.makeDirectory(directory)
        try disk.publish(base + ".json", json.finish())
        // The answers to earlier rounds name those.
        keep(try disk.open(base + ".acks", .create))
    }

    private func keep(_ file: any OpenFile) {
        acks.withLock { acks in
            acks?.close()
            acks = file
        }
    }

    /// Notes that a shard's next request of a round was answered. One that is forgotten in a crash is sent twice.
    func answered(_ round: UInt32, _ shard: Int) throws(PlatformError) {
        var entry = ByteWriter(capacity: 8)
        entry.appendBigEndian(round)
        entry.appendBigEndian(UInt32(shard))
        let bytes = entry.array()
        try acks.withLock { file throws(PlatformError) in try file?.append(bytes) }
    }

    func close() {
        acks.withLock { acks in
            acks?.close()
            acks = nil
        }
    }
}
