import Bytes
import PromQL

/// Answers the queries of panels: variables in, step chosen, evaluated, framed.
package struct PanelQueries: Sendable {
    private let store: DashboardStore
    private let engine: QueryEngine
    private static let concurrentMax = 4

    package init(store: DashboardStore, engine: QueryEngine) {
        self.store = store
        self.engine = engine
    }

    /// What became of one query.
    package struct Outcome: Sendable {
        package let refID: String
        package let result: Result<[DataFrame], DashboardsError>
    }

    /// Milliseconds since the epoch, by the store's clock.
    package var nowMillis: Int64 { store.options.now() }

    /// Evaluates the queries of a request side by side, at most four at once; each has its own error. Hidden ones are left out. The
    /// outcomes stand in the order of the queries. Throws only when the data sources cannot be read.
    package func run(_ request: PanelQueryRequest) async throws(DashboardsError) -> [Outcome] {
        let sources = try await store.dataSources()
        let queries = request.queries.filter { !$0.isHidden }
        return await withTaskGroup(of: (Int, Outcome).self) { group in
            var outcomes = [Outcome?](repeating: nil, count: queries.count)
            for (index, query) in queries.enumerated() {
                if index >= Self.concurrentMax, let (done, outcome) = await group.next() { outcomes[done] = outcome }
                group.addTask { (index, await outcome(of: query, in: request, sources: sources)) }
            }
            for await (done, outcome) in group { outcomes[done] = outcome }
            return outcomes.compactMap(\.self)
        }
    }

    private func outcome(of query: PanelQuery, in request: PanelQueryRequest, sources: [DataSource]) async -> Outcome {
        do {
            return Outcome(refID: query.refID, result: .success(try await frames(of: query, in: request, sources: sources)))
        } catch {
            return Outcome(refID: query.refID, result: .failure(error))
        }
    }

    private func frames(of query: PanelQuery, in request: PanelQueryRequest, sources: [DataSource]) async throws(DashboardsError) -> [DataFrame] {
        let source = try Self.source(of: query, among: sources)
        guard source.type == "prometheus" else {
            throw .invalidQuery(reason: "data source \"\(source.name)\" is of type \"\(source.type)\"; panels are answered from \"prometheus\" data sources")
        }
        let range = request.toMillis - request.fromMillis
        let step = try QueryStep(
            rangeMillis: range, points: query.points, minimum: query.minimumStep, intervalMillis: query.intervalMillis, scrapeInterval: source.scrapeInterval,
            factor: query.intervalFactor)
        let interpolation = Interpolation(
            step: step, rangeMillis: range, fromMillis: request.fromMillis, toMillis: request.toMillis, variables: request.variables)
        let expression = interpolation.apply(to: query.expression)
        guard !expression.allSatisfy(\.isWhitespace) else { throw .invalidQuery(reason: "the query has no expression") }
        let builder = FrameBuilder(query: query, expression: expression, legendFormat: interpolation.apply(to: query.legendFormat), stepMillis: step.stepMillis)
        var frames: [DataFrame] = []
        if query.isRange {
            let start = Self.aligned(request.fromMillis, step.stepMillis, query.utcOffsetSeconds)
            let end = Self.aligned(request.toMillis, step.stepMillis, query.utcOffsetSeconds)
            do { frames += builder.frames(of: try await engine.range(expression, startMillis: start, endMillis: end, stepMillis: step.stepMillis)) } catch { throw Self.told(error) }
        }
        if query.isInstant {
            do { frames += builder.frames(of: try await engine.instant(expression, atMillis: request.toMillis)) } catch { throw Self.told(error) }
        }
        return frames
    }

    /// The engine's error in the words of Prometheus's API, which Grafana passes on.
    private static func told(_ error: QueryError) -> DashboardsError {
        if case .parse = error { return .evaluation(type: error.errorType, reason: "invalid parameter \"query\": \(error)") }
        return .evaluation(type: error.errorType, reason: "\(error)")
    }

    /// The data source that a query names by uid or name. One that is not known here, of a dashboard that comes from elsewhere, is taken
    /// for the default when it is of the same type or of none.
    private static func source(of query: PanelQuery, among sources: [DataSource]) throws(DashboardsError) -> DataSource {
        guard let first = sources.first(where: \.isDefault) ?? sources.first else { throw .dataSourceNotFound(query.dataSource) }
        if query.dataSource.isEmpty { return sources.first { $0.type == query.dataSourceType } ?? first }
        if let exact = sources.first(where: { $0.uid == query.dataSource }) ?? sources.first(where: { $0.name == query.dataSource }) { return exact }
        guard query.dataSourceType.isEmpty || query.dataSourceType == first.type else { throw .dataSourceNotFound(query.dataSource) }
        return first
    }

    /// Down to a multiple of the step in the viewer's zone, so that a range that moves on shows the same points.
    private static func aligned(_ millis: Int64, _ step: Int64, _ offsetSeconds: Int64) -> Int64 {
        TimeText.floorDivide(millis + offsetSeconds * 1_000, step) * step - offsetSeconds * 1_000
    }
}

extension [PanelQueries.Outcome] {
    /// Whether a query failed: Grafana answers such a request with 400.
    package var hasFailure: Bool { contains { if case .failure = $0.result { true } else { false } } }

    /// `{"results": {"A": {"status": 200, "frames": […]}, …}}`
    package var encoded: [UInt8] {
        var json = JSONWriter(capacity: 64 << 10)
        json.beginObject()
        json.key("results")
        json.beginObject()
        for outcome in self {
            json.key(outcome.refID)
            json.beginObject()
            switch outcome.result {
            case .success(let frames):
                json.member("status", 200)
                json.key("frames")
                json.beginArray()
                for frame in frames { frame.write(to: &json) }
                json.endArray()
            case .failure(let error):
                json.member("error", "\(error)")
                json.member("errorSource", "downstream")
                json.member("status", 400)
            }
            json.endObject()
        }
        json.endObject()
        json.endObject()
        return json.finish()
    }
}
