import CZlib
import CZstd

/// Compresses a body piece by piece into one gzip member or one zstd frame, so that a large body need not stand in memory a second time.
package struct StreamCompressor: ~Copyable {
    // SAFETY: each pointer is this value's own, made by `init`, freed once in `deinit`. zlib's state points back at its `z_stream`, which therefore
    // has a place of its own that does not move.
    private let deflater: UnsafeMutablePointer<z_stream>?
    private let zstd: OpaquePointer?

    /// Without memory for it, or for snappy, which has no such stream, nil.
    package init?(_ compression: Compression) {
        switch compression {
        case .gzip:
            let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            stream.initialize(to: z_stream())
            guard deflateInit2_(stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                stream.deallocate()
                return nil
            }
            (deflater, zstd) = (stream, nil)
        case .zstd:
            guard let context = ZSTD_createCCtx() else { return nil }
            (deflater, zstd) = (nil, context)
        case .snappy: return nil
        }
    }

    deinit {
        if let deflater {
            deflateEnd(deflater)
            deflater.deallocate()
        }
        ZSTD_freeCCtx(zstd)
    }

    /// What `piece` makes come out, which may be nothing yet; with the last piece, all that is left.
    package mutating func compress(_ piece: UnsafeBufferPointer<UInt8>, isLast: Bool) -> [UInt8] {
        var output: [UInt8] = []
        if let deflater {
            deflater.pointee.next_in = UnsafeMutablePointer(mutating: piece.baseAddress)
            deflater.pointee.avail_in = UInt32(piece.count)
            var isFull = true
            while isFull {
                output.append(contentsOf: [UInt8](unsafeUninitializedCapacity: Self.roomBytes) { room, count in
                    deflater.pointee.next_out = room.baseAddress
                    deflater.pointee.avail_out = UInt32(room.count)
                    let status = deflate(deflater, isLast ? Z_FINISH : Z_NO_FLUSH)
                    // Z_BUF_ERROR says that there was nothing to do.
                    precondition(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR, "zlib refused a stream that it began")
                    count = room.count - Int(deflater.pointee.avail_out)
                    isFull = deflater.pointee.avail_out == 0
                })
            }
        } else {
            var source = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
            var left = 1
            while source.pos < source.size || isLast && left > 0 {
                output.append(contentsOf: [UInt8](unsafeUninitializedCapacity: Self.roomBytes) { room, count in
                    var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                    left = ZSTD_compressStream2(zstd, &target, &source, isLast ? ZSTD_e_end : ZSTD_e_continue)
                    precondition(ZSTD_isError(left) == 0, "zstd refused a stream that it began")
                    count = target.pos
                })
            }
        }
        return output
    }

    private static let roomBytes = 64 << 10
}
