import Bytes
import TraceModel

extension TraceID {
    /// As Jaeger's model prints it: 16 digits when the upper half is zero, else 32 (`model/v1/ids.go`).
    package var jaegerText: String { high == 0 ? String(description.dropFirst(16)) : description }
}

extension JaegerTrace {
    /// Integers beyond this lose digits in JavaScript and are written as strings.
    private static let safeIntegerMax: Int64 = 1 << 53 - 1

    /// Writes the trace as the v1 API does (`internal/uimodel/converter/v1/json/from_domain.go`): processes are numbered p1, p2 … as
    /// spans first name them, times are whole microseconds.
    package func write(into json: inout JSONWriter) {
        var numbers: [Process: Int] = [:]
        var processes: [Process] = []
        json.object { json in
            json.member("traceID", spans.first?.traceID.jaegerText ?? "")
            json.key("spans")
            json.array { json in
                for span in spans {
                    if numbers[span.process] == nil {
                        processes.append(span.process)
                        numbers[span.process] = processes.count
                    }
                    Self.write(span, process: numbers[span.process] ?? 0, into: &json)
                }
            }
            json.key("processes")
            json.object { json in
                // A Go map's keys are written in the order of their text.
                for (key, process) in processes.enumerated().map({ ("p\($0.offset + 1)", $0.element) }).sorted(by: { $0.0 < $1.0 }) {
                    json.key(key)
                    json.object { json in
                        json.member("serviceName", process.service)
                        json.key("tags")
                        Self.write(process.tags, into: &json)
                    }
                }
            }
            json.key("warnings")
            Self.write(warnings: warnings, into: &json)
        }
    }

    private static func write(_ span: Span, process: Int, into json: inout JSONWriter) {
        json.object { json in
            json.member("traceID", span.traceID.jaegerText)
            json.member("spanID", span.spanID.description)
            if span.flags != 0 { json.member("flags", span.flags) }
            json.member("operationName", span.operation)
            json.key("references")
            json.array { json in
                for reference in span.references {
                    json.object { json in
                        json.member("refType", reference.kind.rawValue)
                        json.member("traceID", reference.traceID.jaegerText)
                        json.member("spanID", reference.spanID.description)
                    }
                }
            }
            json.member("startTime", span.startUnixNano / 1000)
            json.member("duration", max(span.durationNanos, 0) / 1000)
            json.key("tags")
            write(span.tags, into: &json)
            json.key("logs")
            json.array { json in
                for log in span.logs {
                    json.object { json in
                        json.member("timestamp", log.timeUnixNano / 1000)
                        json.key("fields")
                        write(log.fields, into: &json)
                    }
                }
            }
            json.member("processID", "p\(process)")
            json.key("warnings")
            write(warnings: span.warnings, into: &json)
        }
    }

    private static func write(_ tags: [Tag], into json: inout JSONWriter) {
        json.array { json in
            for tag in tags {
                json.object { json in
                    json.member("key", tag.key)
                    switch tag.value {
                    case .string(let text):
                        json.member("type", "string")
                        json.member("value", text)
                    case .bool(let flag):
                        json.member("type", "bool")
                        json.member("value", flag)
                    case .int64(let number):
                        json.member("type", "int64")
                        if number.magnitude > safeIntegerMax.magnitude { json.member("value", String(number)) } else { json.member("value", number) }
                    case .float64(let number):
                        json.member("type", "float64")
                        json.key("value")
                        json.double(number)
                    case .binary(let bytes):
                        json.member("type", "binary")
                        json.member("value", Base64.encode(bytes))
                    }
                }
            }
        }
    }

    private static func write(warnings: [String], into json: inout JSONWriter) {
        json.strings(warnings, orNull: true)
    }
}

extension JSONWriter {
    /// An array of strings; Go's nil slice, which an empty one often is, becomes null.
    mutating func strings(_ texts: [String], orNull: Bool) {
        if texts.isEmpty, orNull { null() } else { array { json in for text in texts { json.string(text) } } }
    }
}
