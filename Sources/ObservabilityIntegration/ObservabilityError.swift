/// Why something that was asked of the library does not stand, or was not answered.
public enum ObservabilityError: Error, Equatable, CustomStringConvertible {
    /// Metrics cannot be served there, mostly because the port is taken. Spans are sent all the same.
    case metricsNotServed(host: String, port: Int, reason: String)
    /// A setting is not what it should be; nothing was started.
    case invalidSetting(name: String, value: String, expected: String)
    /// Nobody answers a question.
    case noAnswer(url: String, reason: String)
    /// What answers a question does not speak as the stack does.
    case unknownAnswer(url: String)
    /// A question was refused, in the words of who refused it.
    case refused(url: String, status: Int, reason: String)

    public var description: String {
        switch self {
        case .metricsNotServed(let host, let port, let reason): "metrics are not served on \(host):\(port): \(reason)"
        case .invalidSetting(let name, let value, let expected): "\(name) is '\(value)'; it should be \(expected)"
        case .noAnswer(let url, let reason): "nobody answers at \(url) (\(reason)); is the stack running?"
        case .unknownAnswer(let url): "what answers at \(url) is not the API; is it the right port?"
        case .refused(let url, let status, let reason): "\(url) answers \(status): \(reason)"
        }
    }
}
