import Bytes
import MetricFormats
import Testbed
import Testing

@Suite("Families as client libraries hold them", .ownThread)
struct ClientModelTests {
    @Test("text that was read is written back in the reference library's way", arguments: [
        ("a 1\n", "# TYPE a untyped\na 1\n"),
        ("# TYPE c counter\n# HELP c x\\ny\nc{b=\"1\",a=\"q\\\"\"} 1000000\n", "# HELP c x\\ny\n# TYPE c counter\nc{b=\"1\",a=\"q\\\"\"} 1e+06\n"),
        ("# TYPE s summary\ns_count 4\ns{quantile=\"0.5\"} 1\ns_sum 3\n", "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 3\ns_count 4\n"),
        ("# TYPE h histogram\nh_bucket{le=\"1\",x=\"y\"} 2\nh_count{x=\"y\"} 3\n", "# TYPE h histogram\nh_bucket{x=\"y\",le=\"1\"} 2\nh_bucket{x=\"y\",le=\"+Inf\"} 3\nh_sum{x=\"y\"} 0\nh_count{x=\"y\"} 3\n"),
        ("{\"a\",b=\"c\"} 1 17\n", "# TYPE a untyped\na{b=\"c\"} 1 17\n"),
        ("# TYPE a gauge\n", ""), ("\n \n# a comment\n", ""),
    ])
    func roundTrip(text: String, written: String) throws {
        let families = try ClientTextParser.parse(Array(text.utf8))
        #expect(String(decoding: ClientMetricFamily.encodeText(families), as: UTF8.self) == written)
        #expect(try ClientMetricFamily.decodeDelimited(ClientMetricFamily.encodeDelimited(families)) == families)
    }

    @Test("what is not the format is an error with line and reason", arguments: [
        ("a", 1, "unexpected end of input stream"), ("a 1\nb{", 2, "unexpected end of input stream"), ("a x\n", 1, "expected float as value, got \"x\""), ("{} 1\n", 1, "invalid metric name"),
        ("a{b=\"\\q\"} 1\n", 1, "invalid escape sequence '\\q'"), ("a{b=\"1\" c=\"2\"} 1\n", 1, "unexpected end of label value \"1\""),
        ("# TYPE a gauge\n# TYPE a counter\n", 2, "second TYPE line for metric name \"a\", or TYPE reported after samples"),
    ])
    func refusals(text: String, line: Int, reason: String) {
        #expect { try ClientTextParser.parse(Array(text.utf8)) } throws: { error in
            guard case .malformedText(line, _, reason)? = error as? MetricFormatError else { return false }
            return true
        }
    }

    @Test("more metrics or labels than are taken at once are an error, not memory")
    func bounds() {
        let many = Array(String(repeating: "a 1\n", count: 1_001).utf8)
        #expect(throws: MetricFormatError.self) { try ClientTextParser.parse(many, metricsMax: 1_000) }
        #expect(throws: MetricFormatError.self) { try ClientTextParser.parse(Array("a{\((0..<300).map { "l\($0)=\"\"" }.joined(separator: ","))} 1\n".utf8)) }
        var message = ByteWriter()
        message.appendField(1, string: "a")
        for _ in 0..<1_001 { message.appendMessage(4) { _ in } }
        message.insertUvarint(UInt64(message.count), at: 0)
        let body = message.array()
        #expect(throws: MetricFormatError.self) { try ClientMetricFamily.decodeDelimited(body, metricsMax: 1_000) }
    }

    @Test("a native histogram's fields go through protobuf as they came")
    func nativeHistogram() throws {
        var message = ByteWriter()
        message.appendField(1, string: "h")
        message.appendField(3, varint: 4)
        message.appendMessage(4) { metric in
            metric.appendMessage(7) { histogram in
                histogram.appendField(1, varint: 3)
                histogram.appendField(5, varint: 6)
                histogram.appendField(6, double: 0.25)
                histogram.appendMessage(12) { $0.appendField(1, varint: 2) }
            }
        }
        message.insertUvarint(UInt64(message.count), at: 0)
        let families = try ClientMetricFamily.decodeDelimited(message.array())
        let again = try ClientMetricFamily.decodeDelimited(ClientMetricFamily.encodeDelimited(families))
        #expect(again == families)
        guard case .histogram(let histogram)? = again.first?.metrics.first?.value else {
            Issue.record("the histogram is gone")
            return
        }
        #expect(histogram.native.count == 2 + 9 + 4)
        #expect(histogram.sampleCount == 3)
    }

    @Test("damaged messages are errors, whatever bytes they are made of", arguments: 1...200)
    func damaged(seed: UInt64) throws {
        var generator = SeededGenerator(seed)
        let text = "# TYPE s summary\ns{quantile=\"0.5\",a=\"b\"} 1\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 3\nc 4\n"
        var body = ClientMetricFamily.encodeDelimited(try ClientTextParser.parse(Array(text.utf8)))
        for _ in 0..<3 { body[Int.random(in: 0..<body.count, using: &generator)] = UInt8.random(in: 0 ... .max, using: &generator) }
        body.removeLast(Int.random(in: 0..<body.count, using: &generator))
        // Either it reads as something, which then is written and read again, or it is refused; it never crashes.
        if let families = try? ClientMetricFamily.decodeDelimited(body), !families.contains(where: { "\($0)".contains("nan") }) {
            #expect(try ClientMetricFamily.decodeDelimited(ClientMetricFamily.encodeDelimited(families)) == families)
        }
        var noise = Array(text.utf8)
        for _ in 0..<3 { noise[Int.random(in: 0..<noise.count, using: &generator)] = UInt8.random(in: 0 ... .max, using: &generator) }
        _ = try? ClientTextParser.parse(noise)
    }

    @Test("snappy frames: chunks of both kinds, padding, and what does not fit its checksum")
    func snappyFrames() throws {
        func chunk(_ kind: UInt8, _ body: [UInt8]) -> [UInt8] { [kind, UInt8(body.count & 0xFF), UInt8(body.count >> 8 & 0xFF), UInt8(body.count >> 16)] + body }
        func content(_ text: String, compressed: Bool, damage: UInt32 = 0) -> [UInt8] {
            let bytes = Array(text.utf8)
            let crc = CRC32C.checksum(bytes) ^ damage
            let masked = (crc >> 15 | crc << 17) &+ 0xA282_EAD8
            let head = (0..<4).map { UInt8(truncatingIfNeeded: masked >> UInt32(8 * $0)) }
            return chunk(compressed ? 0 : 1, head + (compressed ? Compression.snappy.compress(bytes) : bytes))
        }
        let begin = chunk(0xFF, Array("sNaPpY".utf8))
        func read(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> String {
            try String(decoding: bytes.withUnsafeBufferPointer { try SnappyFrames.decompress($0, limit: limit) }, as: UTF8.self)
        }
        #expect(try read(begin + content("one ", compressed: true) + chunk(0xFE, [0, 0]) + content("two", compressed: false)) == "one two")
        #expect(throws: ByteError.corruptCompression("snappy")) { try read(begin + content("one", compressed: true, damage: 1)) }
        #expect(throws: ByteError.corruptCompression("snappy")) { try read(content("one", compressed: true)) }
        #expect(throws: ByteError.corruptCompression("snappy")) { try read(begin + chunk(0x02, [])) }
        #expect(throws: ByteError.tooLarge(limit: 5)) { try read(begin + content("one two", compressed: false), limit: 5) }
        #expect(throws: ByteError.self) { try read(begin + content("one two", compressed: false).dropLast()) }
    }
}
