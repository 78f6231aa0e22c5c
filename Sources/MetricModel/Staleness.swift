/// The marker sample that ends a series (Prometheus `model/value/value.go`).
package enum Staleness {
    package static let markerBits: UInt64 = 0x7FF0_0000_0000_0002
    package static let marker = Double(bitPattern: markerBits)
    /// The NaN that computations yield; never a marker.
    package static let normalNaN = Double(bitPattern: 0x7FF8_0000_0000_0001)

    @inlinable package static func isMarker(_ value: Double) -> Bool { value.bitPattern == 0x7FF0_0000_0000_0002 }
}
