import TraceModel
import TraceStore

/// A span with what it stands under: traces are compared as sets of these, since groups and order are the store's to choose.
struct FlatSpan: Hashable {
    var span: Span
    var resource: Resource
    var resourceSchemaURL: String
    var scope: InstrumentationScope
    var scopeSchemaURL: String

    static func all(_ batch: [ResourceSpans]) -> [FlatSpan] {
        batch.flatMap { group in
            group.scopes.flatMap { scope in
                scope.spans.map {
                    FlatSpan(span: $0, resource: group.resource, resourceSchemaURL: group.schemaURL, scope: scope.scope, scopeSchemaURL: scope.schemaURL)
                }
            }
        }
    }

    /// How often each span is there.
    static func counts(_ batch: [ResourceSpans]) -> [FlatSpan: Int] { all(batch).reduce(into: [:]) { $0[$1, default: 0] += 1 } }
}

extension [ResourceSpans] {
    /// The batch's spans by trace.
    var byTrace: [TraceID: [ResourceSpans]] {
        var result: [TraceID: [ResourceSpans]] = [:]
        for flat in FlatSpan.all(self) {
            result[flat.span.traceID, default: []].append(ResourceSpans(
                resource: flat.resource, schemaURL: flat.resourceSchemaURL,
                scopes: [ResourceSpans.ScopeSpans(scope: flat.scope, schemaURL: flat.scopeSchemaURL, spans: [flat.span])]))
        }
        return result
    }
}
