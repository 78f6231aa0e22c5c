/// Why `obstack query` has nothing to show.
enum QueryFailure: Error, CustomStringConvertible {
    /// Nobody answers there.
    case unreachable(server: String, reason: String)
    /// Whoever answers does not speak Prometheus's API.
    case unintelligible(url: String, reason: String)
    /// The server says what is wrong, and of which kind (`errorType` of the API).
    case refused(type: String, reason: String)

    var exitCode: Int32 {
        switch self {
        case .unreachable, .unintelligible: 1
        case .refused("bad_data", _): 2
        case .refused: 3
        }
    }

    var description: String {
        switch self {
        case .unreachable(let server, let reason): "\(server) does not answer: \(reason); --server says where to ask"
        case .unintelligible(let url, let reason): "\(url) does not answer as Prometheus does: \(reason)"
        case .refused("bad_data", let reason): "the query cannot be asked: \(reason)"
        case .refused(let type, let reason): "the query failed (\(type)): \(reason)"
        }
    }
}
