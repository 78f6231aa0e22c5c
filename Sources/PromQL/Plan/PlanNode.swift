import MetricModel

/// What is to be computed, all times resolved: the tree that passes rewrite and from which operators are built.
///
/// Equal nodes compute equal results on equal grids; positions take no part in equality.
indirect enum PlanNode: Hashable, Sendable {
    /// A scalar known in advance.
    case number(Double)
    case string(String)
    /// The evaluation time in seconds.
    case time
    /// `scalar(v)`
    case scalar(of: PlanNode)
    case scalarBinary(BinaryOperator, PlanNode, PlanNode)
    case scalarPair(Function, PlanNode, PlanNode)
    case negatedScalar(PlanNode)

    /// `vector(s)`
    case vector(PlanNode)
    case select(InstantSelection)
    case window(WindowCall)
    /// A range vector as the result of an instant query.
    case matrix(WindowSource)
    case map(ElementCall)
    case vectorScalar(VectorScalarOperation)
    case vectorVector(VectorOperation)
    case aggregate(AggregatePlan)
    case absent(PlanNode, labels: Labels)
    case absentOverTime(WindowCall, labels: Labels)
    case relabel(RelabelPlan)
    case sort(SortPlan)
    case histogram(HistogramPlan)
    case info(InfoPlan)
    /// Does not change from step to step: computed at the first and repeated.
    case stepInvariant(PlanNode)
}

/// An instant vector selector.
struct InstantSelection: Hashable, Sendable {
    enum Reading: Hashable, Sendable {
        case value
        /// The time of the sample, in seconds (`timestamp(selector)`).
        case timestamp
        /// When the counter behind the sample began, in seconds (`start_timestamp(selector)`).
        case startTimestamp
    }

    var matchers: [Matcher]
    var offsetMillis: Int64
    var atMillis: Int64?
    var reading: Reading = .value
    /// Whether a step between two samples lies on the line between them (`smoothed`).
    var isSmoothed = false
    /// Whether the buckets of histograms matter to nobody.
    var readsStatisticsOnly = false
    var source: SourceRange

    /// Whether all selected series have the same name, so that dropping it cannot make two of them equal.
    var hasOneName: Bool { matchers.contains { $0.name == LabelName.metric && $0.kind == .equal && !$0.value.isEmpty } }
}

/// Where the samples of a window come from.
indirect enum WindowSource: Hashable, Sendable {
    /// `readsStatisticsOnly`: whether the buckets of histograms matter to nobody.
    case selector(matchers: [Matcher], window: WindowTimes, readsStatisticsOnly: Bool, source: SourceRange)
    /// `stepMillis` 0 stands for the engine's default.
    case subquery(PlanNode, stepMillis: Int64, window: WindowTimes, source: SourceRange)

    var window: WindowTimes {
        switch self {
        case .selector(_, let window, _, _), .subquery(_, _, let window, _): window
        }
    }

    var source: SourceRange {
        switch self {
        case .selector(_, _, _, let source), .subquery(_, _, _, let source): source
        }
    }

    var hasOneName: Bool {
        if case .selector(let matchers, _, _, _) = self {
            return matchers.contains { $0.name == LabelName.metric && $0.kind == .equal && !$0.value.isEmpty }
        }
        return false
    }
}

/// A window that ends `offsetMillis` before the step, or before a fixed time; open at the left, closed at the right. One with an
/// edge rule also sees the samples just outside it.
struct WindowTimes: Hashable, Sendable {
    var rangeMillis: Int64
    var offsetMillis: Int64
    var atMillis: Int64?
    var edge: WindowEdge?

    /// How far before the window samples are needed.
    func reachBefore(lookbackMillis: Int64) -> Int64 { edge == nil ? 0 : lookbackMillis }
    /// How far behind it.
    func reachBehind(lookbackMillis: Int64) -> Int64 { edge == .smoothed ? lookbackMillis : 0 }

    /// The last moment of the window of the step at `time`.
    @inline(__always) func end(_ time: Int64) -> Int64 { (atMillis ?? time) - offsetMillis }
}

/// A function over windows, such as `rate`.
struct WindowCall: Hashable, Sendable {
    var function: Function
    var window: WindowSource
    /// The scalar arguments in order.
    var scalars: [PlanNode]
    var scalarSource: SourceRange
}

/// A function of one sample at a time, such as `abs`, or unary minus when `function` is nil.
struct ElementCall: Hashable, Sendable {
    var function: Function?
    var operand: PlanNode
    var scalars: [PlanNode] = []
}

struct VectorScalarOperation: Hashable, Sendable {
    var op: BinaryOperator
    var vector: PlanNode
    var scalar: PlanNode
    /// Whether the scalar stands on the left.
    var isSwapped: Bool
    var returnsBool: Bool
    var source: SourceRange
}

struct VectorOperation: Hashable, Sendable {
    var op: BinaryOperator
    var left: PlanNode
    var right: PlanNode
    var matching: VectorMatching
    var returnsBool: Bool
    var source: SourceRange
}

struct AggregatePlan: Hashable, Sendable {
    var aggregator: Aggregator
    var operand: PlanNode
    /// The number of the parametric aggregators, the label of `count_values`.
    var parameter: PlanNode?
    /// Sorted by bytes.
    var grouping: [String]
    var isWithout: Bool
    var parameterSource: SourceRange
    /// The operand.
    var source: SourceRange
    /// The aggregation itself.
    var wholeSource: SourceRange
}

struct RelabelPlan: Hashable, Sendable {
    enum Rule: Hashable, Sendable {
        case replace(destination: String, replacement: String, source: String, pattern: String)
        case join(destination: String, separator: String, sources: [String])
    }

    var rule: Rule
    var operand: PlanNode
}

struct SortPlan: Hashable, Sendable {
    enum Key: Hashable, Sendable { case value, labels([String]) }

    var key: Key
    var isDescending: Bool
    var operand: PlanNode
    var source: SourceRange
}

/// `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`.
struct HistogramPlan: Hashable, Sendable {
    enum Measure: Hashable, Sendable {
        case quantile(PlanNode)
        case quantiles(label: String, [PlanNode])
        case fraction(lower: PlanNode, upper: PlanNode)
    }

    var measure: Measure
    var operand: PlanNode
    var parameterSources: [SourceRange]
    var source: SourceRange
}

/// `info(v, {…})`: labels of info series joined to those of a vector.
struct InfoPlan: Hashable, Sendable {
    var operand: PlanNode
    /// What info series are called.
    var names: [Matcher]
    /// The labels that are joined, each with its conditions; empty for all labels.
    var data: [Matcher]
    /// When info series are looked at.
    var atMillis: Int64?
    var offsetMillis: Int64
    var source: SourceRange
}
