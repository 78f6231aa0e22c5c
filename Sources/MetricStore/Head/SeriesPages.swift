/// Numbers a series within this process: handed out rising, never twice.
typealias SeriesOrdinal = UInt32

/// Values of series by slot, in pages that are made when first needed and given back when no series in them lives.
struct SeriesPages<Element>: ~Copyable {
    static var pageSlots: Int { 512 }

    private struct Page {
        let base: UnsafeMutablePointer<Element>
        var liveCount: Int
    }

    private var pages: [Page?] = []
    private let empty: Element

    /// `empty` fills slots that hold no series.
    init(empty: Element) { self.empty = empty }

    deinit { for case .some(let page) in pages { Self.free(page.base) } }

    private static func free(_ base: UnsafeMutablePointer<Element>) {
        base.deinitialize(count: pageSlots)
        base.deallocate()
    }

    /// The element of a slot whose page exists, else nil. Valid until the slot's page is given back.
    @inline(__always)
    func pointer(_ slot: Int) -> UnsafeMutablePointer<Element>? {
        let index = slot / Self.pageSlots
        guard index < pages.count, let page = pages[index] else { return nil }
        return page.base + slot % Self.pageSlots
    }

    /// Puts a series in an unused slot.
    mutating func insert(_ slot: Int, _ element: Element) {
        let index = slot / Self.pageSlots
        while pages.count <= index { pages.append(nil) }
        if pages[index] == nil {
            let base = UnsafeMutablePointer<Element>.allocate(capacity: Self.pageSlots)
            base.initialize(repeating: empty, count: Self.pageSlots)
            pages[index] = Page(base: base, liveCount: 0)
        }
        pages[index]?.liveCount += 1
        pages[index]?.base[slot % Self.pageSlots] = element
    }

    /// Empties a slot that held a series.
    mutating func remove(_ slot: Int) {
        let index = slot / Self.pageSlots
        guard let page = pages[index] else { return }
        page.base[slot % Self.pageSlots] = empty
        pages[index]?.liveCount -= 1
        if page.liveCount == 1 {
            Self.free(page.base)
            pages[index] = nil
        }
    }

    /// One more than the highest slot that may be used.
    var slotEnd: Int { pages.count * Self.pageSlots }
}
