import MetricModel

/// Something that the asker should know of an answer; upstream's texts (`util/annotations`).
struct Annotation: Hashable, Sendable {
    var isWarning: Bool
    var message: String
    var source: SourceRange
    /// Where it stands takes part in identity: the same remark on two parts of a query is two remarks.
    private var lower: Int

    private init(isWarning: Bool, _ message: String, _ source: SourceRange) {
        self.isWarning = isWarning
        self.message = (isWarning ? "PromQL warning: " : "PromQL info: ") + message
        self.source = source
        lower = source.lower
    }

    static func invalidQuantile(_ q: Double, _ source: SourceRange) -> Annotation {
        Annotation(isWarning: true, "quantile value should be between 0 and 1, got \(GoFormat.general(q))", source)
    }

    static func invalidRatio(_ ratio: Double, cappedTo cap: Double, _ source: SourceRange) -> Annotation {
        Annotation(isWarning: true, "ratio value should be between -1 and 1, got \(GoFormat.general(ratio)), capping to \(GoFormat.general(cap))", source)
    }

    static func badBucketLabel(_ value: String, metric: String, _ source: SourceRange) -> Annotation {
        Annotation(isWarning: true, named("bucket label \"le\" is missing or has a malformed value of \(LabelName.quoted(value))", metric), source)
    }

    static func sortInRangeQuery(_ source: SourceRange) -> Annotation {
        Annotation(isWarning: true, "sort is ineffective for range queries since results are always ordered by labels", source)
    }

    static func possibleNonCounter(_ metric: String, _ source: SourceRange) -> Annotation {
        Annotation(isWarning: false, "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \(LabelName.quoted(metric))", source)
    }

    static func possibleNonCounter(_ metric: String, type: String, _ source: SourceRange) -> Annotation {
        Annotation(
            isWarning: false,
            "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got \(LabelName.quoted(type)): \(LabelName.quoted(metric))", source)
    }

    static func incompatibleTypes(_ left: String, _ op: BinaryOperator, _ right: String, _ source: SourceRange) -> Annotation {
        Annotation(isWarning: false, "incompatible sample types encountered for binary operator \(LabelName.quoted(op.rawValue)): \(left) \(op.rawValue) \(right)", source)
    }

    static func forcedMonotonicity(metric: String, _ note: MonotonicityNote, _ source: SourceRange) -> Annotation {
        let link = "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile"
        var annotation = Annotation(isWarning: false, named("input to histogram_quantile needed to be fixed for monotonicity (see \(link))", metric), source)
        annotation.message +=
            ", from buckets \(GoFormat.general(note.repair.lowestBound)) to \(GoFormat.general(note.repair.highestBound)), with a max diff of "
            + "\(GoFormat.general(note.repair.largestDrop, significantDigits: 2)), over \(note.sampleCount) samples from "
            + "\(CalendarDate.rfc3339(millis: note.firstMillis)) to \(CalendarDate.rfc3339(millis: note.lastMillis))"
        return annotation
    }

    private static func named(_ message: String, _ metric: String) -> String {
        metric.isEmpty ? message : "\(message) for metric name \(LabelName.quoted(metric))"
    }

    /// The text with its line and column.
    func text(in query: [UInt8]) -> String {
        let place = ParseError("", source.lower..<max(source.lower, source.upper), in: query).position
        return place.map { "\(message) (\($0.line):\($0.column))" } ?? message
    }
}

/// All repairs of one metric's histograms in one part of a query.
struct MonotonicityNote: Sendable {
    struct Place: Hashable, Sendable {
        let metric: String
        let lower: Int
        let upper: Int
    }

    var repair: Quantile.Repair
    var sampleCount = 1
    var firstMillis: Int64
    var lastMillis: Int64

    mutating func merge(_ other: Quantile.Repair, atMillis millis: Int64) {
        repair.lowestBound = min(repair.lowestBound, other.lowestBound)
        repair.highestBound = max(repair.highestBound, other.highestBound)
        repair.largestDrop = max(repair.largestDrop, other.largestDrop)
        sampleCount += 1
        firstMillis = min(firstMillis, millis)
        lastMillis = max(lastMillis, millis)
    }
}
