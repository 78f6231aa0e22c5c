import Bytes
import HTTPSurface
import Hummingbird
import MetricStore
import PromQL

extension PrometheusAPI {
    /// `/api/v1/admin/tsdb/*` (upstream web/api/v1/api.go `deleteSeries`, `cleanTombstones`, `snapshot`). Without an administration they
    /// answer that they are disabled.
    func addAdminRoutes(to router: Router<SurfaceContext>) {
        for method in [HTTPRequest.Method.post, .put] {
            router.on("/api/v1/admin/tsdb/delete_series", method: method) { request, _ -> Response in
                let administration = try enabled()
                let parameters = try await FormParameters(request, limits: limits)
                let texts = parameters.all("match[]")
                guard !texts.isEmpty else { throw SurfaceError(.badRequest, "no match[] parameter provided") }
                let selectors = try texts.map { text throws(SurfaceError) in
                    // Unlike for reading, `{}` may be said here and means everything.
                    do throws(ParseError) { return try PromQL.parseSelector(text) } catch { throw SurfaceError(.badRequest, "invalid parameter \"match[]\": \(error)") }
                }
                let start = try TimeParameter.millis(parameters, "start") ?? TimeParameter.earliestMillis
                let end = try TimeParameter.millis(parameters, "end") ?? TimeParameter.latestMillis
                // As upstream: a range that ends before it starts holds nothing.
                for matchers in selectors where start <= end { try await Self.administering { () throws(MetricStoreError) in try await administration.delete(matchers, time: start...end) } }
                return Response(status: .noContent)
            }
            router.on("/api/v1/admin/tsdb/clean_tombstones", method: method) { _, _ -> Response in
                let administration = try enabled()
                try await Self.administering { () throws(MetricStoreError) in try await administration.cleanTombstones() }
                return Response(status: .noContent)
            }
            router.on("/api/v1/admin/tsdb/snapshot", method: method) { request, _ -> Response in
                let administration = try enabled()
                let skipsHead = try Self.bool(try await FormParameters(request, limits: limits), "skip_head")
                let name = try await Self.administering { () throws(MetricStoreError) in try await administration.snapshot(includingHead: !skipsHead) }
                return Self.success(for: request) { json in json.object { $0.member("name", name) } }
            }
        }
    }

    private func enabled() throws(SurfaceError) -> any MetricAdministration {
        guard let administration else { throw SurfaceError(.serviceUnavailable, "admin APIs disabled") }
        return administration
    }

    private static func administering<T>(_ body: () async throws(MetricStoreError) -> T) async throws(SurfaceError) -> T {
        do { return try await body() } catch { throw SurfaceError(.internalServerError, "\(error)") }
    }

    /// Go's `strconv.ParseBool`; false when absent.
    private static func bool(_ parameters: FormParameters, _ name: String) throws(SurfaceError) -> Bool {
        switch parameters[name] ?? "" {
        case "", "0", "f", "F", "false", "FALSE", "False": return false
        case "1", "t", "T", "true", "TRUE", "True": return true
        case let text: throw SurfaceError(.badRequest, "invalid parameter \"\(name)\": unable to parse boolean: strconv.ParseBool: parsing \"\(text)\": invalid syntax")
        }
    }
}
