import Bytes
import Platform

/// The folder of a store's segments: `00000017.seg`, what was set aside of them as `….seg.damaged`, and the mark `expired`.
struct SegmentFolder {
    /// What opening the folder found.
    struct Contents {
        /// Oldest first.
        var segments: [TraceSegment] = []
        /// What the log holds of generations up to this one is not to be read back: it stands in segments, or is past its retention.
        var sealed: UInt64 = 0
        /// The highest generation that a file names.
        var newest: UInt64 = 0
        /// Segments that cannot be read, and so are left out.
        var damage: [TraceStoreError] = []
    }

    private static let draftSuffix = ".tmp"
    private static let damagedSuffix = ".damaged"
    private static let markName = "expired"

    let path: String
    let disk: any FileSystem

    init(_ path: String, _ disk: any FileSystem) {
        self.path = path
        self.disk = disk
    }

    func path(of generation: UInt64) -> String { "\(path)/\(SegmentFormat.fileName(generation))" }

    /// Opens every segment and removes drafts that an interrupted seal left behind. A corrupt segment is renamed, so that its generation
    /// no longer counts as sealed: what the log still holds of it is read back.
    func open() throws(TraceStoreError) -> Contents {
        var contents = Contents()
        for name in try TraceStoreError.wrapping({ () throws(PlatformError) in try disk.list(path) }) {
            let file = "\(path)/\(name)"
            if name.hasSuffix(Self.draftSuffix) {
                try TraceStoreError.wrapping { () throws(PlatformError) in try disk.removeFile(file) }
            }
            if let generation = Self.damagedGeneration(name) { contents.newest = max(contents.newest, generation) }
            guard let generation = SegmentFormat.generation(name) else { continue }
            contents.newest = max(contents.newest, generation)
            do throws(TraceStoreError) {
                let segment = try TraceSegment(file, on: disk)
                guard segment.footer.generation == generation else {
                    throw .corrupt(file: file, offset: 0, reason: "it holds generation \(segment.footer.generation), which its name does not say")
                }
                contents.segments.append(segment)
            } catch {
                contents.damage.append(error)
                if case .corrupt = error {
                    try TraceStoreError.wrapping { () throws(PlatformError) in try disk.renameDurably(file, to: file + Self.damagedSuffix) }
                    continue
                }
            }
            contents.sealed = max(contents.sealed, generation)
        }
        contents.segments.sort { $0.footer.generation < $1.footer.generation }
        do throws(TraceStoreError) {
            let expired = try expiredGeneration()
            contents.sealed = max(contents.sealed, expired)
            contents.newest = max(contents.newest, expired)
        } catch {
            contents.damage.append(error)
        }
        return contents
    }

    /// Gives every segment, and the mark, second names in the folder `target`, which is made. Drafts and what was set aside stay behind.
    func link(into target: String) throws(PlatformError) {
        try disk.makeDirectory(target)
        for name in try disk.list(path) where SegmentFormat.generation(name) != nil || name == Self.markName { try disk.link("\(path)/\(name)", as: "\(target)/\(name)") }
    }

    private static func damagedGeneration(_ name: String) -> UInt64? {
        name.hasSuffix(damagedSuffix) ? SegmentFormat.generation(String(name.dropLast(damagedSuffix.count))) : nil
    }

    // MARK: Retention

    /// Removes segments for good. What was set aside of generations as old goes with them.
    ///
    /// The mark is written first, for the log may still hold spans of the newest of them: without the segment they would come back.
    func remove(_ segments: [TraceSegment]) throws(TraceStoreError) {
        guard let newest = segments.map(\.footer.generation).max() else { return }
        let mark = max(newest, (try? expiredGeneration()) ?? 0)
        var bytes = ByteWriter()
        bytes.appendLittleEndian(mark)
        bytes.appendLittleEndian(CRC32C.checksum(bytes.array()))
        let content = bytes.array()
        try TraceStoreError.wrapping { () throws(PlatformError) in
            try disk.publish("\(path)/\(Self.markName)", content)
            for segment in segments { try disk.removeFile(segment.path) }
            for name in try disk.list(path) where Self.damagedGeneration(name) ?? .max <= newest { try disk.removeFile("\(path)/\(name)") }
            try disk.syncDirectory(path)
        }
    }

    /// The newest generation that was removed for its age: 8 bytes and their CRC-32C, little endian. 0 when there is none.
    private func expiredGeneration() throws(TraceStoreError) -> UInt64 {
        let file = "\(path)/\(Self.markName)"
        guard let bytes = try TraceStoreError.wrapping({ () throws(PlatformError) in try disk.contents(file) }) else { return 0 }
        let generation = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let checksum = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard bytes.count == 12, checksum == CRC32C.checksum(Array(bytes.prefix(8))) else {
            throw .corrupt(file: file, offset: 0, reason: "its checksum does not match; the log may bring back spans that have expired")
        }
        return generation
    }
}
