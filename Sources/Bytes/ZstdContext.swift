import CZstd

/// Zstandard's working memory, kept from body to body by somebody who compresses or decompresses many small ones.
package struct ZstdContext: ~Copyable {
    // SAFETY: the pointers are this value's own, made when first needed and freed with it.
    private var compressor: OpaquePointer?
    private var decompressor: OpaquePointer?

    package init() {}

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// Compresses a whole body into one frame behind what `output` holds. Without memory for it, `output` stays as it is and the answer is false.
    package mutating func compress(_ input: UnsafeBufferPointer<UInt8>, level: Int32, into output: inout ByteWriter) -> Bool {
        if compressor == nil { compressor = ZSTD_createCCtx() }
        guard let compressor else { return false }
        let bound = ZSTD_compressBound(input.count)
        output.reserve(bound)
        let count = ZSTD_compressCCtx(compressor, output.base + output.count, bound, input.baseAddress, input.count, level)
        guard ZSTD_isError(count) == 0 else { return false }
        output.advance(by: count)
        return true
    }

    /// Decompresses a whole body behind what `output` holds. A body that does not tell its size takes the slower way.
    package mutating func decompress(_ input: UnsafeBufferPointer<UInt8>, limit: Int, into output: inout ByteWriter) throws(ByteError) {
        let size = ZSTD_getFrameContentSize(input.baseAddress, input.count)
        // 2^64 - 1 says that the size is unknown, 2^64 - 2 that this is no frame.
        guard size != .max else { return output.append(try Compression.zstd.decompress(input, limit: limit)) }
        guard size != .max - 1 else { throw .corruptCompression("zstd") }
        guard size <= UInt64(limit) else { throw .tooLarge(limit: limit) }
        if decompressor == nil { decompressor = ZSTD_createDCtx() }
        guard let decompressor else { throw .corruptCompression("zstd (no memory)") }
        output.reserve(Int(size))
        let count = ZSTD_decompressDCtx(decompressor, output.base + output.count, Int(size), input.baseAddress, input.count)
        guard ZSTD_isError(count) == 0, count == Int(size) else { throw .corruptCompression("zstd") }
        output.advance(by: count)
    }
}
