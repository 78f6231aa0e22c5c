import MetricModel

/// What became of a body of OTLP metrics.
package struct MetricTranslation: Sendable {
    /// The samples, ready for a store: series in the order of the data points.
    package var batch = SampleBatch()
    /// Data points that the body held.
    package var pointCount = 0
    /// Data points that cannot be kept and are not in the batch.
    package var refusedPointCount = 0
    /// Why, in words for the sender; the first few.
    package private(set) var refusals: [String] = []

    private static let refusalsMax = 8

    mutating func refuse(points: Int, _ reason: @autoclosure () -> String) {
        refusedPointCount += points
        if refusals.count < Self.refusalsMax {
            let reason = reason()
            if refusals.last != reason { refusals.append(reason) }
        }
    }
}
