/// Who may try a password now: a pure state machine over (name, address) pairs, at most `entriesMax` of them.
///
/// A pair that failed `failuresMax` times within the window waits until its oldest failure of that window is over it. At the bound the
/// pair whose last failure is longest ago is forgotten.
struct LoginLimiter: Sendable {
    struct Key: Hashable, Sendable {
        let login: String
        let address: String
    }

    private struct Entry {
        var failures: [Int64]
    }

    let failuresMax: Int
    let windowMillis: Int64
    let entriesMax: Int
    private var entries: [Key: Entry] = [:]

    init(failuresMax: Int, windowMillis: Int64, entriesMax: Int = 4096) {
        self.failuresMax = failuresMax
        self.windowMillis = windowMillis
        self.entriesMax = entriesMax
    }

    var count: Int { entries.count }

    /// nil when `key` may try now, else the seconds it must wait.
    func waitSeconds(_ key: Key, now: Int64) -> Int? {
        guard let entry = entries[key] else { return nil }
        let recent = entry.failures.filter { $0 > now - windowMillis }
        guard recent.count >= failuresMax, let oldest = recent.first else { return nil }
        return max(1, Int((oldest + windowMillis - now + 999) / 1000))
    }

    mutating func failed(_ key: Key, now: Int64) {
        var failures = entries[key]?.failures.filter { $0 > now - windowMillis } ?? []
        failures.append(now)
        entries[key] = Entry(failures: Array(failures.suffix(failuresMax)))
        guard entries.count > entriesMax else { return }
        entries = entries.filter { ($0.value.failures.last ?? 0) > now - windowMillis }
        guard entries.count > entriesMax else { return }
        if let oldest = entries.min(by: { ($0.value.failures.last ?? 0) < ($1.value.failures.last ?? 0) }) { entries[oldest.key] = nil }
    }

    mutating func succeeded(_ key: Key) { entries[key] = nil }
}
