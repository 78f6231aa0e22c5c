#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One series of PromQL's answer.
public struct PrometheusSeries: Sendable, Equatable {
    /// A number at one moment.
    public struct Sample: Sendable, Equatable {
        public let time: Date
        public let value: Double

        public init(time: Date, value: Double) { (self.time, self.value) = (time, value) }
    }

    /// A native histogram at one moment.
    public struct Histogram: Sendable, Equatable {
        /// Observations above `lower` and up to `upper`, or as `boundaries` says: 0 is open on the left, 1 on the right, 2 on both, 3 on neither side.
        public struct Bucket: Sendable, Equatable {
            public let boundaries: Int
            public let lower: Double
            public let upper: Double
            public let count: Double

            public init(boundaries: Int, lower: Double, upper: Double, count: Double) {
                (self.boundaries, self.lower, self.upper, self.count) = (boundaries, lower, upper, count)
            }
        }

        public let time: Date
        public let count: Double
        public let sum: Double
        public let buckets: [Bucket]

        public init(time: Date, count: Double, sum: Double, buckets: [Bucket]) {
            (self.time, self.count, self.sum, self.buckets) = (time, count, sum, buckets)
        }
    }

    /// Label names and values, with `__name__`; none of a scalar.
    public let labels: [String: String]
    /// One of an instant query, one a step of a range query; oldest first.
    public let samples: [Sample]
    /// The moments at which the series has a native histogram in place of a number.
    public let histograms: [Histogram]

    public init(labels: [String: String], samples: [Sample] = [], histograms: [Histogram] = []) {
        (self.labels, self.samples, self.histograms) = (labels, samples, histograms)
    }
}

/// Evaluates PromQL, such as `rate(primitive_requests_total[5m])`.
///
/// With `startTime` it is a range query up to `endTime`, or now; without, an instant query at `endTime`, or now.
///
/// - Parameters:
///   - step: Between two values of a range query; without it there are 250.
///   - url: Where Prometheus's API is; without it `PROMETHEUS_URL`, or port `PROMETHEUS_PORT` (9090) of localhost.
/// - Returns: The series; a scalar is one without labels.
/// - Throws: `ObservabilityError.noAnswer` where nobody answers, `.unknownAnswer` where it is not the stack, `.refused` in Prometheus's words, `CancellationError`.
public func getPrometheusMetrics(
    query: String, startTime: Date? = nil, endTime: Date? = nil, step: Duration? = nil, url: String? = nil, timeout: Duration = .seconds(30)
) async throws -> [PrometheusSeries] {
    let base = StackQuestion.base(url, url: "PROMETHEUS_URL", port: "PROMETHEUS_PORT", portDefault: 9_090)
    var question = StackQuestion(url: "\(base)/api/v1/query", timeout: timeout)
    question.parameters = [("query", query)]
    if let startTime {
        let end = endTime ?? Date()
        let seconds = step?.seconds ?? max(1, (end.timeIntervalSince(startTime) / 250).rounded())
        question = StackQuestion(url: "\(base)/api/v1/query_range", timeout: timeout)
        question.parameters = [
            ("query", query), ("start", StackQuestion.seconds(startTime)), ("end", StackQuestion.seconds(end)), ("step", TextExposition.number(seconds)),
        ]
    } else if let endTime {
        question.parameters.append(("time", StackQuestion.seconds(endTime)))
    }
    return try await question.answer(as: PrometheusAnswer.self).data.series
}

/// Prometheus's answer: `{"data": {"resultType": …, "result": …}}`.
private struct PrometheusAnswer: Decodable, Sendable {
    struct Answered: Decodable, Sendable {
        private enum Key: String, CodingKey { case resultType, result }

        let series: [PrometheusSeries]

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            switch try fields.decode(String.self, forKey: .resultType) {
            case "scalar", "string":
                let sample = try fields.decode(Numbered.self, forKey: .result).sample
                series = [PrometheusSeries(labels: [:], samples: [sample], histograms: [])]
            default: series = try fields.decode([Row].self, forKey: .result).map(\.series)
            }
        }
    }

    struct Row: Decodable {
        private enum Key: String, CodingKey { case metric, value, values, histogram, histograms }

        let series: PrometheusSeries

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            let numbers = try fields.decodeIfPresent([Numbered].self, forKey: .values) ?? fields.decodeIfPresent(Numbered.self, forKey: .value).map { [$0] } ?? []
            let histograms = try fields.decodeIfPresent([Bucketed].self, forKey: .histograms) ?? fields.decodeIfPresent(Bucketed.self, forKey: .histogram).map { [$0] } ?? []
            series = PrometheusSeries(
                labels: try fields.decodeIfPresent([String: String].self, forKey: .metric) ?? [:], samples: numbers.map(\.sample), histograms: histograms.map(\.histogram))
        }
    }

    /// `[seconds, "value"]`
    struct Numbered: Decodable {
        let sample: PrometheusSeries.Sample

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            let time = Date(timeIntervalSince1970: try fields.decode(Double.self))
            sample = PrometheusSeries.Sample(time: time, value: try fields.decodeNumber())
        }
    }

    /// `[seconds, {"count": "…", "sum": "…", "buckets": [[boundaries, "lower", "upper", "count"], …]}]`
    struct Bucketed: Decodable {
        private struct Parts: Decodable {
            let count: String
            let sum: String
            let buckets: [Bucket]?
        }

        private struct Bucket: Decodable {
            let bucket: PrometheusSeries.Histogram.Bucket

            init(from decoder: any Decoder) throws {
                var fields = try decoder.unkeyedContainer()
                let boundaries = try fields.decode(Int.self)
                bucket = .init(boundaries: boundaries, lower: try fields.decodeNumber(), upper: try fields.decodeNumber(), count: try fields.decodeNumber())
            }
        }

        let histogram: PrometheusSeries.Histogram

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            let time = Date(timeIntervalSince1970: try fields.decode(Double.self))
            let parts = try fields.decode(Parts.self)
            histogram = .init(time: time, count: Double(parts.count) ?? .nan, sum: Double(parts.sum) ?? .nan, buckets: (parts.buckets ?? []).map(\.bucket))
        }
    }

    let data: Answered
}

extension UnkeyedDecodingContainer {
    /// A number as Prometheus writes it, in quotes; what is none, as a PromQL string, is NaN.
    fileprivate mutating func decodeNumber() throws -> Double { Double(try decode(String.self)) ?? .nan }
}
