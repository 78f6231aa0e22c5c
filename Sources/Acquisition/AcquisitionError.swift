/// What is wrong with a scrape configuration, in the words a reader of the configuration needs.
package enum AcquisitionError: Error, Equatable, Sendable {
    case invalidRelabelRule(action: String, reason: String)
    case invalidScrapeConfig(job: String, reason: String)
    case duplicateJob(String)
    /// A file of targets that cannot be used: which, and why.
    case invalidTargetFile(path: String, reason: String)
}

extension AcquisitionError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidRelabelRule(let action, let reason): "relabel rule with action \(action): \(reason)"
        case .invalidScrapeConfig(let job, let reason): "scrape config with job name \"\(job)\": \(reason)"
        case .duplicateJob(let job): "found multiple scrape configs with job name \"\(job)\""
        case .invalidTargetFile(let path, let reason): "target file \(path): \(reason)"
        }
    }
}
