/// Why the evaluation of a rule gave nothing, in upstream's words.
package enum RuleError: Error, Equatable, CustomStringConvertible {
    case duplicateSeries
    case duplicateAlerts
    case tooManySeries(limit: Int, count: Int)
    case tooManyAlerts(limit: Int, count: Int)
    case notAVector
    /// The query has no answer.
    case query(String)

    package var description: String {
        switch self {
        case .duplicateSeries: "vector contains metrics with the same labelset after applying rule labels"
        case .duplicateAlerts: "vector contains metrics with the same labelset after applying alert labels"
        case .tooManySeries(let limit, let count): "exceeded limit of \(limit) with \(count) series"
        case .tooManyAlerts(let limit, let count): "exceeded limit of \(limit) with \(count) alerts"
        case .notAVector: "rule result is not a vector or scalar"
        case .query(let reason): reason
        }
    }
}
