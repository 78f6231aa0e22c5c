/// One operation of a trace (opentelemetry/proto/trace/v1/trace.proto). Times are nanoseconds since the epoch.
package struct Span: Hashable, Sendable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        case unspecified = 0, `internal`, server, client, producer, consumer

        /// `server`, `client` … as Jaeger spells it; "" for unspecified.
        package var text: String {
            switch self {
            case .unspecified: ""
            case .internal: "internal"
            case .server: "server"
            case .client: "client"
            case .producer: "producer"
            case .consumer: "consumer"
            }
        }

        /// Reads `text`, in any case; nil for another word.
        package init?(text: String) {
            let lowered = text.lowercased()
            guard let kind = Self.allCases.first(where: { $0.text == lowered }) else { return nil }
            self = kind
        }
    }

    package struct Status: Hashable, Sendable {
        package enum Code: UInt8, Sendable { case unset = 0, ok, error }
        package var code: Code
        package var message: String
        package init(code: Code = .unset, message: String = "") {
            self.code = code
            self.message = message
        }
    }

    package struct Event: Hashable, Sendable {
        package var timeUnixNano: UInt64
        package var name: String
        package var attributes: [Attribute]
        package var droppedAttributesCount: UInt32
        package init(timeUnixNano: UInt64, name: String, attributes: [Attribute] = [], droppedAttributesCount: UInt32 = 0) {
            self.timeUnixNano = timeUnixNano
            self.name = name
            self.attributes = attributes
            self.droppedAttributesCount = droppedAttributesCount
        }
    }

    package struct Link: Hashable, Sendable {
        package var traceID: TraceID
        package var spanID: SpanID
        package var traceState: String
        package var attributes: [Attribute]
        package var droppedAttributesCount: UInt32
        package var flags: UInt32
        package init(traceID: TraceID, spanID: SpanID, traceState: String = "", attributes: [Attribute] = [], droppedAttributesCount: UInt32 = 0, flags: UInt32 = 0) {
            self.traceID = traceID
            self.spanID = spanID
            self.traceState = traceState
            self.attributes = attributes
            self.droppedAttributesCount = droppedAttributesCount
            self.flags = flags
        }
    }

    package var traceID: TraceID
    package var spanID: SpanID
    package var parentSpanID: SpanID
    package var traceState: String
    package var flags: UInt32
    package var name: String
    package var kind: Kind
    package var startUnixNano: UInt64
    package var endUnixNano: UInt64
    package var attributes: [Attribute]
    package var droppedAttributesCount: UInt32
    package var events: [Event]
    package var droppedEventsCount: UInt32
    package var links: [Link]
    package var droppedLinksCount: UInt32
    package var status: Status

    package init(
        traceID: TraceID, spanID: SpanID, parentSpanID: SpanID = .none, traceState: String = "", flags: UInt32 = 0, name: String,
        kind: Kind = .unspecified, startUnixNano: UInt64, endUnixNano: UInt64, attributes: [Attribute] = [], droppedAttributesCount: UInt32 = 0,
        events: [Event] = [], droppedEventsCount: UInt32 = 0, links: [Link] = [], droppedLinksCount: UInt32 = 0, status: Status = Status()
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentSpanID = parentSpanID
        self.traceState = traceState
        self.flags = flags
        self.name = name
        self.kind = kind
        self.startUnixNano = startUnixNano
        self.endUnixNano = endUnixNano
        self.attributes = attributes
        self.droppedAttributesCount = droppedAttributesCount
        self.events = events
        self.droppedEventsCount = droppedEventsCount
        self.links = links
        self.droppedLinksCount = droppedLinksCount
        self.status = status
    }

    /// What Jaeger calls a span without a name (`internal/jptrace/sanitizer`).
    package static let namePlaceholder = "empty-span-name"
    package var nameOrPlaceholder: String { name.isEmpty ? Self.namePlaceholder : name }

    /// How long it took; 0 when the clock ran backwards.
    package var durationNanos: UInt64 { endUnixNano >= startUnixNano ? endUnixNano - startUnixNano : 0 }
}
