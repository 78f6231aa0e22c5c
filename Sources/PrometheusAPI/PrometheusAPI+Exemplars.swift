import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import MetricModel
import MetricStore
import PromQL

extension PrometheusAPI {
    /// `/api/v1/query_exemplars`: the exemplars of every series that one of the query's selectors names (web/api/v1/api.go `queryExemplars`).
    func addExemplarRoute(to router: Router<SurfaceContext>) {
        for method in [HTTPRequest.Method.get, .post] {
            router.on("/api/v1/query_exemplars", method: method) { request, _ -> Response in
                let parameters = try await FormParameters(request, limits: limits)
                let start = try TimeParameter.millis(parameters, "start") ?? TimeParameter.earliestMillis
                let end = try TimeParameter.millis(parameters, "end") ?? TimeParameter.latestMillis
                guard start <= end else { throw SurfaceError(.badRequest, "end timestamp must not be before start timestamp") }
                let selectors: [[Matcher]]
                do { selectors = try PromQL.parse(parameters["query"] ?? "", options: engine.options.parser).selectors } catch { throw SurfaceError(.badRequest, "\(error)") }
                // Upstream has no answer to a query that selects nothing, and says so.
                if selectors.isEmpty { return Response(status: .noContent) }
                let found: [SeriesExemplars]
                do { found = try store.exemplars(selectors, time: start...end) } catch { throw SurfaceError(.internalServerError, "\(error)") }
                return Self.success(for: request, capacity: 256 * found.count) { json in
                    json.array { json in for series in found { json.exemplars(series) } }
                }
            }
        }
    }
}

extension JSONWriter {
    /// A series with its exemplars (`exemplar.QueryResult`, web/api/v1/json_codec.go).
    fileprivate mutating func exemplars(_ series: SeriesExemplars) {
        object { json in
            json.key("seriesLabels")
            json.labels(series.labels)
            json.key("exemplars")
            json.array { json in for exemplar in series.exemplars { json.exemplar(exemplar) } }
        }
    }

    private mutating func exemplar(_ exemplar: Exemplar) {
        beginObject()
        key("labels")
        labels(exemplar.labels)
        key("value")
        SampleText.appendQuoted(exemplar.value, to: &out)
        out.append(",\"timestamp\":")
        SampleText.append(millis: exemplar.timestamp, to: &out)
        endObject()
    }
}
