import MetricModel

/// Something that the asker should know of an answer; upstream's texts (`util/annotations`).
struct Annotation: Sendable {
    /// What a histogram took part in.
    enum Operation: String { case addition, subtraction, aggregation }

    var isWarning: Bool
    /// The same message about two parts of a query is one remark.
    var message: String
    var source: SourceRange
    /// How often it occurred, for those that say so.
    var occurrences: Int?

    private init(isWarning: Bool, _ message: String, _ source: SourceRange) {
        self.isWarning = isWarning
        self.message = (isWarning ? "PromQL warning: " : "PromQL info: ") + message
        self.source = source
    }

    /// Makes one of two with the same message, in the place of the part that upstream evaluates last, or first where it counts.
    mutating func merge(_ other: Annotation) {
        if let occurrences, let more = other.occurrences {
            self.occurrences = occurrences + more
            if source.isEvaluated(after: other.source) { source = other.source }
        } else if other.source.isEvaluated(after: source) {
            source = other.source
        }
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

    static func forcedMonotonicity(metric: String, _ note: MonotonicityNote) -> Annotation {
        let link = "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile"
        var annotation = Annotation(isWarning: false, named("input to histogram_quantile needed to be fixed for monotonicity (see \(link))", metric), note.source)
        annotation.message +=
            ", from buckets \(GoFormat.general(note.repair.lowestBound)) to \(GoFormat.general(note.repair.highestBound)), with a max diff of "
            + "\(GoFormat.general(note.repair.largestDrop, significantDigits: 2)), over \(note.sampleCount) samples from "
            + "\(CalendarDate.rfc3339(millis: note.firstMillis)) to \(CalendarDate.rfc3339(millis: note.lastMillis))"
        return annotation
    }

    // MARK: Native histograms

    private static func warning(_ message: String, _ source: SourceRange) -> Annotation { Annotation(isWarning: true, message, source) }
    private static func info(_ message: String, _ source: SourceRange) -> Annotation { Annotation(isWarning: false, message, source) }

    static func mixedFloatsAndHistograms(_ metric: String, _ source: SourceRange) -> Annotation {
        warning("encountered a mix of histograms and floats for metric name \(LabelName.quoted(metric))", source)
    }

    static func mixedFloatsAndHistogramsInAggregation(_ source: SourceRange) -> Annotation {
        warning("encountered a mix of histograms and floats for aggregation", source)
    }

    static func mixedClassicAndNative(_ metric: String, _ source: SourceRange) -> Annotation {
        warning(named("vector contains a mix of classic and native histograms", metric), source)
    }

    static func notCounter(_ metric: String, _ source: SourceRange) -> Annotation {
        warning("this native histogram metric is not a counter: \(LabelName.quoted(metric))", source)
    }

    static func notGauge(_ metric: String, _ source: SourceRange) -> Annotation {
        warning("this native histogram metric is not a gauge: \(LabelName.quoted(metric))", source)
    }

    static func mixedSchemas(_ metric: String, _ source: SourceRange) -> Annotation {
        warning("vector contains a mix of histograms with exponential and custom buckets schemas for metric name \(LabelName.quoted(metric))", source)
    }

    static func incompatibleLayouts(_ op: BinaryOperator, _ source: SourceRange) -> Annotation {
        warning("incompatible bucket layout encountered for binary operator \(op.rawValue)", source)
    }

    static func countersCollide(in operation: Operation, _ source: SourceRange) -> Annotation {
        warning("conflicting counter resets during histogram \(operation.rawValue)", source)
    }

    static func boundsReconciled(in operation: Operation, _ source: SourceRange) -> Annotation {
        info("mismatched custom buckets were reconciled during \(operation.rawValue)", source)
    }

    static func ignoredInAggregation(_ aggregator: Aggregator, _ source: SourceRange) -> Annotation {
        info("ignored histogram in \(aggregator.rawValue) aggregation", source)
    }

    static func ignoredInMixedRange(_ metric: String, _ source: SourceRange) -> Annotation {
        info("ignored histograms in a range containing both floats and histograms for metric name \(LabelName.quoted(metric))", source)
    }

    static func doubtful(_ doubt: FloatHistogram.Doubt, metric: String, _ source: SourceRange) -> Annotation {
        let message =
            switch doubt {
            case .resultIsNaN: "input to histogram_quantile has NaN observations, result is NaN"
            case .isSkewed: "input to histogram_quantile has NaN observations, result is skewed higher"
            case .fractionExcludes: "input to histogram_fraction has NaN observations, which are excluded from all fractions"
            }
        return info(named(message, metric), source)
    }

    static func startsOverlap(_ metric: String, _ source: SourceRange) -> Annotation {
        var annotation = warning("sample has start time that overlaps with previous sample timestamp for metric \(LabelName.quoted(metric))", source)
        annotation.occurrences = 1
        return annotation
    }

    private static func named(_ message: String, _ metric: String) -> String {
        metric.isEmpty ? message : "\(message) for metric name \(LabelName.quoted(metric))"
    }

    /// The text with its line and column.
    func text(in query: [UInt8]) -> String {
        let place = ParseError("", source.lower..<max(source.lower, source.upper), in: query).position
        let counted = occurrences.map { $0 > 1 ? "\(message) (\($0) occurrences)" : message } ?? message
        return place.map { "\(counted) (\($0.line):\($0.column))" } ?? counted
    }
}

extension SourceRange {
    /// Whether upstream comes to this part of a query after the other: from left to right, and outwards.
    fileprivate func isEvaluated(after other: SourceRange) -> Bool {
        lower >= other.upper || (lower <= other.lower && upper >= other.upper && (lower, upper) != (other.lower, other.upper))
    }
}

/// All repairs of one metric's histograms.
struct MonotonicityNote: Sendable {
    var repair: Quantile.Repair
    var sampleCount = 1
    var firstMillis: Int64
    var lastMillis: Int64
    /// The part of the query that comes first.
    var source: SourceRange

    mutating func merge(_ other: MonotonicityNote) {
        if source.isEvaluated(after: other.source) { source = other.source }
        repair.lowestBound = min(repair.lowestBound, other.repair.lowestBound)
        repair.highestBound = max(repair.highestBound, other.repair.highestBound)
        repair.largestDrop = max(repair.largestDrop, other.repair.largestDrop)
        sampleCount += other.sampleCount
        firstMillis = min(firstMillis, other.firstMillis)
        lastMillis = max(lastMillis, other.lastMillis)
    }
}
