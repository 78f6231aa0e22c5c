import MetricModel

/// One `load` command: series and their samples, some with lines that say when counters began, and what to make of classic histograms.
struct ScriptLoad {
    typealias Failure = (line: Int, reason: String)

    private struct Series {
        var line: Int
        var description: SeriesDescription
        /// When the counter behind each sample began, relative to the sample; nil where nothing is said.
        var starts: [Int64?] = []
    }

    private let stepMillis: Int64
    private let withNativeHistograms: Bool
    private var series: [Series] = []
    private var failures: [Failure] = []

    /// Reads the lines; what cannot be read is a failure and the rest is loaded. Of two lines for one series the later counts.
    init(_ lines: [Script.Line], stepMillis: Int64, withNativeHistograms: Bool) {
        self.stepMillis = stepMillis
        self.withNativeHistograms = withNativeHistograms
        var pending: (line: Int, labels: Labels, starts: [Int64?])?
        for line in lines {
            do throws(SeriesDescription.Invalid) {
                if let (labels, starts) = try StartSequence.parse(line.text) {
                    if let pending { failures.append((pending.line, "@st line has no following sample line")) }
                    pending = (line.number, labels, starts)
                    continue
                }
                var next = Series(line: line.number, description: try SeriesDescription(line.text))
                if let starts = pending {
                    pending = nil
                    guard starts.labels == next.description.labels else {
                        throw .init(description: "@st metric does not match the following sample line metric")
                    }
                    guard starts.starts.count == next.description.samples.count else {
                        throw .init(description: "@st line has \(starts.starts.count) values but sample line has \(next.description.samples.count)")
                    }
                    next.starts = starts.starts
                }
                series.removeAll { $0.description.labels == next.description.labels }
                series.append(next)
            } catch {
                failures.append((line.number, error.description))
            }
        }
        if let pending { failures.append((pending.line, "@st line has no following sample line")) }
    }

    /// Adds everything to the store.
    func run(into store: MemoryStore, at line: Int) -> [Failure] {
        var failures = failures
        for series in series { append(samples(series), series.description.labels, series.line, to: store, &failures) }
        if withNativeHistograms {
            do throws(ScriptError) {
                for (labels, samples) in try nativeHistograms() { append(samples, labels, line, to: store, &failures) }
            } catch {
                failures.append((line, error.description))
            }
        }
        return failures
    }

    private func append(_ samples: [MemoryStore.Sample], _ labels: Labels, _ line: Int, to store: MemoryStore, _ failures: inout [Failure]) {
        do throws(NativeHistogramError) {
            let refused = try store.append(labels, samples)
            if refused > 0 { failures.append((line, "\(refused) samples are out of order")) }
        } catch {
            failures.append((line, error.description))
        }
    }

    private func samples(_ series: Series) -> [MemoryStore.Sample] {
        series.description.samples.enumerated().compactMap { index, sample in
            let time = Int64(index) * stepMillis
            var start: Int64 = 0
            if index < series.starts.count, let offset = series.starts[index] { start = time + offset }
            switch sample {
            case .omitted: return nil
            case .value(let value): return MemoryStore.Sample(time, .float(value), start: start)
            case .histogram(let histogram, _): return MemoryStore.Sample(time, .histogram(histogram), start: start)
            }
        }
    }

    // MARK: Classic histograms

    /// The classic histograms among the series, as native ones with custom buckets.
    private func nativeHistograms() throws(ScriptError) -> [(Labels, [MemoryStore.Sample])] {
        var order: [Labels] = []
        var collected: [Labels: [Int64: ClassicHistogram]] = [:]
        for series in series {
            let labels = series.description.labels
            guard let metric = labels.metricName, let (name, part) = ClassicHistogram.part(of: metric) else { continue }
            var bound = 0.0
            if part == .bucket {
                guard let parsed = GoFormat.number(labels[LabelName.bucketBound] ?? ""), !parsed.isNaN else { continue }
                bound = parsed
            }
            let base = Labels(labels.pairs.filter { $0.name != LabelName.bucketBound }.map { ($0.name, $0.name == LabelName.metric ? name : $0.value) })
            if collected[base] == nil { order.append(base) }
            for sample in samples(series) {
                guard case .float(let value) = sample.value else { continue }
                collected[base, default: [:]][sample.timestamp, default: ClassicHistogram()].set(part, bound, value)
            }
        }
        var result: [(Labels, [MemoryStore.Sample])] = []
        for labels in order {
            var samples: [MemoryStore.Sample] = []
            for (time, histogram) in (collected[labels] ?? [:]).sorted(by: { $0.key < $1.key }) { samples.append(.init(time, .histogram(try histogram.native()))) }
            result.append((labels, samples))
        }
        return result
    }
}

/// A classic histogram at one moment, on its way to become a native one (upstream `util/convertnhcb`).
struct ClassicHistogram {
    enum Part { case bucket, sum, count }

    private var buckets: [(bound: Double, count: Double)] = []
    private var count: Double?
    private var sum = 0.0
    private var failure: String?

    /// What a series is to a histogram, by the suffix of its name.
    static func part(of metric: String) -> (name: String, part: Part)? {
        for (suffix, part) in [("_bucket", Part.bucket), ("_sum", .sum), ("_count", .count)] where metric.hasSuffix(suffix) {
            return (String(metric.dropLast(suffix.count)), part)
        }
        return nil
    }

    mutating func set(_ part: Part, _ bound: Double, _ value: Double) {
        if failure != nil { return }
        switch part {
        case .sum: sum = value
        case .count: if value < 0 { failure = "count must be non-negative: count=\(GoFormat.general(value))" } else { count = value }
        case .bucket:
            if value < 0 {
                failure = "bucket count must be non-negative: le=\(GoFormat.general(bound)), count=\(GoFormat.general(value))"
                return
            }
            let place = buckets.firstIndex { $0.bound >= bound } ?? buckets.count
            if place < buckets.count, buckets[place].bound == bound { return }
            if place > 0, value < buckets[place - 1].count {
                failure = "count is not cumulative: \(GoFormat.general(value)) < \(GoFormat.general(buckets[place - 1].count))"
            } else if place < buckets.count, value > buckets[place].count {
                failure = "count is not cumulative: \(GoFormat.general(value)) > \(GoFormat.general(buckets[place].count))"
            } else {
                buckets.insert((bound, value), at: place)
            }
        }
    }

    func native() throws(ScriptError) -> NativeHistogram {
        if let failure { throw ScriptError(failure) }
        let total = count ?? buckets.last?.count ?? 0
        var buckets = buckets
        if buckets.last?.bound != .infinity { buckets.append((.infinity, total)) }
        guard let last = buckets.last, last.count == total else {
            throw ScriptError("count mismatch: count=\(GoFormat.general(total)) != le=+Inf count=\(GoFormat.general(buckets.last?.count ?? 0))")
        }
        var histogram = FloatHistogram(schema: NativeHistogram.customSchema, customValues: buckets.dropLast().map(\.bound))
        histogram.count = total
        histogram.sum = sum
        histogram.positive = buckets.enumerated().map { $0.element.count - ($0.offset > 0 ? buckets[$0.offset - 1].count : 0) }
        histogram.positiveSpans = [.init(offset: 0, length: UInt32(buckets.count))]
        histogram.compact()
        return histogram.native
    }
}

/// The line of a script that says when the counters behind the samples of the next line began: `metric@st -1m 0s+1sx3 _`.
enum StartSequence {
    /// The series and an offset from each sample, nil where nothing is said; nil when the line is none of these.
    static func parse(_ line: String) throws(SeriesDescription.Invalid) -> (Labels, [Int64?])? {
        let head = line.prefix { $0 != " " && $0 != "\t" }
        guard head.hasSuffix("@st"), head.endIndex < line.endIndex else { return nil }
        let labels = try SeriesDescription(head.dropLast(3) + " _").labels
        var offsets: [Int64?] = []
        for item in line[head.endIndex...].split(whereSeparator: { $0 == " " || $0 == "\t" }) { try append(item, to: &offsets) }
        return (labels, offsets)
    }

    private static func append(_ item: Substring, to offsets: inout [Int64?]) throws(SeriesDescription.Invalid) {
        func invalid(_ reason: String) -> SeriesDescription.Invalid { .init(description: "invalid ST item \(LabelName.quoted(String(item))): \(reason)") }
        func repetitions(_ text: Substring) throws(SeriesDescription.Invalid) -> Int {
            guard text.first == "x", let count = Int(text.dropFirst()), count >= 0, count < 1_000_000 else { throw invalid("invalid repeat count") }
            return count
        }
        if item.first == "_" {
            let count = item.count == 1 ? 1 : try repetitions(item.dropFirst())
            if count == 0 { throw invalid("invalid repeat count") }
            offsets += [Int64?](repeating: nil, count: count)
            return
        }
        guard var (offset, rest) = duration(item) else { throw invalid("expected a duration") }
        if rest.isEmpty {
            offsets.append(offset)
            return
        }
        var delta: Int64 = 0
        if rest.first == "+" || rest.first == "-" {
            guard let (step, behind) = duration(rest.dropFirst()) else { throw invalid("invalid step duration") }
            delta = rest.first == "-" ? -step : step
            rest = behind
        }
        for _ in 0...(try repetitions(rest)) {
            offsets.append(offset)
            offset += delta
        }
    }

    /// A duration with an optional sign in front, in milliseconds, and what is behind it.
    private static func duration(_ text: Substring) -> (Int64, Substring)? {
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text
        let digits = unsigned.prefix { $0.isNumber }
        let unit = unsigned[digits.endIndex...].prefix { $0.isLetter && $0 != "x" }
        guard !digits.isEmpty, let millis = try? PromDuration.millis(String(unsigned[..<unit.endIndex])) else { return nil }
        return (text.first == "-" ? -millis : millis, unsigned[unit.endIndex...])
    }
}
