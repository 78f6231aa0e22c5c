import Bytes
import Synchronization

/// How much a door takes in: of one body as sent, of one body decompressed, and of all bodies in flight together.
package final class BodyLimits: Sendable {
    package let encodedBytesMax: Int
    package let decodedBytesMax: Int
    package let inFlightBytesMax: Int
    private let inFlightBytes = Atomic<Int>(0)

    package init(encodedBytesMax: Int = 32 << 20, decodedBytesMax: Int = 128 << 20, inFlightBytesMax: Int = 256 << 20) {
        self.encodedBytesMax = encodedBytesMax
        self.decodedBytesMax = decodedBytesMax
        self.inFlightBytesMax = inFlightBytesMax
    }

    /// Sets `bytes` aside for one request; false when the doors are full. Give them back with `release`.
    package func reserve(_ bytes: Int) -> Bool {
        let after = inFlightBytes.add(bytes, ordering: .relaxed).newValue
        if after <= inFlightBytesMax { return true }
        inFlightBytes.subtract(bytes, ordering: .relaxed)
        return false
    }

    package func release(_ bytes: Int) { inFlightBytes.subtract(bytes, ordering: .relaxed) }
}
