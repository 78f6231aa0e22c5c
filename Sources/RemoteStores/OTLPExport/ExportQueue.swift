/// Batches that wait to be sent, in the order in which they came; bounded by number and by bytes.
///
/// A pure value: times are given, and what is taken out is the caller's. Encoded batches behind one another are one batch, so those that wait
/// for company are joined by appending.
package struct ExportQueue: Sendable {
    package struct Batch: Sendable, Equatable {
        package var bytes: [UInt8]
        package var items: Int
        /// When the first of it came.
        package var sinceNanos: UInt64

        package init(bytes: [UInt8], items: Int, sinceNanos: UInt64) {
            self.bytes = bytes
            self.items = items
            self.sinceNanos = sinceNanos
        }
    }

    let options: OTLPExportOptions
    /// Bytes that may wait, however few batches they are.
    package static let bytesMax = 128 << 20
    private var waiting: [Batch] = []
    private var head = 0
    package private(set) var bytes = 0
    /// Whether nothing waits for company any more.
    package var isDraining = false

    package init(_ options: OTLPExportOptions) { self.options = options }

    package var count: Int { waiting.count - head }

    /// False when there is no room for it; then it is dropped.
    package mutating func add(_ body: [UInt8], items: Int, nowNanos: UInt64) -> Bool {
        guard bytes + body.count <= Self.bytesMax else { return false }
        if count > 0, options.batchItems > 0, waiting[waiting.count - 1].items + items <= options.batchItems {
            waiting[waiting.count - 1].bytes += body
            waiting[waiting.count - 1].items += items
        } else {
            guard count < options.queueMax else { return false }
            waiting.append(Batch(bytes: body, items: items, sinceNanos: nowNanos))
        }
        bytes += body.count
        return true
    }

    /// The oldest batch, when it need not wait any more.
    package mutating func take(nowNanos: UInt64) -> Batch? {
        guard count > 0 else { return nil }
        let first = waiting[head]
        let isRipe = options.batchItems == 0 || isDraining || count > 1 || first.items >= options.batchItems
            || nowNanos - first.sinceNanos >= UInt64(max(0, options.batchMillis)) * 1_000_000
        guard isRipe else { return nil }
        waiting[head].bytes = []
        head += 1
        if head == waiting.count || head >= 256 {
            waiting.removeFirst(head)
            head = 0
        }
        bytes -= first.bytes.count
        return first
    }
}
