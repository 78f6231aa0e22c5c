import Bytes
import MetricModel

/// Builds the labels of a data point from its own attributes and those of its resource and scope, and packs them once a series.
///
/// Names and values stand as bytes in one scratch buffer: those of the resource first, those of the scope behind them, those of
/// the data point last, so that each level is forgotten by cutting the buffer.
///
/// Source: prometheusremotewrite `helper.go`, `createAttributes` and `addLabels`.
struct SeriesLabels: ~Copyable {
    private struct Entry {
        var name: Range<Int>
        var value: Range<Int>
        /// The attribute's key before escaping, which orders the values of keys that collide.
        var key: Range<Int>
    }

    private var text = ByteWriter(capacity: 4096)
    private var entries: [Entry] = []

    /// Labels that yield to a data point's own.
    private var promoted: [Entry] = []
    /// Labels that win over a data point's own: of the resource, then of the scope.
    private var overriding: [Entry] = []
    private var resourceEnd = 0
    private var scopeEnd = 0
    private var resourceOverridingCount = 0

    /// The labels of the current data point, packed, without the metric's name.
    private var packed = ByteWriter(capacity: 1024)
    /// Where in `packed` the name belongs, and where a bound and a quantile belong or stand.
    private var nameAt = 0
    private var boundSlot = 0..<0
    private var quantileSlot = 0..<0

    private let namer: LabelNamer

    init(namer: LabelNamer) { self.namer = namer }

    // MARK: Resource and scope

    mutating func beginResource() {
        text.removeAll()
        promoted.removeAll(keepingCapacity: true)
        overriding.removeAll(keepingCapacity: true)
        endResource()
    }

    /// False when the key cannot become a label name.
    mutating func promote(_ key: String, _ value: String) -> Bool {
        guard let entry = entry(attribute: key, value) else { return false }
        Self.set(entry, in: &promoted, text)
        return true
    }

    mutating func override(label name: String, _ value: String) {
        Self.set(Entry(name: append(name), value: append(value), key: 0..<0), in: &overriding, text)
    }

    /// False when the key cannot become a label name.
    mutating func override(attribute key: String, _ value: String) -> Bool {
        guard let entry = entry(attribute: key, value) else { return false }
        Self.set(entry, in: &overriding, text)
        return true
    }

    /// Ends the resource's labels; what follows is a scope's.
    mutating func endResource() {
        resourceEnd = text.count
        scopeEnd = resourceEnd
        resourceOverridingCount = overriding.count
    }

    /// Forgets the labels of the scope before.
    mutating func beginScope() {
        text.truncate(to: resourceEnd)
        overriding.removeLast(overriding.count - resourceOverridingCount)
        scopeEnd = resourceEnd
    }

    mutating func endScope() { scopeEnd = text.count }

    // MARK: Data point

    mutating func beginPoint() {
        text.truncate(to: scopeEnd)
        entries.removeAll(keepingCapacity: true)
    }

    /// Adds an attribute whose text `appendValue` appends; false when the key cannot become a label name.
    mutating func add<E: Error>(_ key: UnsafeBufferPointer<UInt8>, _ appendValue: (inout ByteWriter) throws(E) -> Void) throws(E) -> Bool {
        let keyStart = text.count
        text.append(key)
        let nameStart = text.count
        guard namer.append(key, to: &text) else { return false }
        let valueStart = text.count
        try appendValue(&text)
        entries.append(Entry(name: nameStart..<valueStart, value: valueStart..<text.count, key: keyStart..<nameStart))
        return true
    }

    /// False when the key cannot become a label name.
    mutating func add(_ key: String, _ value: String) -> Bool {
        guard let entry = entry(attribute: key, value) else { return false }
        entries.append(entry)
        return true
    }

    /// Merges all levels and packs them. `promotes` is false for `target_info`, which holds the attributes themselves.
    mutating func endPoint(promotes: Bool = true) {
        mergeCollisions()
        if promotes { for entry in promoted where !contains(entry) { Self.set(entry, in: &entries, text) } }
        for entry in overriding { Self.set(entry, in: &entries, text) }
        sort()
        pack()
    }

    /// Whether the packed labels hold a job or an instance.
    var hasIdentity: Bool {
        text.withBytes { bytes in
            entries.contains { entry in
                let name = UnsafeBufferPointer(rebasing: bytes[entry.name])
                return !entry.value.isEmpty && (name.equals("job") || name.equals("instance"))
            }
        }
    }

    // MARK: Series

    /// Appends the packed labels of one series, named `name` and `suffix`, to `arena`.
    func append(name: UnsafeBufferPointer<UInt8>, suffix: StaticString = "", to arena: inout ByteWriter) {
        packed.withBytes { packed in
            arena.append(UnsafeBufferPointer(rebasing: packed[..<nameAt]))
            Self.append(name, suffix, to: &arena)
            arena.append(UnsafeBufferPointer(rebasing: packed[nameAt...]))
        }
    }

    /// As `append(name:suffix:to:)`, with the upper bound of a bucket.
    func append(name: UnsafeBufferPointer<UInt8>, bound: UnsafeBufferPointer<UInt8>, to arena: inout ByteWriter) {
        append(name, "_bucket", "le", bound, boundSlot, to: &arena)
    }

    /// As `append(name:suffix:to:)`, with a quantile.
    func append(name: UnsafeBufferPointer<UInt8>, quantile: UnsafeBufferPointer<UInt8>, to arena: inout ByteWriter) {
        append(name, "", "quantile", quantile, quantileSlot, to: &arena)
    }

    private func append(
        _ name: UnsafeBufferPointer<UInt8>, _ suffix: StaticString, _ label: StaticString, _ value: UnsafeBufferPointer<UInt8>, _ slot: Range<Int>,
        to arena: inout ByteWriter
    ) {
        packed.withBytes { packed in
            arena.append(UnsafeBufferPointer(rebasing: packed[..<nameAt]))
            Self.append(name, suffix, to: &arena)
            arena.append(UnsafeBufferPointer(rebasing: packed[nameAt..<slot.lowerBound]))
            arena.append(UInt8(label.utf8CodeUnitCount))
            arena.append(label)
            arena.appendUvarint(UInt64(value.count))
            arena.append(value)
            arena.append(UnsafeBufferPointer(rebasing: packed[slot.upperBound...]))
        }
    }

    private static func append(_ name: UnsafeBufferPointer<UInt8>, _ suffix: StaticString, to arena: inout ByteWriter) {
        arena.append(UInt8(LabelName.metric.utf8.count))
        arena.append("__name__")
        arena.appendUvarint(UInt64(name.count + suffix.utf8CodeUnitCount))
        arena.append(name)
        arena.append(suffix)
    }

    // MARK: Entries

    private mutating func append(_ string: String) -> Range<Int> {
        let start = text.count
        text.append(utf8: string)
        return start..<text.count
    }

    private mutating func entry(attribute key: String, _ value: String) -> Entry? {
        let keyRange = append(key)
        let nameStart = text.count
        var key = key
        guard key.withUTF8({ namer.append($0, to: &text) }) else { return nil }
        return Entry(name: nameStart..<text.count, value: append(value), key: keyRange)
    }

    /// Replaces the entry of the same name, or adds one.
    private static func set(_ entry: Entry, in entries: inout [Entry], _ text: borrowing ByteWriter) {
        if let index = index(of: entry, in: entries, text) { entries[index].value = entry.value } else { entries.append(entry) }
    }

    private static func index(of entry: Entry, in entries: [Entry], _ text: borrowing ByteWriter) -> Int? {
        text.withBytes { bytes in entries.firstIndex { bytes[$0.name].elementsEqual(bytes[entry.name]) } }
    }

    private func contains(_ entry: Entry) -> Bool {
        Self.index(of: entry, in: entries, text).map { !entries[$0].value.isEmpty } ?? false
    }

    /// Keys that escape to one name: their values are joined with `;`, in the order of the keys. Without escaping the last wins.
    private mutating func mergeCollisions() {
        sort()
        var kept = 0
        for index in entries.indices {
            let entry = entries[index]
            guard kept > 0, text.withBytes({ $0[entries[kept - 1].name].elementsEqual($0[entry.name]) }) else {
                entries[kept] = entry
                kept += 1
                continue
            }
            if namer.escapes, !entries[kept - 1].value.isEmpty {
                let start = text.count
                for range in [entries[kept - 1].value, entry.value] {
                    if text.count > start { text.append(UInt8(ascii: ";")) }
                    text.append(copyOf: range)
                }
                entries[kept - 1].value = start..<text.count
            } else {
                entries[kept - 1].value = entry.value
            }
        }
        entries.removeLast(entries.count - kept)
    }

    /// By name, then by key. Data points have few labels, mostly in order already.
    private mutating func sort() {
        text.withBytes { bytes in
            entries.withUnsafeMutableBufferPointer { entries in
                if entries.count > 32 {
                    entries.sort { Self.order($0, $1, bytes) < 0 }
                    return
                }
                for index in entries.indices.dropFirst() {
                    let entry = entries[index]
                    var at = index
                    while at > 0, Self.order(entry, entries[at - 1], bytes) < 0 {
                        entries[at] = entries[at - 1]
                        at -= 1
                    }
                    entries[at] = entry
                }
            }
        }
    }

    private static func order(_ a: Entry, _ b: Entry, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let names = order(a.name, b.name, bytes)
        return names != 0 ? names : order(a.key, b.key, bytes)
    }

    private static func order(_ a: Range<Int>, _ b: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        for offset in 0..<min(a.count, b.count) {
            let (x, y) = (bytes[a.lowerBound + offset], bytes[b.lowerBound + offset])
            if x != y { return x < y ? -1 : 1 }
        }
        return a.count - b.count
    }

    private mutating func pack() {
        packed.removeAll()
        nameAt = -1
        boundSlot = -1 ..< -1
        quantileSlot = -1 ..< -1
        let count = entries.count
        text.withBytes { bytes in
            for index in 0..<count {
                let entry = entries[index]
                guard !entry.value.isEmpty else { continue }
                let name = UnsafeBufferPointer(rebasing: bytes[entry.name])
                let value = UnsafeBufferPointer(rebasing: bytes[entry.value])
                if nameAt < 0, !name.precedes("__name__") { nameAt = packed.count }
                if name.equals("__name__") { continue }
                let start = packed.count
                packed.appendUvarint(UInt64(name.count))
                packed.append(name)
                packed.appendUvarint(UInt64(value.count))
                packed.append(value)
                if boundSlot.lowerBound < 0, !name.precedes("le") { boundSlot = start..<(name.equals("le") ? packed.count : start) }
                if quantileSlot.lowerBound < 0, !name.precedes("quantile") { quantileSlot = start..<(name.equals("quantile") ? packed.count : start) }
            }
        }
        let end = packed.count
        if nameAt < 0 { nameAt = end }
        if boundSlot.lowerBound < 0 { boundSlot = end..<end }
        if quantileSlot.lowerBound < 0 { quantileSlot = end..<end }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Byte order.
    fileprivate func precedes(_ text: StaticString) -> Bool {
        lexicographicallyPrecedes(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

extension ByteWriter {
    /// Appends a copy of bytes written before.
    fileprivate mutating func append(copyOf range: Range<Int>) {
        reserve(range.count)
        // SAFETY: `reserve` made the room, and nothing moves between it and the append.
        append(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }
}
