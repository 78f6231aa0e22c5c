import MetricModel

/// Exemplars of data points (prometheusremotewrite `helper.go`: `getPromExemplars`, `addExemplars`, Prometheus 3.5).
extension MetricTranslator {
    /// What an exemplar takes in memory beside its labels.
    private static let exemplarBytes = 96

    /// Adds an exemplar to those of the current data point; one without a value is passed over. Ids become the labels `trace_id` and `span_id`,
    /// attributes follow if all of it is short enough.
    mutating func exemplar(_ message: MessageReader) throws(OTLPError) {
        var time: UInt64 = 0
        var value: Double?
        var ids: [(String, String)] = []
        var attributes: [(String, String)] = []
        var reader = message
        while let field = try reader.next() {
            switch field {
            case 2: time = try reader.fixed64()
            case 3: value = try reader.double()
            case 4: if let id = Self.identifier(try reader.bytes(), bytes: 8) { ids.append(("span_id", id)) }
            case 5: if let id = Self.identifier(try reader.bytes(), bytes: 16) { ids.append(("trace_id", id)) }
            case 6: value = Double(Int64(bitPattern: try reader.fixed64()))
            case 7:
                let attribute = try common.attribute(reader.message("KeyValue"), depth: 0)
                attributes.append((attribute.key, attribute.value.text))
            default: try reader.skip()
            }
        }
        guard let value else { return }
        let characters = (ids + attributes).reduce(0) { $0 + $1.0.unicodeScalars.count + $1.1.unicodeScalars.count }
        let labels = Labels(characters <= Exemplar.labelCharactersMax ? ids + attributes : ids)
        try common.charge(Self.exemplarBytes + labels.packed.count)
        let timestamp = Self.millis(time)
        pointExemplars.append(Exemplar(labels: labels, value: value, timestamp: timestamp, hasTimestamp: timestamp != 0))
    }

    /// Digits of an id; nil for one that is empty or of another length.
    private static func identifier(_ id: UnsafeBufferPointer<UInt8>, bytes: Int) -> String? {
        id.count == bytes && id.contains { $0 != 0 } ? Hexadecimal.encode(id) : nil
    }

    /// Gives each exemplar of a histogram to the bucket with the lowest bound that is not below its value. The buckets' series stand one behind
    /// the other, in the order of the bounds as they came, `+Inf` last.
    mutating func attachExemplars(firstBucket: Int) {
        let bounds = boundBits.prefix(bucketCounts.count).map { Double(bitPattern: $0) } + [.infinity]
        let order = bounds.indices.sorted { bounds[$0] < bounds[$1] }
        for exemplar in pointExemplars {
            guard let bucket = order.first(where: { exemplar.value <= bounds[$0] }) else { continue }
            attach(exemplar, to: firstBucket + bucket)
        }
    }
}
