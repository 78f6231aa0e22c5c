import Bytes
import MetricFormats
import MetricModel
import Testing

@Suite("Remote write 1.0 decoding")
struct RemoteWriteTests {
    @Test("series keep their raw label fields as keys and their samples in columns")
    func decodes() throws {
        let body = message { out in
            series(&out, labels: [("__name__", "up"), ("job", "a")], samples: [(1000, 1), (2000, 0)])
            series(&out, labels: [("__name__", "load")], samples: [(-5, .infinity)])
        }
        let request = try RemoteWriteRequest.decode(body)
        let batch = request.batch
        #expect(Array(batch.arena.prefix(body.count)) == body)
        #expect(batch.timestamps == [1000, 2000, -5])
        #expect(batch.values == [1, 0, .infinity])
        #expect(batch.series.map(\.samples) == [0..<2, 2..<3])
        #expect(batch.series.map { labels(of: $0, in: batch) } == [[["__name__", "up"], ["job", "a"]], [["__name__", "load"]]])
    }

    @Test("labels that stand apart in the message become one key; samples out of order are put in order")
    func scattered() throws {
        let body = message { out in
            out.appendMessage(1) { out in
                label(&out, "__name__", "m")
                sample(&out, 2000, 2)
                out.appendField(9, varint: 7)
                label(&out, "job", "j")
                sample(&out, 1000, 1)
            }
            series(&out, labels: [("__name__", "n")], samples: [(1, 1)])
        }
        let batch = try RemoteWriteRequest.decode(body).batch
        #expect(batch.series.map { labels(of: $0, in: batch) } == [[["__name__", "m"], ["job", "j"]], [["__name__", "n"]]])
        #expect(batch.timestamps == [1000, 2000, 1])
        #expect(batch.values == [1, 2, 1])
    }

    @Test("histograms come in rows, exemplars too, metadata is kept, unknown fields are passed over")
    func countsAndMetadata() throws {
        let body = message { out in
            out.appendMessage(1) { out in
                label(&out, "__name__", "h")
                out.appendMessage(3) { $0.appendField(2, double: 1) }
                out.appendMessage(3) { out in
                    label(&out, "trace_id", "abc")
                    label(&out, "a", "é")
                    label(&out, "none", "")
                    out.appendField(2, double: -0.5)
                    out.appendField(3, varint: 70)
                }
                out.appendMessage(4) { out in
                    out.appendField(1, varint: 3)
                    out.appendField(4, varint: 5)
                    out.appendMessage(11) { $0.appendField(2, varint: 2) }
                    // One by one, and packed.
                    out.appendField(12, varint: 2)
                    out.appendMessage(12) { $0.appendUvarint(2) }
                    out.appendField(14, varint: 3)
                    out.appendField(15, varint: 70)
                }
                out.appendMessage(4) { out in
                    out.appendField(2, double: 4)
                    out.appendMessage(10) { $0.appendLittleEndian(4.0.bitPattern) }
                    out.appendMessage(8) { $0.appendField(2, varint: 1) }
                    out.appendField(15, varint: 60)
                }
            }
            out.appendMessage(3) { out in
                out.appendField(1, varint: 1)
                out.appendField(2, string: "http_requests_total")
                out.appendField(4, string: "Requests.")
                out.appendField(5, string: "requests")
            }
            out.appendField(15, fixed32: 1)
            out.appendField(16, fixed64: 1)
        }
        let request = try RemoteWriteRequest.decode(body)
        #expect(request.batch.series.map(\.samples) == [0..<0])
        #expect(request.batch.exemplars.map(\.series) == [0, 0])
        #expect(request.batch.exemplars.map(\.exemplar) == [
            Exemplar(labels: .empty, value: 1, timestamp: 0, hasTimestamp: false),
            Exemplar(labels: Labels(["a": "é", "trace_id": "abc"]), value: -0.5, timestamp: 70, hasTimestamp: true),
        ])
        #expect(request.batch.histograms.map(\.series) == [0, 0])
        #expect(request.batch.histograms.map(\.timestamp) == [60, 70])
        #expect(request.batch.histograms.map(\.histogram) == [
            NativeHistogram(sum: 0, negativeSpans: [.init(offset: 0, length: 1)], counts: .float(.init(count: 4, zeroCount: 0, positive: [], negative: [4]))),
            NativeHistogram(
                counterReset: .gauge, schema: -3, sum: 0, positiveSpans: [.init(offset: 0, length: 2)],
                counts: .integer(.init(count: 3, zeroCount: 0, positive: [1, 2], negative: []))),
        ])
        let metadata = try #require(request.batch.metadata.first)
        #expect(metadata.metric == "http_requests_total")
        #expect(metadata.1 == MetricMetadata(kind: .counter, unit: "requests", help: "Requests."))
    }

    @Test("a body cut at any byte is an error, or what stood before the cut")
    func truncated() throws {
        let body = message { out in
            for i in 0..<5 { series(&out, labels: [("__name__", "metric_\(i)"), ("job", String(repeating: "x", count: 200))], samples: [(1_700_000_000_000, 1), (1_700_000_015_000, 2)]) }
            out.appendMessage(3) { $0.appendField(2, string: "metric_0") }
        }
        var whole: [Int: Int] = [:]
        var end = 0
        for i in 0..<6 { whole[end] = min(i, 5); end = try fieldEnd(body, from: end) }
        whole[end] = 5
        for cut in 0...body.count {
            let decoded = Result { () throws(MetricFormatError) in try RemoteWriteRequest.decode(Array(body.prefix(cut))) }
            switch (decoded, whole[cut]) {
            case (.success(let request), let count?): #expect(request.batch.series.count == count)
            case (.failure(.malformedMessage(let offset, _)), nil): #expect(offset <= cut)
            default: Issue.record("cut at \(cut): \(decoded)")
            }
        }
    }

    @Test("what is not a message is refused with its place", arguments: [
        ([0x0B], 0), ([0x07], 0), ([0x00, 0x00], 0), ([0x0A, 0x05, 0x0A], 2), ([0x0A, 0x02, 0x0A, 0x05], 4),
        ([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02], 9), ([0x0A, 0x04, 0x0A, 0x02, 0x0A, 0x01], 6),
        ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], 11),
    ] as [([UInt8], Int)])
    func malformed(body: [UInt8], offset: Int) {
        #expect {
            try RemoteWriteRequest.decode(body)
        } throws: { error in
            guard case MetricFormatError.malformedMessage(offset, _) = error else { return false }
            return true
        }
    }

    @Test("random bytes and random damage never do worse than an error")
    func damaged() throws {
        var random = SplitMix(state: 42)
        let good = message { out in
            for i in 0..<20 { series(&out, labels: [("__name__", "m\(i)"), ("a", "b")], samples: [(Int64(i), 1)]) }
        }
        var refused = 0
        for _ in 0..<5000 {
            var body = good
            for _ in 0..<(1 + random.next() % 4) { body[Int(random.next() % UInt64(body.count))] = UInt8(truncatingIfNeeded: random.next()) }
            do {
                let batch = try RemoteWriteRequest.decode(body).batch
                for series in batch.series { _ = labels(of: series, in: batch) }
            } catch { refused += 1 }
        }
        #expect(refused > 100 && refused < 5000)
    }

    // MARK: - Messages

    private func message(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
        var out = ByteWriter()
        body(&out)
        return out.array()
    }

    private func label(_ out: inout ByteWriter, _ name: String, _ value: String) {
        out.appendMessage(1) { $0.appendField(1, string: name); $0.appendField(2, string: value) }
    }

    private func sample(_ out: inout ByteWriter, _ timestamp: Int64, _ value: Double) {
        out.appendMessage(2) { $0.appendField(1, double: value); $0.appendField(2, varint: UInt64(bitPattern: timestamp)) }
    }

    private func series(_ out: inout ByteWriter, labels: [(String, String)], samples: [(Int64, Double)]) {
        out.appendMessage(1) { out in
            for (name, value) in labels { label(&out, name, value) }
            for (timestamp, value) in samples { sample(&out, timestamp, value) }
        }
    }

    /// Reads a key back the slow way, with the general protobuf cursor.
    private func labels(of series: SampleBatch.Series, in batch: SampleBatch) -> [[String]] {
        #expect(series.keyEncoding == .protobuf)
        return batch.arena[series.keyOffset..<series.keyOffset + series.keyLength].withUnsafeBufferPointer { bytes in
            var pairs: [[String]] = []
            do {
                var fields = ProtobufCursor(bytes)
                while let field = try fields.next() {
                    #expect(field.number == 1)
                    var pair = ["", ""]
                    var inner = ProtobufCursor(try fields.readBytes())
                    while let part = try inner.next() {
                        if part.wire == .lengthDelimited, part.number == 1 || part.number == 2 { pair[Int(part.number) - 1] = try inner.readString() } else { try inner.skip(part.wire) }
                    }
                    pairs.append(pair)
                }
            } catch { Issue.record("a decoded key is malformed: \(error)") }
            return pairs
        }
    }

    private func fieldEnd(_ body: [UInt8], from: Int) throws -> Int {
        try body[from...].withUnsafeBufferPointer { bytes in
            var fields = ProtobufCursor(bytes)
            if let field = try fields.next() { try fields.skip(field.wire) }
            return from + fields.cursor.offset
        }
    }
}

/// A small reproducible generator (Steele, Lea and Flood's SplitMix64).
struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
