/// Strings that every head numbers the same, first of all: the names under which searches know what is not an attribute, and its values.
enum WellKnown: UInt32, CaseIterable {
    case empty = 0
    /// The service of a span's resource. The control character keeps it apart from what anybody sends.
    case service
    /// A span's name.
    case operation
    case error
    case spanKind
    case statusCode
    case statusMessage
    case traceState
    case scopeName
    case scopeVersion
    case event
    case ok
    case failed
    case `internal`
    case server
    case client
    case producer
    case consumer

    var text: String {
        switch self {
        case .empty: ""
        case .service: "\u{1}service"
        case .operation: "\u{1}operation"
        case .error: "error"
        case .spanKind: "span.kind"
        case .statusCode: "otel.status_code"
        case .statusMessage: "otel.status_description"
        case .traceState: "w3c.tracestate"
        case .scopeName: "otel.scope.name"
        case .scopeVersion: "otel.scope.version"
        case .event: "event"
        case .ok: "OK"
        case .failed: "ERROR"
        case .internal: "internal"
        case .server: "server"
        case .client: "client"
        case .producer: "producer"
        case .consumer: "consumer"
        }
    }
}

extension WellKnown {
    /// The name of a `Span.Kind`; nil for unspecified.
    init?(kind: UInt8) {
        switch kind {
        case 1: self = .internal
        case 2: self = .server
        case 3: self = .client
        case 4: self = .producer
        case 5: self = .consumer
        default: return nil
        }
    }
}
