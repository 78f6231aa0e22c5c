import RemoteStores
import Testing

@Suite("What waits for an exporter")
struct ExportQueueTests {
    private static func queue(batchItems: Int = 0, queueMax: Int = 3) -> ExportQueue {
        var options = OTLPExportOptions(name: "otlp", signal: .traces, destination: .grpc(host: "x", port: 1, tls: nil))
        options.batchItems = batchItems
        options.batchMillis = 10
        options.queueMax = queueMax
        return ExportQueue(options)
    }

    @Test("batches come out as they went in; beyond the bound of number or bytes none goes in, and there is room again when one is taken")
    func bounds() {
        var queue = Self.queue()
        let isTaken = (0..<5).map { queue.add([UInt8($0)], items: 1, nowNanos: 0) }
        #expect(isTaken == [true, true, true, false, false])
        #expect(queue.take(nowNanos: 0)?.bytes == [0])
        let another = queue.add([9], items: 1, nowNanos: 0)
        #expect(another)
        let rest = (0..<4).map { _ in queue.take(nowNanos: 0)?.bytes }
        #expect(rest == [[1], [2], [9], nil])
        #expect(queue.count == 0 && queue.bytes == 0)
        let (half, other) = (queue.add([UInt8](repeating: 0, count: ExportQueue.bytesMax), items: 1, nowNanos: 0), queue.add([1], items: 1, nowNanos: 0))
        #expect(half && !other)
    }

    @Test("with a batch processor small ones are joined up to its size, and wait for company until its time is over or everything ends")
    func joining() {
        var queue = Self.queue(batchItems: 4)
        for (index, items) in [1, 2, 2, 1].enumerated() { _ = queue.add([UInt8(index)], items: items, nowNanos: UInt64(index)) }
        #expect(queue.count == 2)
        let first = queue.take(nowNanos: 4), early = queue.take(nowNanos: 10_000_000), late = queue.take(nowNanos: 10_000_002)
        #expect(first == .init(bytes: [0, 1], items: 3, sinceNanos: 0), "another waits behind it, so it is as large as it gets")
        #expect(early == nil)
        #expect(late == .init(bytes: [2, 3], items: 3, sinceNanos: 2))
        _ = queue.add([7], items: 9, nowNanos: 20)
        _ = queue.add([8], items: 1, nowNanos: 20)
        #expect(queue.take(nowNanos: 20)?.items == 9, "one that is large enough need not wait")
        #expect(queue.take(nowNanos: 20) == nil)
        queue.isDraining = true
        #expect(queue.take(nowNanos: 20)?.bytes == [8])
    }

    @Test("many batches in and out keep their order")
    func order() {
        var queue = Self.queue(queueMax: 1_000)
        var (next, seen) = (0, 0)
        for round in 0..<3_000 {
            if queue.add(Array("\(next)".utf8), items: 1, nowNanos: 0) { next += 1 }
            if round % 3 != 0, let batch = queue.take(nowNanos: 0) {
                #expect(batch.bytes == Array("\(seen)".utf8))
                seen += 1
            }
        }
        while let batch = queue.take(nowNanos: 0) {
            #expect(batch.bytes == Array("\(seen)".utf8))
            seen += 1
        }
        #expect(seen == next)
    }
}
