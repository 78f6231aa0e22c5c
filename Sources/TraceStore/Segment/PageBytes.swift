import Bytes

/// A page decompressed, kept where it is for as long as anything points into it.
// SAFETY: written in init only.
final class PageBytes: @unchecked Sendable {
    let bytes: UnsafeBufferPointer<UInt8>

    init(_ content: [UInt8]) {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: content.count)
        _ = copy.initialize(from: content)
        bytes = UnsafeBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}
