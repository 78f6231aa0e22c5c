import CSnappy
import CZlib
import CZstd

/// The compressions that the protocols and files use. Every decompression takes the largest result that the caller will hold.
package enum Compression: String, Sendable, CaseIterable {
    case gzip, zstd, snappy

    /// Decompresses a whole body. `snappy` is the block format (remote write, WAL); gzip bodies may have several members.
    package func decompress(_ input: UnsafeBufferPointer<UInt8>, limit: Int) throws(ByteError) -> [UInt8] {
        switch self {
        case .gzip: try Self.gunzip(input, limit: limit)
        case .zstd: try Self.unzstd(input, limit: limit)
        case .snappy: try Self.unsnappy(input, limit: limit)
        }
    }

    package func decompress(_ input: [UInt8], limit: Int) throws(ByteError) -> [UInt8] {
        // Typed throws do not pass through `withUnsafeBufferPointer` on every supported toolchain, so the error is carried by hand.
        let result: Result<[UInt8], ByteError> = input.withUnsafeBufferPointer { bytes in
            do throws(ByteError) { return .success(try decompress(bytes, limit: limit)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Compresses a whole body. `level` is the library's own; nil takes 1 for gzip and 3 for zstd, and snappy has none.
    package func compress(_ input: UnsafeBufferPointer<UInt8>, level: Int32? = nil) -> [UInt8] {
        switch self {
        case .gzip: Self.gzip(input, level: level ?? 1)
        case .zstd:
            [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(input.count)) { out, count in
                count = ZSTD_compress(out.baseAddress, out.count, input.baseAddress, input.count, level ?? 3)
                precondition(ZSTD_isError(count) == 0, "zstd refused a buffer of the size it asked for")
            }
        case .snappy:
            [UInt8](unsafeUninitializedCapacity: snappy_max_compressed_length(input.count)) { out, count in
                var length = out.count
                let status = input.withMemoryRebound(to: CChar.self) { source in
                    out.withMemoryRebound(to: CChar.self) { snappy_compress(source.baseAddress, source.count, $0.baseAddress, &length) }
                }
                precondition(status == SNAPPY_OK, "snappy refused a buffer of the size it asked for")
                count = length
            }
        }
    }

    package func compress(_ input: [UInt8], level: Int32? = nil) -> [UInt8] {
        input.withUnsafeBufferPointer { compress($0, level: level) }
    }

    /// Compresses a whole body behind what `output` holds, for callers that do it often: snappy without an allocation of its own.
    package func compress(_ input: UnsafeBufferPointer<UInt8>, into output: inout ByteWriter) {
        guard self == .snappy else { return output.append(compress(input)) }
        var length = snappy_max_compressed_length(input.count)
        output.reserve(length)
        let status = input.withMemoryRebound(to: CChar.self) { source in
            UnsafeMutableRawPointer(output.base + output.count).withMemoryRebound(to: CChar.self, capacity: length) {
                snappy_compress(source.baseAddress, source.count, $0, &length)
            }
        }
        precondition(status == SNAPPY_OK, "snappy refused a buffer of the size it asked for")
        output.advance(by: length)
    }

    /// Decompresses a whole body behind what `output` holds, for callers that do it often: snappy without an allocation of its own.
    package func decompress(_ input: UnsafeBufferPointer<UInt8>, limit: Int, into output: inout ByteWriter) throws(ByteError) {
        guard self == .snappy else { return output.append(try decompress(input, limit: limit)) }
        var length = try Self.snappyLength(input, limit: limit)
        output.reserve(length)
        let status = input.withMemoryRebound(to: CChar.self) { source in
            UnsafeMutableRawPointer(output.base + output.count).withMemoryRebound(to: CChar.self, capacity: length) {
                snappy_uncompress(source.baseAddress, source.count, $0, &length)
            }
        }
        guard status == SNAPPY_OK else { throw .corruptCompression("snappy") }
        output.advance(by: length)
    }

    /// What a snappy body says it decodes to, once that is within the limit and possible.
    private static func snappyLength(_ input: UnsafeBufferPointer<UInt8>, limit: Int) throws(ByteError) -> Int {
        var length = 0
        let source = UnsafeRawPointer(input.baseAddress)?.assumingMemoryBound(to: CChar.self)
        guard let source, snappy_uncompressed_length(source, input.count, &length) == SNAPPY_OK else { throw .corruptCompression("snappy") }
        guard length <= limit else { throw .tooLarge(limit: limit) }
        // A snappy element of two bytes can yield at most 64, so a short input cannot honestly declare a huge output.
        guard length <= input.count * 64 else { throw .corruptCompression("snappy") }
        return length
    }

    private static func unsnappy(_ input: UnsafeBufferPointer<UInt8>, limit: Int) throws(ByteError) -> [UInt8] {
        let length = try snappyLength(input, limit: limit)
        let source = UnsafeRawPointer(input.baseAddress)?.assumingMemoryBound(to: CChar.self)
        var ok = false
        let output = [UInt8](unsafeUninitializedCapacity: max(length, 1)) { out, count in
            var written = length
            ok = out.withMemoryRebound(to: CChar.self) { snappy_uncompress(source, input.count, $0.baseAddress, &written) } == SNAPPY_OK
            count = ok ? written : 0
        }
        guard ok else { throw .corruptCompression("snappy") }
        return output
    }

    private static func unzstd(_ input: UnsafeBufferPointer<UInt8>, limit: Int) throws(ByteError) -> [UInt8] {
        guard let context = ZSTD_createDStream() else { throw .corruptCompression("zstd") }
        defer { ZSTD_freeDStream(context) }
        var output: [UInt8] = []
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var status = 1
        while source.pos < source.size || status != 0 {
            let before = output.count
            let room = min(max(before, 64 << 10), limit - before + 1)
            var written = 0
            output.reserveCapacity(before + room)
            output.append(contentsOf: [UInt8](unsafeUninitializedCapacity: room) { out, count in
                var target = ZSTD_outBuffer(dst: out.baseAddress, size: room, pos: 0)
                status = ZSTD_decompressStream(context, &target, &source)
                written = target.pos
                count = ZSTD_isError(status) == 0 ? target.pos : 0
            })
            guard ZSTD_isError(status) == 0 else { throw .corruptCompression("zstd") }
            guard output.count <= limit else { throw .tooLarge(limit: limit) }
            if written == 0, source.pos == source.size, status != 0 { throw .corruptCompression("zstd") }
        }
        return output
    }

    private static func gunzip(_ input: UnsafeBufferPointer<UInt8>, limit: Int) throws(ByteError) -> [UInt8] {
        var stream = z_stream()
        guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw .corruptCompression("gzip") }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.avail_in = UInt32(clamping: input.count)
        var output: [UInt8] = []
        var finished = false
        while !finished {
            let room = min(max(output.count, 64 << 10), limit - output.count + 1)
            var status: Int32 = Z_OK
            output.append(contentsOf: [UInt8](unsafeUninitializedCapacity: room) { out, count in
                stream.next_out = out.baseAddress
                stream.avail_out = UInt32(room)
                status = inflate(&stream, Z_NO_FLUSH)
                count = room - Int(stream.avail_out)
            })
            guard output.count <= limit else { throw .tooLarge(limit: limit) }
            switch status {
            case Z_STREAM_END where stream.avail_in > 0: guard inflateReset(&stream) == Z_OK else { throw .corruptCompression("gzip") }
            case Z_STREAM_END: finished = true
            case Z_OK where stream.avail_in > 0 || stream.avail_out == 0: continue
            default: throw .corruptCompression("gzip")
            }
        }
        return output
    }

    private static func gzip(_ input: UnsafeBufferPointer<UInt8>, level: Int32) -> [UInt8] {
        var stream = z_stream()
        guard deflateInit2_(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { preconditionFailure("zlib has no memory for a compressor") }
        defer { deflateEnd(&stream) }
        return [UInt8](unsafeUninitializedCapacity: Int(deflateBound(&stream, UInt(input.count)))) { out, count in
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.avail_in = UInt32(input.count)
            stream.next_out = out.baseAddress
            stream.avail_out = UInt32(out.count)
            let status = deflate(&stream, Z_FINISH)
            precondition(status == Z_STREAM_END, "zlib refused a buffer of the size it asked for")
            count = out.count - Int(stream.avail_out)
        }
    }
}
