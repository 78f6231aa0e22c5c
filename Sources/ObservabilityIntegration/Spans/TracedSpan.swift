import Tracing

/// A span as swift-distributed-tracing has them: what is recorded, and the context in which it is the one that runs.
package struct TracedSpan: Tracing.Span {
    package let recorded: RecordedSpan
    package let context: ServiceContext

    package var isRecording: Bool { recorded.isRecording }

    package var operationName: String {
        get { recorded.state.name }
        nonmutating set { recorded.update { $0.name = newValue } }
    }

    package var attributes: SpanAttributes {
        get { recorded.state.fields.reduce(into: [:]) { $0.set($1.key, value: $1.value) } }
        nonmutating set {
            let fields = newValue.fields
            recorded.update { $0.fields = fields }
        }
    }

    package func setStatus(_ status: SpanStatus) {
        recorded.update { state in
            state.status = status.code == .ok ? .ok : .error
            // `withSpan` says that there was an error, without words, when it has recorded one: its words stay.
            if let message = status.message { state.statusMessage = message.cut } else if status.code == .ok { state.statusMessage = "" }
        }
    }

    package func addEvent(_ event: SpanEvent) {
        let kept = RecordedSpan.Event(name: event.name, unixNanos: event.nanosecondsSinceEpoch, fields: event.attributes.fields)
        recorded.update { if $0.events.count < RecordedSpan.fieldsMax { $0.events.append(kept) } }
    }

    package func recordError<Instant: TracerInstant>(_ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant) {
        recorded.record(error, describing: attributes, atUnixNanos: instant().nanosecondsSinceEpoch)
    }

    package func addLink(_ link: SpanLink) {
        if let other = link.context.activeSpan { recorded.link(to: other, describing: link.attributes) }
    }

    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        recorded.end(atUnixNanos: instant().nanosecondsSinceEpoch)
    }
}
