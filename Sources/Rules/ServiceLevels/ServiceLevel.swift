import MetricModel

/// What a service promises: which share of executions is good over a length of time. Compiled to rules by `groups`.
package struct ServiceLevel: Sendable, Hashable {
    package enum Objective: Sendable, Hashable {
        /// An execution is good that takes no longer; the threshold must be one of the histogram's bounds.
        case latency(thresholdMillis: Double)
        /// An execution is good that does not fail. Beside the budget the rate of errors itself is watched: above the threshold it raises an alert.
        case errors(rateThreshold: Double)
    }

    package enum Invalid: Error, Equatable, CustomStringConvertible {
        case name
        case target(Double)
        case window(Double)
        case threshold(Double)
        case rate(Double)

        package var description: String {
            switch self {
            case .name: "name: a service level needs a name"
            case .target(let target): "target: \(target) is not a share between 0 and 1, such as 0.99"
            case .window(let seconds): "window_seconds: \(seconds) is not a number of seconds between 300 and 31536000"
            case .threshold(let millis): "threshold_ms: \(millis) is not a number of milliseconds above 0"
            case .rate(let rate): "error_rate_threshold: \(rate) is not a share between 0 and 1, such as 0.05"
            }
        }
    }

    package let name: String
    /// The share of executions that must be good, between 0 and 1.
    package let target: Double
    package let objective: Objective
    package let window: ModelDuration
    package let description: String
    /// Which executions count; nil for all.
    package let primitive: String?
    package let job: String?

    package init(
        name: String, target: Double, objective: Objective, windowSeconds: Double, description: String = "", primitive: String? = nil, job: String? = nil
    ) throws(Invalid) {
        guard !name.isEmpty else { throw .name }
        guard target > 0, target < 1 else { throw .target(target) }
        guard windowSeconds >= 300, windowSeconds <= 31_536_000 else { throw .window(windowSeconds) }
        switch objective {
        case .latency(let millis): guard millis > 0, millis.isFinite else { throw .threshold(millis) }
        case .errors(let rate): guard rate > 0, rate < 1 else { throw .rate(rate) }
        }
        self.name = name
        self.target = target
        self.objective = objective
        window = .seconds(Int64(windowSeconds))
        self.description = description
        self.primitive = primitive
        self.job = job
    }
}
