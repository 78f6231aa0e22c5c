import Bytes
import Platform
import Synchronization

/// The folder `chunks_head` of a data directory: takes chunks that are complete, so that the next opening need not make them of the log again.
///
/// Everything in it stands in the log, too, so nothing is synced before a file is complete, and what is damaged is cut off. Of every series
/// it has all chunks up to the last one that was written: what the log has of their time is passed over at opening. Used by one thread
/// at a time, which `Maintenance` sees to.
final class HeadChunkLog: Sendable {
    private struct File {
        let number: Int
        /// Of its chunks, those out of order included, as Prometheus does.
        var maxTime: Int64
        var byteCount: Int
    }

    private struct State {
        /// In the order of their numbers, without a gap; the last is the open one, if there is one.
        var files: [File] = []
        var open: (any OpenFile)?
        var lastFound = HeadChunkFile.Place(0)
        /// Whether chunks may be written, as far as `wbl` is concerned.
        var isReady = true
        /// Whether the open file ends in what could neither be written nor taken back.
        var isTorn = false
    }

    let path: String
    private let disk: any FileSystem
    private let state = Mutex(State())
    private let bytes = Atomic<Int>(0)
    private let chunks = Atomic<Int>(0)
    private static let bufferBytes = 1 << 20

    init(_ disk: any FileSystem, directory: String) {
        self.disk = disk
        path = "\(directory)/chunks_head"
    }

    /// Bytes of all files.
    var byteCount: Int { bytes.load(ordering: .relaxed) }
    /// How many chunks were written.
    var chunkCount: Int { chunks.load(ordering: .relaxed) }

    private func path(_ number: Int) -> String { "\(path)/\(BlockFormat.segmentName(number))" }

    /// The numbers of the files, rising; none when there is no folder.
    static func numbers(_ disk: any FileSystem, _ path: String) throws(PlatformError) -> [Int] {
        guard try disk.status(path)?.isDirectory == true else { return [] }
        return try disk.list(path).compactMap { $0.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ? Int($0) : nil }.sorted()
    }

    // MARK: Opening

    /// Reads what there is, up to the first damage: there the file is cut, and those behind it are removed, for chunks behind a gap would
    /// hide what the log has in the gap (`Head.removeCorruptedMmappedChunks`). Chunks that end before `minTime` are in blocks and left out.
    func read(minTime: Int64, _ damage: inout [String]) throws(PlatformError) -> HeadChunks {
        var found = HeadChunks()
        var lastFound = HeadChunkFile.Place(0)
        let numbers = try Self.numbers(disk, path)
        for (place, number) in numbers.enumerated() {
            let path = path(number)
            if place == numbers.count - 1, try HeadChunkFile.isBarelyBegun(disk, path) {
                try disk.removeFile(path)
                break
            }
            if place > 0, number != numbers[place - 1] + 1 {
                damage.append("\(path): the file before it is missing; it is removed")
                try remove(numbers[place...])
                break
            }
            var file = File(number: number, maxTime: .min, byteCount: 0)
            let problem = try HeadChunkFile.read(disk, path) { entry in
                guard entry.offset <= Int(UInt32.max) else { return "the file is too long" }
                if BlockFormat.ChunkEncoding(rawValue: entry.encoding) == nil { return "a chunk has the encoding \(entry.encoding), which is not known here" }
                file.maxTime = max(file.maxTime, entry.maxTime)
                lastFound = HeadChunkFile.Place(file: number, offset: entry.offset)
                if !entry.isOutOfOrder, entry.maxTime >= minTime { found.add(entry) }
                return nil
            }
            if let problem {
                damage.append("\(path): byte \(problem.offset): \(problem.reason); it is cut there")
                try remove(numbers[(place + 1)...])
                try cut(path, to: problem.offset)
            }
            if problem?.offset ?? .max > HeadChunkFile.headerBytes {
                file.byteCount = try disk.status(path)?.size ?? 0
                found.add(try disk.map(path))
                state.withLock { $0.files.append(file) }
            }
            if problem != nil { break }
        }
        found.sort()
        state.withLock { $0.lastFound = lastFound }
        measure()
        return found
    }

    private func cut(_ path: String, to size: Int) throws(PlatformError) {
        if size <= HeadChunkFile.headerBytes { return try disk.removeFile(path) }
        let file = try disk.open(path, .append)
        defer { file.close() }
        try file.truncate(to: size)
        try file.sync()
    }

    /// The last first, for Prometheus wants no gap.
    private func remove(_ numbers: some BidirectionalCollection<Int>) throws(PlatformError) {
        for number in numbers.reversed() { try disk.removeFile(path(number)) }
    }

    /// Removes everything, durably.
    func removeAll() throws(PlatformError) {
        try finish()
        let numbers = try Self.numbers(disk, path)
        try remove(numbers)
        if !numbers.isEmpty { try disk.syncDirectory(path) }
        state.withLock { ($0.files, $0.lastFound) = ([], HeadChunkFile.Place(0)) }
        measure()
    }

    /// Writes nothing until `resume`: `wbl` has Prometheus's remarks of chunks that are not here, for they were removed or never reached the
    /// disk. It would take chunks written from now on for them, whatever stands where, and leave out what the remarks are about.
    func pause() { state.withLock { $0.isReady = false } }

    func resume() { state.withLock { $0.isReady = true } }

    /// The last chunk that `read` found and has not removed; before every other place if there is none.
    var lastFound: HeadChunkFile.Place { state.withLock { $0.lastFound } }

    // MARK: Writing

    /// Writes every chunk of the head that is complete and not here yet. What could not be written is tried again the next time.
    func write(_ head: Head) throws(PlatformError) {
        guard state.withLock({ $0.isReady && !$0.isTorn }) else { return }
        var out = ByteWriter(capacity: 64 << 10)
        for shard in head.shards {
            let unmapped = shard.withLock { $0.takeUnmapped() }
            var written = 0
            do throws(PlatformError) {
                while written < unmapped.count {
                    var (end, maxTime) = (written, Int64.min)
                    try begin(HeadChunkFile.entryBytesMax(unmapped[end].encoded.bytes.count), &out)
                    let room = HeadChunkFile.bytesMax - openBytes
                    while end < unmapped.count, out.count < Self.bufferBytes {
                        let chunk = unmapped[end].encoded
                        if end > written, out.count + HeadChunkFile.entryBytesMax(chunk.bytes.count) > room { break }
                        HeadChunkFile.append(unmapped[end].logReference, chunk, to: &out)
                        maxTime = max(maxTime, chunk.maxTime)
                        end += 1
                    }
                    try flush(&out, maxTime)
                    chunks.add(end - written, ordering: .relaxed)
                    written = end
                }
            } catch {
                shard.withLock { $0.giveBack(unmapped[written...]) }
                throw error
            }
        }
    }

    private var openBytes: Int { state.withLock { $0.files.last?.byteCount ?? 0 } }

    /// Has a file open that has room for `count` bytes; a new one's header is put into `out`.
    private func begin(_ count: Int, _ out: inout ByteWriter) throws(PlatformError) {
        if state.withLock({ $0.open != nil }) {
            if openBytes + count <= HeadChunkFile.bytesMax { return }
            try finish()
        }
        try disk.makeDirectory(path)
        let number = state.withLock { ($0.files.last?.number ?? 0) + 1 }
        let file = try disk.open(path(number), .create)
        state.withLock { state in
            state.open = file
            state.files.append(File(number: number, maxTime: .min, byteCount: 0))
        }
        HeadChunkFile.appendHeader(to: &out)
    }

    private func flush(_ out: inout ByteWriter, _ maxTime: Int64) throws(PlatformError) {
        defer { out.removeAll() }
        let (open, size) = state.withLock { ($0.open, $0.files.last?.byteCount ?? 0) }
        guard let open else { return }
        do throws(PlatformError) {
            // SAFETY: the bytes are the buffer's own and are written before it changes.
            try open.append(UnsafeBufferPointer(start: out.base, count: out.count))
        } catch {
            // What is left of a chunk would hide all that is written behind it.
            do throws(PlatformError) {
                try open.truncate(to: size)
                if size == 0 { try abandon() }
            } catch { state.withLock { $0.isTorn = true } }
            throw error
        }
        let count = out.count
        state.withLock { state in
            let last = state.files.count - 1
            state.files[last].byteCount += count
            state.files[last].maxTime = max(state.files[last].maxTime, maxTime)
        }
        measure()
    }

    /// Lets go of a file in which nothing stands.
    private func abandon() throws(PlatformError) {
        let (open, file) = state.withLock { state in
            defer { state.open = nil }
            return (state.open, state.files.popLast())
        }
        open?.close()
        if let file { try disk.removeFile(path(file.number)) }
    }

    private func finish() throws(PlatformError) {
        guard let open = state.withLock({ $0.open }) else { return }
        try open.sync()
        open.close()
        state.withLock { $0.open = nil }
    }

    private func measure() { bytes.store(state.withLock { $0.files.reduce(0) { $0 + $1.byteCount } }, ordering: .relaxed) }

    /// Removes the files of which every chunk ends before `time`, from the first on.
    func truncate(before time: Int64) throws(PlatformError) {
        try finish()
        while let file = state.withLock({ $0.files.first }), file.maxTime < time {
            try disk.removeFile(path(file.number))
            state.withLock { _ = $0.files.removeFirst() }
        }
        measure()
    }

    func close() { try? finish() }
}
