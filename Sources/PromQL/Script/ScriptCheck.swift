import MetricModel

/// Asks the query of one `eval` in every way that upstream does, and compares the answers with what is expected.
struct ScriptCheck: Sendable {
    let evaluation: ScriptEvaluation
    let engine: QueryEngine
    let options: ParserOptions

    /// Why the evaluation fails, or nil.
    func failure() async -> String? {
        do throws(ScriptError) {
            if evaluation.isRange {
                let answer = await range(evaluation.query, evaluation.startMillis, evaluation.endMillis, evaluation.stepMillis)
                if let result = try settled(answer) { try compare(result.value) }
                return nil
            }
            try await instant(evaluation.query, evaluation.atMillis)
            guard let expr = try? PromQL.parse(evaluation.query, options: options), let pinned = AtPinning.pinned(expr, atMillis: evaluation.atMillis) else { return nil }
            let at = evaluation.atMillis
            let times = at == 0 ? [-1000, 0, 1000] : [-10 * at, 0, at / 5, at, 10 * at]
            for time in times { try await instant(pinned.description, time) }
            return nil
        } catch {
            return error.description
        }
    }

    private func range(_ query: String, _ start: Int64, _ end: Int64, _ step: Int64) async -> Result<QueryResult, QueryError> {
        do throws(QueryError) { return .success(try await engine.range(query, startMillis: start, endMillis: end, stepMillis: step)) } catch { return .failure(error) }
    }

    private func instant(_ query: String, _ time: Int64) async throws(ScriptError) {
        let answer: Result<QueryResult, QueryError>
        do throws(QueryError) { answer = .success(try await engine.instant(query, atMillis: time)) } catch { answer = .failure(error) }
        guard let result = try settled(answer) else { return }
        try compare(result.value)
        // The same question in the middle of a range must have the same answer, unless it asks for the range itself.
        if evaluation.isRangeVector || evaluation.expectedString != nil { return }
        if ["start()", "end()", "range()", "step()"].contains(where: query.contains) { return }
        let whole = await range(query, time - 60_000, time + 60_000, 60_000)
        guard case .success(let result) = whole, case .matrix(let matrix) = result.value else {
            if case .failure(let error) = whole { throw ScriptError("\(error) in range mode of \(query)") }
            return
        }
        if evaluation.isOrdered { return }
        try checkSorted(matrix)
        let samples = matrix.series.compactMap { series in
            series.timestamps.firstIndex(of: time).map { InstantSample(labels: series.labels, timeMillis: time, value: series.values[$0]) }
                ?? series.histograms.first { $0.timestamp == time }.map { InstantSample(labels: series.labels, timeMillis: time, value: 0, histogram: $0.histogram) }
        }
        do throws(ScriptError) {
            if case .success(let first) = answer, case .scalar = first.value, let value = samples.first?.value {
                try compare(.scalar(timeMillis: time, value))
            } else {
                try compare(.vector(samples))
            }
        } catch {
            throw ScriptError("\(error) in range mode of \(query)")
        }
    }

    /// Checks error and remarks; nil when a failure was expected and came.
    private func settled(_ answer: Result<QueryResult, QueryError>) throws(ScriptError) -> QueryResult? {
        switch answer {
        case .failure(let error):
            guard let expected = evaluation.failures.first else { throw ScriptError("error: \(error)") }
            if !expected.matches(error.description) { throw ScriptError("expected another error than \(error)") }
            return nil
        case .success(let result):
            if !evaluation.failures.isEmpty { throw ScriptError("expected an error but got none") }
            try check("warning", result.warnings, evaluation.warnings, needsAny: evaluation.needsWarning, forbids: evaluation.forbidsWarnings)
            try check("info", result.infos, evaluation.infos, needsAny: evaluation.needsInfo, forbids: evaluation.forbidsInfos)
            return result
        }
    }

    private func check(_ kind: String, _ found: [String], _ expected: [ScriptEvaluation.Pattern], needsAny: Bool, forbids: Bool) throws(ScriptError) {
        if forbids, !found.isEmpty { throw ScriptError("unexpected \(kind): \(found)") }
        if needsAny || !expected.isEmpty, found.isEmpty { throw ScriptError("expected a \(kind) but got none") }
        for pattern in expected where !found.contains(where: pattern.matches) { throw ScriptError("expected \(kind) \(pattern) but got \(found)") }
        if expected.isEmpty { return }
        for text in found where !expected.contains(where: { $0.matches(text) }) { throw ScriptError("unexpected \(kind): \(text)") }
    }

    // MARK: Values

    private func compare(_ value: QueryValue) throws(ScriptError) {
        switch value {
        case .string(_, let text):
            if evaluation.expectedString != text { throw ScriptError("expected string \(evaluation.expectedString ?? "none") but got \(LabelName.quoted(text))") }
        case .scalar(_, let number):
            guard let expected = evaluation.expectedScalar else { throw ScriptError("expected a vector or matrix, but got scalar \(number)") }
            if !Self.almostEqual(expected, number) { throw ScriptError("expected scalar \(expected) but got \(number)") }
        case .vector(let samples):
            if evaluation.expectedScalar != nil { throw ScriptError("expected a scalar, but got a vector of \(samples.count)") }
            try compare(samples)
        case .matrix(let matrix):
            if evaluation.isOrdered { throw ScriptError("expected an ordered result, but got a matrix") }
            if evaluation.expectedScalar != nil { throw ScriptError("expected a scalar, but got a matrix") }
            try checkSorted(matrix)
            try compare(matrix)
        }
    }

    private func compare(_ samples: [InstantSample]) throws(ScriptError) {
        var seen: Set<Labels> = []
        for (position, sample) in samples.enumerated() {
            let found = sample.histogram.map { SeriesDescription.Sample.histogram($0, statesCounterReset: false) } ?? .value(sample.value)
            guard let expected = evaluation.expectedSeries.last(where: { $0.labels == sample.labels }) else {
                throw ScriptError("unexpected series \(sample.labels) with \(Self.text(found))")
            }
            if evaluation.isOrdered, expected.position != position { throw ScriptError("expected \(sample.labels) at position \(expected.position), but it was at \(position)") }
            try compare(expected.samples.first ?? .omitted, found, "\(sample.labels)")
            seen.insert(sample.labels)
        }
        for expected in evaluation.expectedSeries where !seen.contains(expected.labels) { throw ScriptError("expected series \(expected.labels) not found") }
    }

    private func compare(_ matrix: Matrix) throws(ScriptError) {
        var seen: Set<Labels> = []
        for series in matrix.series {
            var found: [Int64: SeriesDescription.Sample] = [:]
            for (time, value) in zip(series.timestamps, series.values) { found[time] = .value(value) }
            for sample in series.histograms { found[sample.timestamp] = .histogram(sample.histogram, statesCounterReset: false) }
            let text = found.sorted { $0.key < $1.key }.map { "\(Self.text($0.value)) @[\($0.key)]" }.joined(separator: " ")
            guard let expected = evaluation.expectedSeries.last(where: { $0.labels == series.labels }) else {
                throw ScriptError("unexpected series \(series.labels) with \(text)")
            }
            seen.insert(series.labels)
            var count = 0
            for (index, sample) in expected.samples.enumerated() {
                let time = evaluation.startMillis + Int64(index) * evaluation.stepMillis
                if time > evaluation.endMillis { throw ScriptError("expected \(expected.samples.count) points for \(series.labels), but the range has not so many steps") }
                if sample == .omitted { continue }
                count += 1
                guard let point = found[time] else { throw ScriptError("expected \(Self.text(sample)) for \(series.labels) at \(time), but got \(text)") }
                do throws(ScriptError) { try compare(sample, point, "\(series.labels) at \(time)") } catch { throw ScriptError("\(error) of \(text)") }
            }
            if count != found.count { throw ScriptError("expected \(count) points for \(series.labels), but got \(text)") }
        }
        for expected in evaluation.expectedSeries where !seen.contains(expected.labels) { throw ScriptError("expected series \(expected.labels) not found") }
    }

    private func compare(_ expected: SeriesDescription.Sample, _ found: SeriesDescription.Sample, _ place: String) throws(ScriptError) {
        let isSame =
            switch (expected, found) {
            case (.value(let a), .value(let b)): Self.almostEqual(a, b)
            case (.histogram(let a, let statesCounterReset), .histogram(let b, _)):
                Self.almostEqual(FloatHistogram(a).compacted(), FloatHistogram(b).compacted()) && (!statesCounterReset || a.counterReset == b.counterReset)
            default: false
            }
        if !isSame { throw ScriptError("expected \(Self.text(expected)) for \(place), but got \(Self.text(found))") }
    }

    private static func text(_ sample: SeriesDescription.Sample) -> String {
        switch sample {
        case .value(let value): GoFormat.general(value)
        case .histogram(let histogram, _): FloatHistogram(histogram).scriptText
        case .omitted: "_"
        }
    }

    private static func almostEqual(_ a: FloatHistogram, _ b: FloatHistogram) -> Bool {
        a.schema == b.schema && almostEqual(a.count, b.count) && almostEqual(a.sum, b.sum) && (!a.hasCustomBuckets || a.customValues == b.customValues)
            && a.zeroThreshold == b.zeroThreshold && almostEqual(a.zeroCount, b.zeroCount) && a.positiveSpans == b.positiveSpans && a.negativeSpans == b.negativeSpans
            && a.positive.elementsEqual(b.positive) { almostEqual($0, $1) } && a.negative.elementsEqual(b.negative) { almostEqual($0, $1) }
    }

    private func checkSorted(_ matrix: Matrix) throws(ScriptError) {
        for (a, b) in zip(matrix.series, matrix.series.dropFirst()) where b.labels < a.labels { throw ScriptError("\(b.labels) must not come after \(a.labels)") }
    }

    /// Upstream's `almost.Equal` with an epsilon of 1e-6.
    static func almostEqual(_ a: Double, _ b: Double) -> Bool {
        let epsilon = 0.000_001
        if Staleness.isMarker(a) || Staleness.isMarker(b) { return Staleness.isMarker(a) && Staleness.isMarker(b) }
        if a.isNaN && b.isNaN || a == b { return true }
        let sum = abs(a) + abs(b)
        let difference = abs(a - b)
        if a == 0 || b == 0 || sum < .leastNormalMagnitude { return difference < epsilon * .leastNormalMagnitude }
        return difference / min(sum, .greatestFiniteMagnitude) < epsilon
    }
}

/// The same query with every selector pinned to one time by `@`: its answer must not depend on when it is asked.
enum AtPinning {
    /// nil when the query has a function whose value depends on the time of asking.
    static func pinned(_ expr: Expr, atMillis: Int64) -> Expr? {
        switch expr {
        case .number, .string: return expr
        case .selector(var node):
            if node.at == nil { node.at = .time(millis: atMillis) }
            return .selector(node)
        case .rangeSelector(var node):
            if node.selector.at == nil { node.selector.at = .time(millis: atMillis) }
            return .rangeSelector(node)
        case .subquery(var node):
            // What is inside is evaluated at the subquery's own steps.
            if node.at == nil { node.at = .time(millis: atMillis) }
            return .subquery(node)
        case .parentheses(var node):
            guard let inner = pinned(node.expr, atMillis: atMillis) else { return nil }
            node.expr = inner
            return .parentheses(node)
        case .unary(var node):
            guard let inner = pinned(node.expr, atMillis: atMillis) else { return nil }
            node.expr = inner
            return .unary(node)
        case .aggregation(var node):
            guard let inner = pinned(node.expr, atMillis: atMillis) else { return nil }
            node.expr = inner
            if let parameter = node.parameter {
                guard let inner = pinned(parameter, atMillis: atMillis) else { return nil }
                node.parameter = inner
            }
            return .aggregation(node)
        case .binary(var node):
            guard let left = pinned(node.left, atMillis: atMillis), let right = pinned(node.right, atMillis: atMillis) else { return nil }
            node.left = left
            node.right = right
            return .binary(node)
        case .call(var node):
            if dependsOnTime(node.function.function) { return nil }
            var arguments: [Expr] = []
            for argument in node.arguments {
                guard let inner = pinned(argument, atMillis: atMillis) else { return nil }
                arguments.append(inner)
            }
            node.arguments = arguments
            return .call(node)
        }
    }

    private static func dependsOnTime(_ function: Function) -> Bool {
        switch function {
        case .daysInMonth, .dayOfMonth, .dayOfWeek, .dayOfYear, .end, .hour, .minute, .month, .year, .predictLinear, .range, .start, .step, .time, .timestamp: true
        default: false
        }
    }
}
