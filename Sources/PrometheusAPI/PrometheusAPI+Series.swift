import Bytes
import HTTPSurface
import Hummingbird
import MetricModel
import MetricStore
import PromQL

extension PrometheusAPI {
    /// `/api/v1/series`, `/api/v1/labels`, `/api/v1/label/{name}/values`, `/api/v1/metadata`.
    func addSeriesRoutes(to router: Router<SurfaceContext>) {
        for method in [HTTPRequest.Method.get, .post] {
            router.on("/api/v1/series", method: method) { request, _ -> Response in
                let parameters = try await FormParameters(request, limits: limits)
                let selectors = try Self.selectors(parameters)
                guard !selectors.isEmpty else { throw SurfaceError(.badRequest, "no match[] parameter provided") }
                return try series(selectors, time: try timeRange(parameters), limit: try Self.limit(parameters), request)
            }
            router.on("/api/v1/labels", method: method) { request, _ -> Response in
                let parameters = try await FormParameters(request, limits: limits)
                let (time, limit) = (try timeRange(parameters), try Self.limit(parameters))
                let names = try union(try Self.selectors(parameters), limit: limit) { matchers throws(MetricStoreError) in
                    try store.labelNames(matchers, time: time, limit: 0)
                }
                return Self.names(names, limit: limit, request)
            }
        }
        router.get("/api/v1/label/:name/values") { request, context -> Response in
            let name = try Self.labelName(context.parameters.require("name"))
            let parameters = try await FormParameters(request, limits: limits)
            let (time, limit) = (try timeRange(parameters), try Self.limit(parameters))
            let values = try union(try Self.selectors(parameters), limit: limit) { matchers throws(MetricStoreError) in
                try store.labelValues(name, matchers, time: time, limit: 0)
            }
            return Self.names(values, limit: limit, request)
        }
        router.get("/api/v1/metadata") { request, _ -> Response in
            let parameters = try await FormParameters(request, limits: limits)
            let metadata = store.metadata(metric: parameters["metric"].flatMap { $0.isEmpty ? nil : $0 }, limit: try Self.limit(parameters))
            let perMetric = try Self.count(parameters, "limit_per_metric")
            return Self.success(for: request) { json in
                json.object { json in
                    for (metric, entries) in metadata.sorted(by: { $0.key < $1.key }) {
                        json.key(metric)
                        json.array { json in
                            for entry in perMetric > 0 ? entries.prefix(perMetric) : entries[...] {
                                json.object { json in
                                    json.member("type", entry.kind.rawValue)
                                    json.member("help", entry.help)
                                    json.member("unit", entry.unit)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func series(_ selectors: [[Matcher]], time: ClosedRange<Int64>, limit: Int, _ request: Request) throws -> Response {
        var found: Set<Labels> = []
        for matchers in selectors {
            for series in try Self.storing({ () throws(MetricStoreError) in try store.select(SeriesSelection(matchers, time: time, limit: limit > 0 ? limit + 1 : 0)) }) {
                found.insert(series.labels)
            }
        }
        let sorted = found.sorted()
        let isCut = limit > 0 && sorted.count > limit
        return Self.success(for: request, warnings: isCut ? ["results truncated due to limit"] : [], capacity: 128 * sorted.count) { json in
            json.array { json in for labels in isCut ? sorted.prefix(limit) : sorted[...] { json.labels(labels) } }
        }
    }

    /// What any of the selectors finds, sorted; no selector means everything.
    private func union(_ selectors: [[Matcher]], limit: Int, _ find: ([Matcher]) throws(MetricStoreError) -> [String]) throws -> [String] {
        if selectors.count <= 1 { return try Self.storing { () throws(MetricStoreError) in try find(selectors.first ?? []) } }
        var found: Set<String> = []
        for matchers in selectors { found.formUnion(try Self.storing { () throws(MetricStoreError) in try find(matchers) }) }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func names(_ names: [String], limit: Int, _ request: Request) -> Response {
        let isCut = limit > 0 && names.count > limit
        return success(for: request, warnings: isCut ? ["results truncated due to limit"] : [], capacity: 32 * names.count) { json in
            json.array { json in for name in isCut ? names.prefix(limit) : names[...] { json.string(name) } }
        }
    }

    private static func storing<T>(_ body: () throws(MetricStoreError) -> T) throws(SurfaceError) -> T {
        do { return try body() } catch { throw SurfaceError(.internalServerError, "\(error)") }
    }

    /// The `match[]` selectors, parsed. A selector that would match every series without saying so is refused, as upstream does.
    static func selectors(_ parameters: FormParameters) throws(SurfaceError) -> [[Matcher]] {
        var selectors: [[Matcher]] = []
        for text in parameters.all("match[]") {
            do {
                let matchers = try PromQL.parseSelector(text)
                guard matchers.contains(where: { !$0.matchesEmpty }) else {
                    throw SurfaceError(.badRequest, "match[] must contain at least one non-empty matcher")
                }
                selectors.append(matchers)
            } catch let error as ParseError {
                throw SurfaceError(.badRequest, "invalid parameter \"match[]\": \(error)")
            } catch let error as SurfaceError {
                throw error
            } catch {
                throw SurfaceError(.badRequest, "invalid parameter \"match[]\": \(error)")
            }
        }
        return selectors
    }

    private func timeRange(_ parameters: FormParameters) throws(SurfaceError) -> ClosedRange<Int64> {
        let start = try TimeParameter.millis(parameters, "start") ?? TimeParameter.earliestMillis
        let end = try TimeParameter.millis(parameters, "end") ?? TimeParameter.latestMillis
        guard start <= end else { throw SurfaceError(.badRequest, "invalid parameter \"end\": end timestamp must not be before start time") }
        return start...end
    }

    static func limit(_ parameters: FormParameters) throws(SurfaceError) -> Int { try count(parameters, "limit") }

    static func count(_ parameters: FormParameters, _ name: String) throws(SurfaceError) -> Int {
        guard let text = parameters[name], !text.isEmpty else { return 0 }
        guard let count = Int(text), count >= 0 else { throw SurfaceError(.badRequest, "invalid parameter \"\(name)\": \"\(text)\" is not a number from 0 on") }
        return count
    }

    /// A label name of a path.
    static func labelName(_ text: String) throws(SurfaceError) -> String {
        let name = PercentEncoding.decode(text)
        guard !name.isEmpty else { throw SurfaceError(.badRequest, "invalid label name: \"\(text)\"") }
        return name
    }
}
