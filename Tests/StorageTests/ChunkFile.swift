import Bytes
import MetricModel
import MetricStore

/// A block's file of chunks, changed behind its checksums' back.
enum ChunkFile {
    /// The file with each chunk's data and encoding changed by `body`, in place, and its checksum made to fit.
    static func patch(_ file: [UInt8], _ body: (UInt8, inout [UInt8]) throws -> UInt8) rethrows -> [UInt8] {
        var result = file
        var at = 8
        while at < file.count {
            var (length, shift) = (0, 0)
            repeat {
                length |= Int(file[at] & 0x7F) << shift
                shift += 7
                at += 1
            } while file[at - 1] >= 0x80
            var data = Array(file[(at + 1)..<(at + 1 + length)])
            let encoding = try body(file[at], &data)
            let content = [encoding] + data
            let checksum = content.withUnsafeBufferPointer { CRC32C.checksum($0) }
            result.replaceSubrange(at..<(at + content.count), with: content)
            at += content.count
            withUnsafeBytes(of: checksum.bigEndian) { result.replaceSubrange(at..<(at + 4), with: $0) }
            at += 4
        }
        return result
    }

    /// A chunk as it is compared with Prometheus's: its bytes, or, of floats, its samples, for there we leave room for more bits than it does.
    struct Chunk: Equatable {
        let encoding: UInt8
        let bytes: [UInt8]
        var times: [Int64] = []
        var values: [UInt64] = []
    }

    /// The chunks of the file, in order.
    static func chunks(_ file: [UInt8]) throws -> [Chunk] {
        var chunks: [Chunk] = []
        _ = try patch(file) { encoding, data in
            guard encoding == 1 else {
                chunks.append(Chunk(encoding: encoding, bytes: data))
                return encoding
            }
            var buffer = SampleBuffer()
            _ = try data.withUnsafeBufferPointer { try DecoderProbe.chunk(encoding, $0, .min ... .max, into: &buffer) }
            chunks.append(Chunk(
                encoding: encoding, bytes: [], times: (0..<buffer.count).map { buffer.timestamps[$0] }, values: (0..<buffer.count).map { buffer.values[$0].bitPattern }))
            return encoding
        }
        return chunks
    }
}
