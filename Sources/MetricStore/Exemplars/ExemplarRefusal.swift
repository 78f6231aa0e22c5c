import MetricModel

/// Why an exemplar is not kept, in upstream's words (`storage/interface.go`).
enum ExemplarRefusal: Error, Equatable {
    case outOfOrder
    /// The newest one of its series, told again: expected from scrape to scrape, and no error to anybody.
    case duplicate
    case labelsTooLong
    case disabled
    case unknownSeries
}

extension ExemplarRefusal: CustomStringConvertible {
    var description: String {
        switch self {
        case .outOfOrder: "out of order exemplar"
        case .duplicate: "duplicate exemplar"
        case .labelsTooLong: "label length for exemplar exceeds maximum of \(Exemplar.labelCharactersMax) UTF-8 characters"
        case .disabled: "exemplar storage is disabled or max exemplars is less than or equal to 0"
        case .unknownSeries: "unknown HeadSeriesRef when trying to add exemplar"
        }
    }
}
