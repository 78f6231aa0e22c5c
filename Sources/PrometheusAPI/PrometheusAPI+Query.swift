import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import MetricModel
import NIOCore
import PromQL

extension PrometheusAPI {
    /// `/api/v1/query` and `/api/v1/query_range`.
    func addQueryRoutes(to router: Router<SurfaceContext>) {
        for method in [HTTPRequest.Method.get, .post] {
            router.on("/api/v1/query", method: method) { request, _ -> Response in
                let parameters = try await FormParameters(request, limits: limits)
                let at = try TimeParameter.millis(parameters, "time") ?? server.nowMillis()
                let options = try Self.options(parameters)
                let query = parameters["query"] ?? ""
                return try await answer(request) { () throws(QueryError) in try await engine.instant(query, atMillis: at, options: options) }
            }
            router.on("/api/v1/query_range", method: method) { request, _ -> Response in
                let parameters = try await FormParameters(request, limits: limits)
                let range = try Self.range(parameters, pointsMax: engine.options.pointsPerSeriesMax)
                let options = try Self.options(parameters)
                let query = parameters["query"] ?? ""
                return try await answer(request) { () throws(QueryError) in
                    try await engine.range(query, startMillis: range.start, endMillis: range.end, stepMillis: range.step, options: options)
                }
            }
        }
    }

    /// Start, end and step of a range query, with upstream's refusals.
    private static func range(_ parameters: FormParameters, pointsMax: Int) throws(SurfaceError) -> (start: Int64, end: Int64, step: Int64) {
        guard let start = try TimeParameter.millis(parameters, "start", isRequired: true) else { throw SurfaceError(.badRequest, "invalid parameter \"start\": cannot parse \"\" to a valid timestamp") }
        guard let end = try TimeParameter.millis(parameters, "end", isRequired: true) else { throw SurfaceError(.badRequest, "invalid parameter \"end\": cannot parse \"\" to a valid timestamp") }
        guard end >= start else { throw SurfaceError(.badRequest, "invalid parameter \"end\": end timestamp must not be before start time") }
        guard let step = try TimeParameter.durationMillis(parameters, "step") else { throw SurfaceError(.badRequest, "invalid parameter \"step\": cannot parse \"\" to a valid duration") }
        guard step > 0 else {
            throw SurfaceError(.badRequest, "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer")
        }
        let (span, overflowed) = end.subtractingReportingOverflow(start)
        guard !overflowed, span / step < Int64(pointsMax) else {
            throw SurfaceError(.badRequest, "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
        }
        return (start, end, step)
    }

    private static func options(_ parameters: FormParameters) throws(SurfaceError) -> QueryOptions {
        var options = QueryOptions()
        if let timeout = try TimeParameter.durationMillis(parameters, "timeout") { options.timeoutSeconds = Double(timeout) / 1_000 }
        if let lookback = try TimeParameter.durationMillis(parameters, "lookback_delta"), lookback > 0 { options.lookbackDeltaMillis = lookback }
        options.limit = try limit(parameters)
        return options
    }

    private func answer(_ request: Request, _ evaluate: () async throws(QueryError) -> QueryResult) async throws -> Response {
        let result: QueryResult
        do {
            result = try await evaluate()
        } catch {
            return Self.refusal(error)
        }
        let (warnings, infos) = (Self.shown(result.warnings, "warning"), Self.shown(result.infos, "info"))
        // What stands before and behind the series comes from one writer.
        var pieces: [ByteBuffer] = []
        let end = Self.envelope(warnings: warnings, infos: infos, capacity: 1 << 16) { json in
            json.object { json in
                json.member("resultType", result.value.resultType)
                json.key("result")
                if case .matrix(let matrix) = result.value, matrix.isLong {
                    json.beginArray()
                    pieces.append(json.out.withBytes { ByteBuffer(bytes: $0) })
                    json.out.removeAll()
                    pieces += matrix.pieces()
                    json.endArray()
                } else {
                    json.queryValue(result.value)
                }
            }
        }
        return .pieces(pieces + [ByteBuffer(bytes: end)], contentType: "application/json", for: request)
    }

    /// The first ten, and how many more there are.
    private static func shown(_ remarks: [String], _ kind: String) -> [String] {
        remarks.count <= 10 ? remarks : remarks.prefix(10) + ["\(remarks.count - 10) more \(kind) annotations omitted"]
    }

    /// Upstream's error type and status for each way in which a query ends badly (web/api/v1/api.go `returnAPIError`).
    private static func refusal(_ error: QueryError) -> Response {
        let message = error.errorType == "bad_data" ? "invalid parameter \"query\": \(error)" : "\(error)"
        let (contentType, body) = PrometheusEnvelope.encode(type: error.errorType, message: message)
        let status: HTTPResponse.Status =
            switch error.errorType {
            case "bad_data": .badRequest
            case "timeout": .serviceUnavailable
            case "canceled": .init(code: 499, reasonPhrase: "Client Closed Request")
            case "execution": .unprocessableContent
            default: .internalServerError
            }
        return .bytes(body, contentType: contentType, status: status)
    }
}
