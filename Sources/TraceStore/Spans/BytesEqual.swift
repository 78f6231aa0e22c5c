#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension UnsafeBufferPointer<UInt8> {
    func isEqual(to other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard count == other.count else { return false }
        guard let a = baseAddress, let b = other.baseAddress else { return count == 0 }
        return memcmp(a, b, count) == 0
    }
}

extension String {
    /// Whether both are the same bytes, where `==` asks whether both are the same to a reader.
    func hasBytes(of other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
