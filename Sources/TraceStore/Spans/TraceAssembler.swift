import TraceModel

/// Puts spans from several places together, one group for each resource and, within it, for each scope.
struct TraceAssembler {
    private(set) var resourceSpans: [ResourceSpans] = []
    private var places: [SpanScope: (Int, Int)] = [:]
    private var resources: [SpanScope: Int] = [:]

    mutating func add(_ scope: SpanScope, _ spans: [Span]) {
        if let (resource, place) = places[scope] {
            resourceSpans[resource].scopes[place].spans += spans
            return
        }
        let bare = SpanScope(resource: scope.resource, resourceSchemaURL: scope.resourceSchemaURL, scope: InstrumentationScope(), scopeSchemaURL: "")
        let index: Int
        if let known = resources[bare] {
            index = known
        } else {
            index = resourceSpans.count
            resources[bare] = index
            resourceSpans.append(ResourceSpans(resource: scope.resource, schemaURL: scope.resourceSchemaURL))
        }
        places[scope] = (index, resourceSpans[index].scopes.count)
        resourceSpans[index].scopes.append(ResourceSpans.ScopeSpans(scope: scope.scope, schemaURL: scope.scopeSchemaURL, spans: spans))
    }

    mutating func add(_ groups: [ResourceSpans]) {
        for group in groups {
            for scope in group.scopes {
                add(SpanScope(resource: group.resource, resourceSchemaURL: group.schemaURL, scope: scope.scope, scopeSchemaURL: scope.schemaURL), scope.spans)
            }
        }
    }
}
