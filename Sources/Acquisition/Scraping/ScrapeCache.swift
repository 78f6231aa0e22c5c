import Bytes
import MetricModel

/// What one target exposed before: for the bytes that name a metric the labels they mean and the store's reference, and which
/// series the last scrapes held, for stale markers.
///
/// Source: prometheus `scrape/scrape.go`, `scrapeCache`.
struct ScrapeCache: Sendable {
    struct Entry: Sendable {
        /// `Labels.packed` in `arena`; nothing for a metric that relabeling drops.
        var keyOffset: Int
        var keyLength: Int
        /// What the store calls the series, 0 while it has not taken it.
        var reference: UInt64 = 0
        /// The last scrape that named the metric.
        var lastPass: UInt64
        /// Whether the last scrape that was stored held the series without a timestamp of its own.
        var wasTracked = false
        /// The same of the scrape being read.
        var isTracked = false

        var isDropped: Bool { keyLength == 0 }
    }

    /// The keys of the automatic series, then those of all entries. A batch shares it, so that naming a known series copies nothing.
    private(set) var arena: [UInt8]
    private let automaticCount: Int
    private(set) var entries: [Entry] = []
    private var table = ByteTable()
    /// The scrape being read; the first is 1.
    private(set) var pass: UInt64 = 1
    private var countAfterSuccess = 0

    /// `automaticKeys` stay at the arena's start.
    init(automaticKeys: [UInt8]) {
        arena = automaticKeys
        automaticCount = automaticKeys.count
    }

    func find(_ metric: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int? { table.find(metric, hash: hash) }

    /// Remembers what a metric's bytes mean; nil labels for one that is dropped.
    mutating func insert(_ metric: UnsafeBufferPointer<UInt8>, hash: UInt64, _ labels: Labels?) -> Int {
        let index = table.insert(metric, hash: hash)
        entries.append(Entry(keyOffset: arena.count, keyLength: labels?.packed.count ?? 0, lastPass: pass))
        if let labels { arena.append(contentsOf: labels.packed) }
        return index
    }

    /// Marks an entry as named by this scrape; whether it already was.
    mutating func touch(_ index: Int) -> Bool {
        defer { entries[index].lastPass = pass }
        return entries[index].lastPass == pass
    }

    mutating func track(_ index: Int) { entries[index].isTracked = true }

    mutating func untrack(_ index: Int) { entries[index].isTracked = false }

    mutating func setReference(_ index: Int, _ reference: UInt64) { entries[index].reference = reference }

    /// Forgets what the scrape being read held so far: it failed.
    mutating func untrackAll() {
        for index in entries.indices { entries[index].isTracked = false }
    }

    /// The entries that the last stored scrape held and this one does not, those left out that another entry names as well.
    func stale() -> [Int] {
        let gone = entries.indices.filter { entries[$0].wasTracked && !entries[$0].isTracked && entries[$0].reference != 0 }
        guard !gone.isEmpty else { return [] }
        let present = Set(entries.lazy.filter(\.isTracked).map(\.reference))
        return gone.filter { !present.contains(entries[$0].reference) }
    }

    /// Ends the scrape being read. After a good one what it did not name is forgotten; after a failed one only when failing
    /// scrapes with ever new names have let the cache grow beyond twice its size.
    mutating func finish(isSuccess: Bool, isStored: Bool) {
        if isStored {
            for index in entries.indices {
                entries[index].wasTracked = entries[index].isTracked
                entries[index].isTracked = false
            }
        } else {
            untrackAll()
        }
        if isSuccess { countAfterSuccess = entries.count }
        if isSuccess || entries.count > countAfterSuccess * 2 + 1000 { forgetUnnamed(keepingTracked: !isStored) }
        pass += 1
    }

    private mutating func forgetUnnamed(keepingTracked: Bool) {
        let pass = pass
        func isKept(_ entry: Entry) -> Bool { entry.lastPass == pass || (keepingTracked && entry.wasTracked) }
        guard entries.contains(where: { !isKept($0) }) else { return }
        let old = entries
        table.filter { isKept(old[$0]) }
        var kept: [UInt8] = []
        kept.reserveCapacity(arena.count)
        kept.append(contentsOf: arena[..<automaticCount])
        entries = old.filter(isKept)
        for index in entries.indices {
            let entry = entries[index]
            entries[index].keyOffset = kept.count
            kept.append(contentsOf: arena[entry.keyOffset..<entry.keyOffset + entry.keyLength])
        }
        arena = kept
        countAfterSuccess = min(countAfterSuccess, entries.count)
    }
}
