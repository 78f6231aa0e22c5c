import MetricModel

/// The latest exemplars of all series together, so many at most: a new one takes the place of the one that came first
/// (`tsdb/exemplar.go`, Prometheus 3.5).
///
/// Each series' exemplars are chained in the order in which they came, which is that of their time. Memory grows with what is kept.
struct ExemplarRing {
    private struct Entry {
        var exemplar: Exemplar
        /// Its series' place in `series`.
        let series: Int32
        /// The entry of the same series that came next, or `none`.
        var next = ExemplarRing.none
    }

    private struct Series {
        let labels: Labels
        var oldest: Int32
        var newest: Int32
    }

    private static let none: Int32 = -1
    static let capacityMax = Int(Int32.max)

    /// How many there may be; 0 keeps none.
    private(set) var capacity: Int
    private var entries: [Entry] = []
    /// Where the next one goes: behind the last, or once all places are taken, to the place of the one that came first.
    private var nextPlace = 0
    private var series: [Series?] = []
    private var freeSeries: [Int32] = []
    private var numbers: [Labels: Int32] = [:]
    private(set) var appendedCount = 0
    private(set) var outOfOrderCount = 0

    init(capacity: Int) { self.capacity = min(max(capacity, 0), Self.capacityMax) }

    var count: Int { entries.count }
    var seriesCount: Int { numbers.count }

    /// The time of the exemplar that came first, of those that there are; 0 without one.
    var earliestTimestamp: Int64 {
        if entries.isEmpty { return 0 }
        return entries[entries.count == capacity ? nextPlace : 0].exemplar.timestamp
    }

    /// Why an exemplar would not be taken now.
    func refusal(_ exemplar: Exemplar, of labels: Labels) -> ExemplarRefusal? {
        if capacity == 0 { return .disabled }
        if exemplar.labelCharacterCount > Exemplar.labelCharactersMax { return .labelsTooLong }
        guard let number = numbers[labels], let place = series[Int(number)]?.newest else { return nil }
        let newest = entries[Int(place)].exemplar
        if newest.isRepeated(by: exemplar) { return .duplicate }
        return Self.isBehind(newest, exemplar) ? nil : .outOfOrder
    }

    /// Whether `next` may follow `newest`. Those of one time come by value and then by the hash of their labels, so that several of a native
    /// histogram are kept and still known when they are told again.
    private static func isBehind(_ newest: Exemplar, _ next: Exemplar) -> Bool {
        if next.timestamp != newest.timestamp { return next.timestamp > newest.timestamp }
        if next.value < newest.value { return false }
        return next.value != newest.value || hash(next.labels) >= hash(newest.labels)
    }

    private static func hash(_ labels: Labels) -> UInt64 { labels.packed.withUnsafeBytes { XXHash64.hash($0) } }

    /// Adds an exemplar of the series with `labels`, unless it is refused.
    mutating func add(_ exemplar: Exemplar, of labels: Labels) throws(ExemplarRefusal) {
        if let refusal = refusal(exemplar, of: labels) {
            if refusal == .outOfOrder { outOfOrderCount += 1 }
            throw refusal
        }
        place(exemplar, of: labels)
        appendedCount += 1
    }

    private mutating func place(_ exemplar: Exemplar, of labels: Labels) {
        if entries.count == capacity { dropFirst() }
        let place = Int32(nextPlace)
        let number = self.number(of: labels, firstAt: place)
        if let newest = series[Int(number)]?.newest, newest != place { entries[Int(newest)].next = place }
        series[Int(number)]?.newest = place
        let entry = Entry(exemplar: exemplar, series: number)
        if nextPlace == entries.count { entries.append(entry) } else { entries[nextPlace] = entry }
        nextPlace = nextPlace + 1 == capacity ? 0 : nextPlace + 1
    }

    /// Unchains the entry that the next one replaces: it is the oldest of its series.
    private mutating func dropFirst() {
        let entry = entries[nextPlace]
        guard let labels = series[Int(entry.series)]?.labels else { return }
        if entry.next == Self.none {
            numbers[labels] = nil
            series[Int(entry.series)] = nil
            freeSeries.append(entry.series)
        } else {
            series[Int(entry.series)]?.oldest = entry.next
        }
    }

    private mutating func number(of labels: Labels, firstAt place: Int32) -> Int32 {
        if let known = numbers[labels] { return known }
        let new = Series(labels: labels, oldest: place, newest: place)
        let number: Int32
        if let free = freeSeries.popLast() {
            number = free
            series[Int(free)] = new
        } else {
            number = Int32(series.count)
            series.append(new)
        }
        numbers[labels] = number
        return number
    }

    /// Takes another capacity; of more exemplars than that the latest stay.
    mutating func resize(to newCapacity: Int) {
        let newCapacity = min(max(newCapacity, 0), Self.capacityMax)
        guard newCapacity != capacity else { return }
        var resized = ExemplarRing(capacity: newCapacity)
        let first = entries.count == capacity ? nextPlace : 0
        for offset in max(0, entries.count - newCapacity)..<entries.count {
            let entry = entries[(first + offset) % entries.count]
            if let labels = series[Int(entry.series)]?.labels { resized.place(entry.exemplar, of: labels) }
        }
        resized.appendedCount = appendedCount
        resized.outOfOrderCount = outOfOrderCount
        self = resized
    }

    /// The exemplars in `time` of every series that matches all of one of the selectors, by labels.
    func select(_ selectors: [[Matcher]], _ time: ClosedRange<Int64>) -> [SeriesExemplars] {
        var found: [SeriesExemplars] = []
        for case .some(let series) in series {
            guard entries[Int(series.oldest)].exemplar.timestamp <= time.upperBound, entries[Int(series.newest)].exemplar.timestamp >= time.lowerBound,
                selectors.contains(where: { $0.allSatisfy { $0.matches(series.labels[$0.name] ?? "") } })
            else { continue }
            var exemplars: [Exemplar] = []
            var place = series.oldest
            while place != Self.none, case let entry = entries[Int(place)], entry.exemplar.timestamp <= time.upperBound {
                if entry.exemplar.timestamp >= time.lowerBound { exemplars.append(entry.exemplar) }
                place = entry.next
            }
            if !exemplars.isEmpty { found.append(SeriesExemplars(labels: series.labels, exemplars: exemplars)) }
        }
        return found.sorted { $0.labels < $1.labels }
    }
}
