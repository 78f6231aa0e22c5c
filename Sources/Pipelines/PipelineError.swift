/// Why a whole batch was not taken.
package enum PipelineError: Error, Equatable {
    /// Bodies of `bytes` would be in flight, and only `limit` may. Trying again helps.
    case full(bytes: Int, limit: Int)
    /// The destination takes nothing now: its disk is full, or it is shutting down. Trying again may help.
    case unavailable(String)
    /// The batch is larger than the destination takes. Smaller ones may pass.
    case tooLarge(String)
    /// The destination failed. Trying again does not help.
    case failed(String)

    package var isRetryable: Bool {
        switch self {
        case .full, .unavailable: true
        case .tooLarge, .failed: false
        }
    }
}

extension PipelineError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .full(let bytes, let limit): "\(bytes) bytes of telemetry are in flight, at most \(limit) may be; try again"
        case .unavailable(let reason), .tooLarge(let reason), .failed(let reason): reason
        }
    }
}
