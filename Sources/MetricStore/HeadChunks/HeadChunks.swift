import Platform

/// The chunks of `chunks_head` for the replay of the log, of which each spares the log's samples of its time.
///
/// Every series' chunks are there without a gap from the earliest time on, or `HeadReplay` finds that they are not.
struct HeadChunks: ~Copyable {
    /// Where a chunk is.
    private struct Place {
        let reference: UInt64
        let file: UInt32
        let offset: UInt32
    }

    private final class MappedFile {
        let map: MemoryMap
        init(_ map: consuming MemoryMap) { self.map = map }
    }

    private var files: [MappedFile] = []
    /// By series; those of one in the order in which they stand in the files.
    private var places: [Place] = []
    /// Behind the chunks that were given out last.
    private var next = 0
    private var areSorted = true
    private var asked = 0
    private(set) var highestReference: UInt64 = 0

    init() {}

    var isEmpty: Bool { places.isEmpty }
    /// How many chunks are of series that nobody has asked for.
    var leftCount: Int { places.count - asked }

    mutating func add(_ map: consuming MemoryMap) { files.append(MappedFile(map)) }

    /// Adds an entry of the next file to be added.
    mutating func add(_ entry: HeadChunkFile.Entry) {
        if let last = places.last, last.reference > entry.reference { areSorted = false }
        places.append(Place(reference: entry.reference, file: UInt32(files.count), offset: UInt32(entry.offset)))
        highestReference = max(highestReference, entry.reference)
    }

    /// To be called once everything is added.
    mutating func sort() {
        if !areSorted { places.sort { ($0.reference, $0.file, $0.offset) < ($1.reference, $1.file, $1.offset) } }
        areSorted = true
    }

    /// Calls `body` with every chunk of a series in turn, until it answers false. Their bytes are valid as long as this value.
    mutating func forEach(of reference: UInt64, _ body: (EncodedChunk) -> Bool) {
        // Series mostly come in the order of their numbers.
        if next >= places.count || places[next].reference != reference { next = firstPlace(of: reference) }
        while next < places.count, places[next].reference == reference {
            let place = places[next]
            next += 1
            asked += 1
            guard Int(place.file) < files.count, let chunk = HeadChunkFile.chunk(files[Int(place.file)].map.bytes, at: Int(place.offset)), body(chunk) else { return }
        }
    }

    private func firstPlace(of reference: UInt64) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].reference < reference { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
