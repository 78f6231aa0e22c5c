/// What becomes of a request after its answer (upstream storage/remote/client.go `Client.Store`).
enum SendVerdict: Equatable {
    case delivered
    case retry(reason: String, afterSeconds: Double?)
    /// Trying again would not help.
    case refused(reason: String)
    case stopped

    init(_ answer: RemoteAnswer, retriesRateLimit: Bool) {
        switch answer {
        case .cancelled: self = .stopped
        case .failed(let reason): self = .retry(reason: reason, afterSeconds: nil)
        case .answered(let status, let message, let seconds):
            let line = message.split(whereSeparator: \.isNewline).first.map { String($0.prefix(512)) } ?? ""
            let reason = "server returned HTTP status \(status): \(line)"
            switch status {
            case 200..<300: self = .delivered
            case 500..<600: self = .retry(reason: reason, afterSeconds: seconds)
            case 429 where retriesRateLimit: self = .retry(reason: reason, afterSeconds: seconds)
            default: self = .refused(reason: reason)
            }
        }
    }
}
