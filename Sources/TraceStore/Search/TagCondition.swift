import TraceModel

/// One `key=value` of a search, with what it can mean besides an attribute of that name.
///
/// An attribute on the span, its events, links, scope or resource fulfils it when its text is the value's. Some keys name what OTLP
/// keeps elsewhere: `error`, `span.kind`, `span.status` … (`internal/storage/v2/memory/tenant.go` and the tags of Jaeger's v1 model).
struct TagCondition: Sendable {
    /// What else than an attribute fulfils the condition.
    enum Derived: Equatable, Sendable {
        case status(Span.Status.Code)
        /// Neither the status nor an attribute `error` says that the span failed.
        case notError
        case kind(Span.Kind)
        case statusMessage
        case traceState
        case scopeName
        case scopeVersion
        case eventName
        /// An attribute of the resource alone.
        case resourceAttribute(key: String)
    }

    let key: String
    let derived: Derived?
    let value: TagValue

    init(key: String, value text: String) {
        var derived: Derived?
        var compared = text
        switch key {
        case "error":
            switch text {
            case "1", "t", "T", "true", "TRUE", "True":
                derived = .status(.error)
                compared = "true"
            case "0", "f", "F", "false", "FALSE", "False":
                derived = .notError
                compared = "true"
            default: break
            }
        case "span.status", "otel.status_code":
            switch text.uppercased() {
            case "OK": derived = .status(.ok)
            case "ERROR": derived = .status(.error)
            case "UNSET": derived = .status(.unset)
            default: break
            }
        case "span.kind":
            derived = text.lowercased() == "unspecified" ? .kind(.unspecified) : Span.Kind(text: text).map { .kind($0) }
        case "otel.status_description": derived = .statusMessage
        case "w3c.tracestate": derived = .traceState
        case "scope.name", "otel.scope.name", "otel.library.name": derived = .scopeName
        case "scope.version", "otel.scope.version", "otel.library.version": derived = .scopeVersion
        case "event": derived = .eventName
        case _ where key.hasPrefix("resource."): derived = .resourceAttribute(key: String(key.dropFirst("resource.".count)))
        default: break
        }
        self.key = key
        self.derived = derived
        value = TagValue(compared)
    }

    /// Fulfilled unless found, instead of fulfilled when found.
    var isNegated: Bool { derived == .notError }

    /// The keys and values under which an index may hold a trace that fulfils the condition; nil when traces without any may too.
    var lookup: [(key: String, value: String)]? {
        let literal = (key: key, value: value.text)
        return switch derived {
        case nil: [literal]
        case .notError, .status(.unset), .kind(.unspecified): nil
        case .status(.error): [literal, (WellKnown.statusCode.text, WellKnown.failed.text)]
        case .status(.ok): [literal, (WellKnown.statusCode.text, WellKnown.ok.text)]
        case .kind(let kind): [literal, (WellKnown.spanKind.text, kind.text)]
        case .statusMessage: [literal, (WellKnown.statusMessage.text, value.text)]
        case .traceState: [literal, (WellKnown.traceState.text, value.text)]
        // A scope without a name or version is in no list.
        case .scopeName: value.text.isEmpty ? nil : [literal, (WellKnown.scopeName.text, value.text)]
        case .scopeVersion: value.text.isEmpty ? nil : [literal, (WellKnown.scopeVersion.text, value.text)]
        case .eventName: [literal, (WellKnown.event.text, value.text)]
        case .resourceAttribute(let key): [literal, (key, value.text)]
        }
    }

    /// Whether a scope's own attributes, name and version fulfil the condition.
    func isFound(in scope: SpanScope) -> Bool {
        if value.isText(of: scope.resource.attributes, under: key) || value.isText(of: scope.scope.attributes, under: key) { return true }
        switch derived {
        case .scopeName: return scope.scope.name.hasBytes(of: value.text)
        case .scopeVersion: return scope.scope.version.hasBytes(of: value.text)
        case .resourceAttribute(let key): return value.isText(of: scope.resource.attributes, under: key)
        default: return false
        }
    }
}

/// A searched value: its text, and the numbers of which it is the text.
struct TagValue: Sendable {
    let text: String
    let int: Int64?
    let double: Double?
    let bool: Bool?

    init(_ text: String) {
        self.text = text
        int = Int64(text).flatMap { String($0) == text ? $0 : nil }
        double = Double(text).flatMap { AttributeValue.text(of: $0) == text ? $0 : nil }
        bool = text == "true" ? true : text == "false" ? false : nil
    }

    func isText(of attributes: [Attribute], under key: String) -> Bool {
        attributes.contains { attribute in
            guard attribute.key.hasBytes(of: key) else { return false }
            switch attribute.value {
            case .string(let text): return text.hasBytes(of: self.text)
            case .int(let number): return number == int
            case .bool(let flag): return flag == bool
            case .double(let number): return number == double
            default: return attribute.value.text.hasBytes(of: text)
            }
        }
    }
}
