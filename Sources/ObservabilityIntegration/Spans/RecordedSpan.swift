import Synchronization
import Tracing

/// One timed operation, used from any thread. Where its trace is not recorded it has its ids, and keeps nothing of what is said of it.
package final class RecordedSpan: Sendable {
    /// Attributes that one span keeps, and one event; further ones are dropped. So it is with events and links.
    package static let fieldsMax = 128
    /// Bytes of an attribute's or a message's text that are kept.
    package static let textMax = 4_096

    package struct Field: Sendable {
        package let key: String
        package let value: SpanAttribute

        /// Cuts what is too long.
        package init(_ key: String, _ value: SpanAttribute) {
            self.key = key
            if case .string(let text) = value, text.utf8.count > RecordedSpan.textMax { self.value = .string(text.cut) } else { self.value = value }
        }
    }

    package struct Event: Sendable {
        package let name: String
        package let unixNanos: UInt64
        package let fields: [Field]
    }

    package struct Link: Sendable {
        package let traceID: TraceID
        package let spanID: SpanID
        package let traceState: String?
        package let fields: [Field]
    }

    package enum StatusCode: UInt64, Sendable { case unset = 0, ok, error }

    package struct State: Sendable {
        package var name: String
        package var fields: [Field]
        package var events: [Event] = []
        package var links: [Link] = []
        package var status = StatusCode.unset
        package var statusMessage = ""
        /// 0 while it runs.
        package var endUnixNanos: UInt64 = 0
    }

    package let traceID: TraceID
    package let spanID = SpanID.random()
    package let parentID: SpanID?
    package let traceState: String?
    package let kind: SpanKind
    package let isRecording: Bool
    /// Whether it is a workflow's span, or below one.
    package let isInWorkflow: Bool
    /// Where it reports to; none while observability is off.
    package let session: ObservabilitySession?
    package let startUnixNanos: UInt64
    private let startTicks: UInt64
    private let content: Mutex<State>

    /// Starts now, or when `startUnixNanos` says. Below a span of this process time goes on as it began there, so that what is below ends before it.
    package init(
        _ name: String, session: ObservabilitySession?, traceID: TraceID, parent: ActiveSpan?, kind: SpanKind = .internal, fields: [Field] = [],
        isInWorkflow: Bool = false, startUnixNanos: UInt64? = nil
    ) {
        (self.session, self.traceID, self.kind, self.isInWorkflow) = (session, traceID, kind, isInWorkflow)
        (parentID, traceState) = (parent?.spanID, parent?.traceState)
        isRecording = session?.sampler.records(traceID, parentIsSampled: parent?.isSampled) ?? false
        startTicks = SpanClock.ticks()
        self.startUnixNanos = startUnixNanos ?? parent?.span?.time(at: startTicks) ?? SpanClock.unixNanos()
        content = Mutex(State(name: name, fields: isRecording ? fields : []))
    }

    package var state: State { content.withLock { $0 } }

    /// Changes what is kept, while it runs and is recorded.
    package func update(_ change: (inout State) -> Void) {
        guard isRecording else { return }
        content.withLock { state in
            guard state.endUnixNanos == 0 else { return }
            change(&state)
        }
    }

    /// Says something about the span; what was said before under this key is replaced.
    package func set(_ key: String, _ value: SpanAttribute) {
        update { $0.fields.set(Field(key, value)) }
    }

    /// Says that the span has to do with another one, which is not its parent.
    package func link(to other: ActiveSpan, describing attributes: SpanAttributes = [:]) {
        let link = Link(traceID: other.traceID, spanID: other.spanID, traceState: other.traceState, fields: attributes.fields)
        update { if $0.links.count < Self.fieldsMax { $0.links.append(link) } }
    }

    /// Makes the status an error, with the error as an event, as OpenTelemetry's conventions have it.
    package func record(_ error: any Error, describing more: SpanAttributes = [:], atUnixNanos moment: UInt64? = nil) {
        let isCancellation = error is CancellationError
        let name = isCancellation ? "CancelledError" : String(reflecting: type(of: error))
        let message = isCancellation ? "" : String(describing: error).cut
        let fields = [Field("exception.type", .string(name)), Field("exception.message", .string(message))] + more.fields
        let now = moment ?? self.now
        update { state in
            (state.status, state.statusMessage) = (.error, message.isEmpty ? errorName(error) : message)
            if state.events.count < Self.fieldsMax { state.events.append(Event(name: "exception", unixNanos: now, fields: fields)) }
        }
    }

    /// Ends now, or when `unixNanos` says, once; how long it took in seconds. Hands the span to its session.
    @discardableResult
    package func end(atUnixNanos unixNanos: UInt64? = nil) -> Double {
        let end = max(unixNanos ?? now, startUnixNanos)
        let isFirst = content.withLock { state in
            defer { if state.endUnixNanos == 0 { state.endUnixNanos = end } }
            return state.endUnixNanos == 0
        }
        if isFirst, isRecording { session?.exporter.submit(self) }
        return Double(end - startUnixNanos) / 1e9
    }

    private var now: UInt64 { time(at: SpanClock.ticks()) }

    private func time(at ticks: UInt64) -> UInt64 { startUnixNanos &+ (ticks &- startTicks) }
}

/// What an error's type is called in metrics. A cancelled execution's is `CancelledError`, by which alerts can leave it out.
package func errorName(_ error: any Error) -> String { error is CancellationError ? "CancelledError" : String(describing: type(of: error)) }

extension [RecordedSpan.Field] {
    mutating func set(_ field: RecordedSpan.Field) {
        if let index = firstIndex(where: { $0.key == field.key }) {
            self[index] = field
        } else if count < RecordedSpan.fieldsMax {
            append(field)
        }
    }
}

extension SpanAttributes {
    /// As a span keeps them.
    var fields: [RecordedSpan.Field] {
        var fields: [RecordedSpan.Field] = []
        forEach { if fields.count < RecordedSpan.fieldsMax { fields.append(RecordedSpan.Field($0, $1)) } }
        return fields
    }
}

extension String {
    /// At most as many bytes as a span keeps, in whole characters.
    var cut: String {
        guard utf8.count > RecordedSpan.textMax else { return self }
        var end = utf8.index(startIndex, offsetBy: RecordedSpan.textMax)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
