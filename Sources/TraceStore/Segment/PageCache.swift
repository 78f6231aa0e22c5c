import Synchronization

/// The pages that were read last, decompressed: a list of traces and then each of them come from the same few.
final class PageCache: Sendable {
    private struct Entry {
        let segment: UInt64
        let page: Int
        let bytes: PageBytes
    }

    private let bytesMax: Int
    /// The one used last is last.
    private let entries = Mutex<[Entry]>([])
    private let reads = Atomic<Int>(0)

    /// Pages that were read from segments.
    var pagesRead: Int { reads.load(ordering: .relaxed) }

    init(bytesMax: Int = 4 << 20) { self.bytesMax = bytesMax }

    func page(_ index: Int, of segment: TraceSegment) throws(TraceStoreError) -> PageBytes {
        let generation = segment.footer.generation
        let known: PageBytes? = entries.withLock { entries in
            guard let place = entries.firstIndex(where: { $0.segment == generation && $0.page == index }) else { return nil }
            let entry = entries.remove(at: place)
            entries.append(entry)
            return entry.bytes
        }
        if let known { return known }
        let bytes = try segment.read(page: index)
        reads.add(1, ordering: .relaxed)
        entries.withLock { entries in
            entries.append(Entry(segment: generation, page: index, bytes: bytes))
            var held = entries.reduce(0) { $0 + $1.bytes.bytes.count }
            while held > bytesMax, entries.count > 1 { held -= entries.removeFirst().bytes.bytes.count }
        }
        return bytes
    }
}
