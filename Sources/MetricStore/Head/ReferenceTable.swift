/// Which series the log means by a number: what it calls a series, and the number that the series has here.
///
/// The log's numbers rise as series come, so they are kept in pages, and what is asked for mostly lies in the page of the one before.
struct ReferenceTable: ~Copyable {
    /// Few, since after years of coming and going series a page may hold a single one that lives.
    private static let pageEntries = 128

    /// Where in `ordinals` a page begins.
    private var pages: [UInt64: Int] = [:]
    private var ordinals: [SeriesOrdinal] = []
    private var lastPage = UInt64.max
    private var lastStart = 0

    init() {}

    /// The series that the log calls `reference`, or nil.
    @inline(__always)
    mutating func find(_ reference: UInt64) -> SeriesOrdinal? {
        let page = reference / UInt64(Self.pageEntries)
        if _slowPath(page != lastPage) {
            guard let start = pages[page] else { return nil }
            (lastPage, lastStart) = (page, start)
        }
        let ordinal = ordinals[lastStart + Int(truncatingIfNeeded: reference) & (Self.pageEntries - 1)]
        return ordinal == .max ? nil : ordinal
    }

    mutating func insert(_ reference: UInt64, _ ordinal: SeriesOrdinal) {
        let page = reference / UInt64(Self.pageEntries)
        let start: Int
        if let known = pages[page] {
            start = known
        } else {
            start = ordinals.count
            pages[page] = start
            ordinals.append(contentsOf: repeatElement(.max, count: Self.pageEntries))
        }
        ordinals[start + Int(truncatingIfNeeded: reference) & (Self.pageEntries - 1)] = ordinal
    }
}
