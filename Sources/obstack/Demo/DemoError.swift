/// Why the demo ended early, in a line for the terminal.
enum DemoError: Error, CustomStringConvertible {
    /// Nothing answers there.
    case unreachable(url: String, reason: String)
    /// What answers refuses telemetry.
    case refused(url: String, status: Int, body: String)

    var description: String {
        switch self {
        case .unreachable(let url, let reason): "cannot reach OTLP at \(url) (\(reason)); start the stack with 'obstack serve', or name its address with --otlp"
        case .refused(let url, let status, let body): "\(url) answered \(status): \(body.isEmpty ? "no reason given" : body)"
        }
    }
}
