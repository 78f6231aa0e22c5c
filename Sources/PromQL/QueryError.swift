import MetricStore

/// Why a query has no answer.
package enum QueryError: Error, Sendable {
    /// The text is not PromQL.
    case parse(ParseError)
    /// The query is PromQL but cannot be asked this way, such as a range query for a range vector.
    case invalid(String)
    /// The query is well-formed and its data does not allow the operation.
    case execution(String)
    /// It would hold more than `limit` samples at once; `part` is the sub-expression that met the bound.
    case tooManySamples(limit: Int, part: String)
    /// It would hold more than `limit` bytes at once; `part` is the sub-expression that met the bound.
    case tooMuchMemory(limit: Int, part: String)
    /// It ran, or stood in the queue, for longer than it may.
    case timeout(seconds: Double, phase: String)
    /// Whoever asked has gone.
    case canceled(phase: String)
    case storage(MetricStoreError)

    /// The `errorType` of the HTTP API.
    package var errorType: String {
        switch self {
        case .parse, .invalid: "bad_data"
        case .execution, .tooManySamples, .tooMuchMemory: "execution"
        case .timeout: "timeout"
        case .canceled: "canceled"
        case .storage: "internal"
        }
    }
}

extension QueryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .parse(let error): error.description
        case .invalid(let reason), .execution(let reason): reason
        case .tooManySamples(let limit, let part):
            "query processing would load too many samples into memory in query execution: more than \(limit) at once in \(part)"
        case .tooMuchMemory(let limit, let part):
            "query processing would take too much memory in query execution: more than \(limit) bytes at once in \(part)"
        case .timeout(let seconds, let phase): "query timed out in \(phase) after \(GoFormat.general(seconds)) s"
        case .canceled(let phase): "query was canceled in \(phase)"
        case .storage(let error): "expanding series: \(error)"
        }
    }
}
