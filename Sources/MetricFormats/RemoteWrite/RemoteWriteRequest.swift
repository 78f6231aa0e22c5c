import MetricModel

/// One decoded remote write 1.0 request (`prometheus.WriteRequest`, prompb/remote.proto and types.proto).
package struct RemoteWriteRequest: Sendable {
    /// The samples, native histograms among them, the exemplars, and the metadata. The arena begins with the body, and keys are the raw label fields in it.
    ///
    /// A series that the message names twice is in the batch twice; Prometheus sends every exemplar so. Series that hold nothing are left out. Histograms are as they came:
    /// whether one contradicts itself is for the store to find.
    package var batch: SampleBatch

    /// Decodes a decompressed body in one pass. O(body); allocates the batch's columns and nothing per series.
    ///
    /// All of the body is checked, down to the fields of every label, before anything is returned.
    package static func decode(_ body: consuming [UInt8]) throws(MetricFormatError) -> RemoteWriteRequest {
        var decoder = RemoteWriteDecoder(bodyCount: body.count)
        try body.withUnsafeBufferPointer { bytes throws(MetricFormatError) in try decoder.decode(bytes) }
        if !decoder.scatteredKeys.isEmpty { body.append(contentsOf: decoder.scatteredKeys) }
        var batch = SampleBatch(arena: body)
        batch.series = decoder.series
        batch.timestamps = decoder.timestamps
        batch.values = decoder.values
        batch.histograms = decoder.histograms
        batch.exemplars = decoder.exemplars
        batch.metadata = decoder.metadata
        return RemoteWriteRequest(batch: batch)
    }
}
