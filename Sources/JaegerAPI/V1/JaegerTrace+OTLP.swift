import TraceModel
import TraceQuery

extension JaegerTrace {
    /// Translates OTLP's model as the collector's Jaeger translator does (`pkg/translator/jaeger/traces_to_jaegerproto.go`, v0.155).
    ///
    /// - Parameter fillingNames: whether services and spans without a name get Jaeger's placeholders, as they do on their way into a store.
    package init(_ trace: AdjustedTrace, fillingNames: Bool = true) {
        let processes = trace.resources.map { Self.process($0, fillingNames) }
        self.init(spans: trace.entries.map { entry in
            Self.span(entry, processes[entry.resource], fillingNames)
        })
    }

    private static func process(_ resource: Resource, _ fillingNames: Bool) -> Process {
        let service: String
        if fillingNames {
            service = resource.serviceNameOrPlaceholder
        } else if resource.attributes.isEmpty {
            service = "OTLPResourceNoServiceName"
        } else {
            service = resource.serviceName ?? ""
        }
        return Process(service: service, tags: tags(resource.attributes.filter { $0.key != "service.name" }))
    }

    private static func span(_ entry: AdjustedTrace.Entry, _ process: Process, _ fillingNames: Bool) -> Span {
        let span = entry.span
        return Span(
            traceID: span.traceID, spanID: span.spanID, operation: fillingNames ? span.nameOrPlaceholder : span.name,
            // Of the flags only W3C's "sampled" has a twin.
            flags: span.flags & 1, references: references(span), startUnixNano: span.startUnixNano,
            durationNanos: Int64(bitPattern: span.endUnixNano &- span.startUnixNano), tags: tags(span, entry.scope), logs: span.events.map { log($0) },
            process: process, warnings: entry.warnings)
    }

    private static func tags(_ span: TraceModel.Span, _ scope: InstrumentationScope) -> [Tag] {
        var tags: [Tag] = []
        tags.reserveCapacity(span.attributes.count + 4)
        if !scope.name.isEmpty { tags.append(Tag("otel.scope.name", .string(scope.name))) }
        if !scope.version.isEmpty { tags.append(Tag("otel.scope.version", .string(scope.version))) }
        tags += self.tags(span.attributes)
        if span.kind != .unspecified { tags.append(Tag("span.kind", .string(span.kind.text))) }
        switch span.status.code {
        case .unset: break
        case .ok: tags.append(Tag("otel.status_code", .string("OK")))
        case .error:
            tags.append(Tag("otel.status_code", .string("ERROR")))
            tags.append(Tag("error", .bool(true)))
        }
        if !span.status.message.isEmpty { tags.append(Tag("otel.status_description", .string(span.status.message))) }
        if !span.traceState.isEmpty { tags.append(Tag("w3c.tracestate", .string(span.traceState))) }
        return tags
    }

    private static func tags(_ attributes: [Attribute]) -> [Tag] {
        attributes.map { attribute in
            switch attribute.value {
            case .bool(let flag): Tag(attribute.key, .bool(flag))
            case .int(let number): Tag(attribute.key, .int64(number))
            case .double(let number): Tag(attribute.key, .float64(number))
            case .bytes(let bytes): Tag(attribute.key, .binary(bytes))
            case .empty, .string, .array, .keyValues: Tag(attribute.key, .string(attribute.value.text))
            }
        }
    }

    private static func log(_ event: TraceModel.Span.Event) -> Log {
        var fields = tags(event.attributes)
        if !event.name.isEmpty, event.attributes["event"] == nil { fields.insert(Tag("event", .string(event.name)), at: 0) }
        return Log(timeUnixNano: event.timeUnixNano, fields: fields)
    }

    /// The parent first; a link to the parent only settles of which kind that reference is.
    private static func references(_ span: TraceModel.Span) -> [Reference] {
        var references: [Reference] = []
        if !span.parentSpanID.isNone { references.append(Reference(.childOf, span.traceID, span.parentSpanID)) }
        for link in span.links {
            let kind: Reference.Kind =
                switch link.attributes["opentracing.ref_type"] {
                case .string("child_of")?: .childOf
                default: .followsFrom
                }
            if !span.parentSpanID.isNone, link.traceID == span.traceID, link.spanID == span.parentSpanID {
                references[0].kind = kind
            } else {
                references.append(Reference(kind, link.traceID, link.spanID))
            }
        }
        return references
    }
}
