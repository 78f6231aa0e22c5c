/// The spans of one resource, by scope: the shape in which OTLP sends and the stores keep traces.
package struct ResourceSpans: Hashable, Sendable {
    package struct ScopeSpans: Hashable, Sendable {
        package var scope: InstrumentationScope
        package var schemaURL: String
        package var spans: [Span]
        package init(scope: InstrumentationScope = InstrumentationScope(), schemaURL: String = "", spans: [Span] = []) {
            self.scope = scope
            self.schemaURL = schemaURL
            self.spans = spans
        }
    }

    package var resource: Resource
    package var schemaURL: String
    package var scopes: [ScopeSpans]

    package init(resource: Resource = Resource(), schemaURL: String = "", scopes: [ScopeSpans] = []) {
        self.resource = resource
        self.schemaURL = schemaURL
        self.scopes = scopes
    }

    package var spanCount: Int { scopes.reduce(0) { $0 + $1.spans.count } }
}
