import Bytes
import Platform

/// Writes a checkpoint: a folder of segments that holds what is still needed of the log's segments 0 … *index*.
///
/// It is written as `checkpoint.00000016.tmp` and shows up whole, with `finish`, or not at all (`tsdb/wlog/checkpoint.go`).
package struct CheckpointWriter: ~Copyable {
    private let directory: SegmentDirectory
    private let index: Int
    private let draft: SegmentDirectory
    private var framer: RecordFramer
    private var file: any OpenFile
    private var segment = 0
    private static let flushBytes = 1 << 20

    package init(_ directory: SegmentDirectory, index: Int, segmentBytes: Int = SegmentLog.Options.segmentBytesDefault, compression: Compression? = .zstd) throws(PlatformError) {
        self.directory = directory
        self.index = index
        draft = SegmentDirectory(disk: directory.disk, path: directory.checkpointPath(index) + SegmentDirectory.draftSuffix)
        try directory.disk.removeTree(draft.path)
        try directory.disk.makeDirectory(draft.path)
        file = try directory.disk.open(draft.segmentPath(0), .create)
        framer = RecordFramer(segmentBytes: segmentBytes, compression: compression)
    }

    package mutating func append(_ record: UnsafeBufferPointer<UInt8>) throws(PlatformError) {
        if !framer.frame(record) {
            try closeSegment()
            segment += 1
            file = try directory.disk.open(draft.segmentPath(segment), .create)
            framer.restart(at: 0)
            _ = framer.frame(record)
        }
        if framer.out.count >= Self.flushBytes { try LogReplay.flush(&framer, to: file) }
    }

    private mutating func closeSegment() throws(PlatformError) {
        framer.finishPage()
        try LogReplay.flush(&framer, to: file)
        try file.sync()
        file.close()
    }

    /// Makes the checkpoint durable and visible, and removes older ones.
    package consuming func finish() throws(PlatformError) {
        try closeSegment()
        try directory.disk.syncDirectory(draft.path)
        try directory.disk.removeTree(directory.checkpointPath(index))
        try directory.disk.renameDurably(draft.path, to: directory.checkpointPath(index))
        try directory.removeCheckpoints(below: index)
    }

    /// Removes what was written.
    package consuming func abandon() {
        file.close()
        try? directory.disk.removeTree(draft.path)
    }
}
