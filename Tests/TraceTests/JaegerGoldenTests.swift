import Bytes
import HTTPSurface
import Hummingbird
import HummingbirdTesting
import JaegerAPI
import NIOCore
import Platform
import Testbed
import Testing
import TraceModel
import TraceStore

@Suite(.ownThread, .enabled(if: Conformance.isPresent, Conformance.absent))
struct JaegerGoldenTests {
    @Test("OTLP JSON becomes Jaeger's JSON, field for field")
    func transform() async throws {
        let input = try Conformance.bytes("json/otlp2jaeger-in.json")
        let expected = try Conformance.json("json/otlp2jaeger-out.json").unordered
        let answer = try await Door.with { try await $0.post("/api/transform", input) }
        let actual = try answer.json().unordered
        #expect(answer.status == .ok)
        #expect(actual == expected)
    }

    @Test("Jaeger's model becomes its page's JSON, field for field")
    func domain() throws {
        let trace = try Self.trace(Conformance.json("json/domain_01.json"))
        var json = JSONWriter()
        trace.write(into: &json)
        #expect(try JSONParser.parse(json.finish()).unordered == Conformance.json("json/ui_01.json").unordered)
    }

    /// Reads the JSON form of Jaeger's protobuf model.
    private static func trace(_ json: JSONValue) throws -> JaegerTrace {
        func strings(_ value: JSONValue?) -> [String] { (value?.array ?? []).compactMap(\.string) }
        func number(_ text: String?) throws -> [UInt64] {
            let bytes = try #require(text.flatMap { Base64.decode($0) })
            return stride(from: 0, to: bytes.count, by: 8).map { bytes[$0..<$0 + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        }
        func traceID(_ value: JSONValue?) throws -> TraceID {
            let halves = try number(value?.string)
            return TraceID(high: halves[0], low: halves[1])
        }
        func spanID(_ value: JSONValue?) throws -> SpanID { SpanID(try number(value?.string)[0]) }
        func tags(_ value: JSONValue?) throws -> [JaegerTrace.Tag] {
            try (value?.array ?? []).map { tag in
                let value: JaegerTrace.Value =
                    switch tag["vType"]?.string {
                    case "BOOL": .bool(tag["vBool"]?.bool ?? false)
                    case "INT64": .int64(Int64(tag["vInt64"]?.int ?? 0))
                    case "FLOAT64": .float64(tag["vFloat64"]?.double ?? 0)
                    case "BINARY": .binary(try #require(Base64.decode(tag["vBinary"]?.string ?? "")))
                    default: .string(tag["vStr"]?.string ?? "")
                    }
                return JaegerTrace.Tag(tag["key"]?.string ?? "", value)
            }
        }
        // Every time of the fixture is this one.
        let time: UInt64 = 1_485_467_191_639_875_139
        return JaegerTrace(
            spans: try (json["spans"]?.array ?? []).map { span in
                JaegerTrace.Span(
                    traceID: try traceID(span["traceId"]), spanID: try spanID(span["spanId"]), operation: span["operationName"]?.string ?? "",
                    references: try (span["references"]?.array ?? []).map { reference in
                        JaegerTrace.Reference(
                            reference["refType"]?.string == "CHILD_OF" ? .childOf : .followsFrom, try traceID(reference["traceId"]),
                            try spanID(reference["spanId"]))
                    },
                    startUnixNano: time, durationNanos: try #require(Int64((span["duration"]?.string ?? "").dropLast(2))), tags: try tags(span["tags"]),
                    logs: try (span["logs"]?.array ?? []).map { JaegerTrace.Log(timeUnixNano: time, fields: try tags($0["fields"])) },
                    process: JaegerTrace.Process(service: span["process"]?["serviceName"]?.string ?? ""), warnings: strings(span["warnings"]))
            }, warnings: strings(json["warnings"]))
    }
}

extension JSONValue {
    /// The document with every object's members in the order of their keys, for comparison.
    var unordered: JSONValue {
        switch self {
        case .array(let values): .array(values.map(\.unordered))
        case .object(let members): .object(members.map { Member($0.key, $0.value.unordered) }.sorted { $0.key < $1.key })
        case .number(let digits): Double(digits).map { JSONValue($0) } ?? self
        default: self
        }
    }
}
