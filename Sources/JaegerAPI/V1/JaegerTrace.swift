import TraceModel

/// A trace in the model of Jaeger's v1 API (`internal/uimodel/model.go`).
package struct JaegerTrace: Hashable, Sendable {
    /// A tag's value with its type.
    package enum Value: Hashable, Sendable {
        case string(String)
        case bool(Bool)
        case int64(Int64)
        case float64(Double)
        case binary([UInt8])
    }

    package struct Tag: Hashable, Sendable {
        package var key: String
        package var value: Value
        package init(_ key: String, _ value: Value) {
            self.key = key
            self.value = value
        }
    }

    package struct Reference: Hashable, Sendable {
        package enum Kind: String, Sendable {
            case childOf = "CHILD_OF"
            case followsFrom = "FOLLOWS_FROM"
        }
        package var kind: Kind
        package var traceID: TraceID
        package var spanID: SpanID
        package init(_ kind: Kind, _ traceID: TraceID, _ spanID: SpanID) {
            self.kind = kind
            self.traceID = traceID
            self.spanID = spanID
        }
    }

    package struct Log: Hashable, Sendable {
        package var timeUnixNano: UInt64
        package var fields: [Tag]
        package init(timeUnixNano: UInt64, fields: [Tag]) {
            self.timeUnixNano = timeUnixNano
            self.fields = fields
        }
    }

    /// What produced spans. Spans of equal processes share one.
    package struct Process: Hashable, Sendable {
        package var service: String
        package var tags: [Tag]
        package init(service: String, tags: [Tag] = []) {
            self.service = service
            self.tags = tags
        }
    }

    package struct Span: Hashable, Sendable {
        package var traceID: TraceID
        package var spanID: SpanID
        package var operation: String
        package var flags: UInt32
        package var references: [Reference]
        package var startUnixNano: UInt64
        package var durationNanos: Int64
        package var tags: [Tag]
        package var logs: [Log]
        package var process: Process
        package var warnings: [String]

        package init(
            traceID: TraceID, spanID: SpanID, operation: String, flags: UInt32 = 0, references: [Reference] = [], startUnixNano: UInt64, durationNanos: Int64,
            tags: [Tag] = [], logs: [Log] = [], process: Process, warnings: [String] = []
        ) {
            self.traceID = traceID
            self.spanID = spanID
            self.operation = operation
            self.flags = flags
            self.references = references
            self.startUnixNano = startUnixNano
            self.durationNanos = durationNanos
            self.tags = tags
            self.logs = logs
            self.process = process
            self.warnings = warnings
        }
    }

    package var spans: [Span]
    package var warnings: [String]

    package init(spans: [Span], warnings: [String] = []) {
        self.spans = spans
        self.warnings = warnings
    }
}
