import Bytes
import FoundationEssentials
import OTLP
import Testing
import TraceModel

struct TraceTests {
    @Test("what is encoded decodes to the same spans, in protobuf and in JSON", arguments: 1..<9)
    func roundTrip(seed: UInt64) throws {
        var random = RandomSpans(seed: seed)
        for _ in 0..<50 {
            let batch = random.batch()
            #expect(try OTLPTraces.decode(protobuf: OTLPTraces.encode(batch)) == batch)
            #expect(try OTLPTraces.decode(json: OTLPTraces.encodeJSON(batch)) == batch)
        }
    }

    @Test("a body cut off or changed anywhere decodes or is refused, and never traps", arguments: 1..<12)
    func damage(seed: UInt64) throws {
        var random = RandomSpans(seed: seed)
        var batch = random.batch()
        while batch.reduce(0, { $0 + $1.spanCount }) < 2 { batch += random.batch() }
        let whole = OTLPTraces.encode(batch)
        var refused = 0
        for length in 0..<whole.count where (try? OTLPTraces.decode(protobuf: Array(whole[..<length]))) == nil { refused += 1 }
        #expect(refused > whole.count / 2)
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= UInt8(truncatingIfNeeded: random.next()) | 1
            _ = try? OTLPTraces.decode(protobuf: damaged)
        }
        let json = OTLPTraces.encodeJSON(batch)
        for length in stride(from: 0, to: json.count, by: 7) { #expect(throws: OTLPError.self) { try OTLPTraces.decode(json: Array(json[..<length])) } }
    }

    @Test("JSON takes proto names, numbers for 64-bit integers, names for enumerations, null for absent, and skips what it does not know")
    func jsonRules() throws {
        let json = """
            {"resource_spans":[{"resource":null,"unknown":{"a":[1]},"scope_spans":[{"spans":[{"trace_id":"5B8EFFF798038103D269B633813FC60C",
            "spanId":"eee19b7ec3c1b174","parentSpanId":"","name":"s","kind":"SPAN_KIND_CLIENT","startTimeUnixNano":1544712660000000000,
            "endTimeUnixNano":"1544712661000000000","status":{"code":"STATUS_CODE_ERROR"},"attributes":[{"key":"n","value":{"intValue":"-7"}},
            {"key":"m","value":{"intValue":7}},{"key":"b","value":{"bytesValue":"AQID_w"}},{"key":"d","value":{"doubleValue":"NaN"}}]}]}]}]}
            """
        let span = try #require(OTLPTraces.decode(json: Array(json.utf8)).first?.scopes.first?.spans.first)
        #expect(span.traceID.description == "5b8efff798038103d269b633813fc60c")
        #expect(span.spanID.description == "eee19b7ec3c1b174")
        #expect(span.parentSpanID.isNone)
        #expect(span.kind == .client)
        #expect(span.startUnixNano == 1_544_712_660_000_000_000 && span.endUnixNano == 1_544_712_661_000_000_000)
        #expect(span.status.code == .error)
        #expect(span.attributes["n"] == .int(-7) && span.attributes["m"] == .int(7) && span.attributes["b"] == .bytes([1, 2, 3, 255]))
        guard case .double(let number) = span.attributes["d"] else { Issue.record("no double"); return }
        #expect(number.isNaN)
    }

    @Test("a refusal says where and what would be right", arguments: [
        (#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{"startTimeUnixNano":"soon"}]}]}]}"#,
         "resourceSpans[0].scopeSpans[0].spans[1].startTimeUnixNano: an integer of 64 bits was expected"),
        (#"{"resourceSpans":{}}"#, "resourceSpans: an array was expected"),
        (#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"abc"}]}]}]}"#,
         "resourceSpans[0].scopeSpans[0].spans[0].traceId: an id of 32 hexadecimal digits was expected"),
        (#"[]"#, "the document: an object was expected"),
    ])
    func refusals(json: String, message: String) {
        let error = #expect(throws: OTLPError.self) { try OTLPTraces.decode(json: Array(json.utf8)) }
        #expect(error?.description == message)
    }

    @Test("attribute values nested without end are refused")
    func depth() {
        var value = AttributeValue.bool(true)
        for _ in 0..<63 { value = .array([value]) }
        func batch(_ value: AttributeValue) -> [ResourceSpans] { [ResourceSpans(resource: Resource(attributes: [Attribute("a", value)]))] }
        #expect(throws: Never.self) { try OTLPTraces.decode(protobuf: OTLPTraces.encode(batch(value))) }
        #expect(throws: OTLPError.tooDeep(limit: 64)) { try OTLPTraces.decode(protobuf: OTLPTraces.encode(batch(.array([value])))) }
    }

    @Test("a small body that would fill the memory is refused")
    func memory() {
        var scope = ByteWriter()
        for _ in 0..<100_000 { scope.appendMessage(2) { _ in } }
        var body = ByteWriter()
        body.appendMessage(1) { out in out.appendMessage(2) { out in scope.withBytes { out.append($0) } } }
        #expect(throws: OTLPError.tooLarge(limit: 1 << 20)) { try OTLPTraces.decode(protobuf: body.array(), memoryMax: 1 << 20) }
    }

    @Test("ids of another length are refused")
    func ids() {
        var body = ByteWriter()
        body.appendMessage(1) { $0.appendMessage(2) { $0.appendMessage(2) { $0.appendField(1, string: "fifteen bytes..") } } }
        #expect(throws: OTLPError.invalidIDLength(field: "trace_id", expected: 16, found: 15)) { try OTLPTraces.decode(protobuf: body.array()) }
    }

    @Test("the specification's own example decodes")
    func conformance() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/conformance/otlp/trace.json").standardizedFileURL
        guard let data = try? Data(contentsOf: url) else {
            print("skipped: no conformance data at ../shared/conformance")
            return
        }
        let batch = try OTLPTraces.decode(json: [UInt8](data))
        #expect(batch.first?.resource.serviceName == "my.service")
        #expect(batch.first?.scopes.first?.scope.name == "my.library")
        let span = try #require(batch.first?.scopes.first?.spans.first)
        #expect(span.name == "I'm a server span" && span.kind == .server && span.durationNanos == 1_000_000_000)
        #expect(span.attributes == [Attribute("my.span.attr", .string("some value"))])
    }
}
