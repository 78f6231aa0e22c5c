/// What is wrong with a configuration of alerting, in the words that its reader needs.
package enum AlertingError: Error, Equatable, Sendable {
    /// A matcher that cannot be read: the text, and why.
    case invalidMatcher(String, reason: String)
    case invalidRoute(reason: String)
    case invalidReceiver(reason: String)
    case invalidTimeInterval(reason: String)
}

extension AlertingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidMatcher(let text, let reason): "the matcher \(text) cannot be read: \(reason)"
        case .invalidRoute(let reason), .invalidReceiver(let reason), .invalidTimeInterval(let reason): reason
        }
    }
}
