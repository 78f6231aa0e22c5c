import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import MetricModel
import NIOCore
import PromQL

extension PrometheusAPI {
    /// Queries: they are evaluated, and their answers written, on the engine's threads. A long one is not among them, for to parse it takes a while, and
    /// nor is one of which nobody says how long it is.
    package static let goesElsewhere: @Sendable (HTTPRequest) -> Bool = { request in
        guard let target = request.path, target.utf8.count <= shortBytesMax else { return false }
        let bodyBytes = request.headerFields[.contentLength].map { Int($0) ?? .max } ?? (request.method == .get ? 0 : .max)
        let path = target.prefix { $0 != "?" }
        return bodyBytes <= shortBytesMax && (path == "/api/v1/query" || path == "/api/v1/query_range")
    }

    /// More than nearly every query takes, in bytes of the request's target or of its body.
    private static let shortBytesMax = 4 << 10

    /// `/api/v1/query` and `/api/v1/query_range`. What is wrong is found in upstream's order.
    func addQueryRoutes(to router: Router<SurfaceContext>) {
        for method in [HTTPRequest.Method.get, .post] {
            router.on("/api/v1/query", method: method) { request, context -> Response in
                let parameters = try await FormParameters(request, limits: limits)
                let limit = try Self.resultLimit(parameters)
                let at = try TimeParameter.millis(parameters, "time") ?? server.nowMillis()
                let asked = try Asked(parameters, limit: limit, request, context)
                return await Self.answer(context) { [engine] () async throws(QueryError) in
                    try await engine.instant(asked.query, atMillis: at, options: asked.options) { Self.response($0, to: request, asked) }
                }
            }
            router.on("/api/v1/query_range", method: method) { request, context -> Response in
                let parameters = try await FormParameters(request, limits: limits)
                let limit = try Self.resultLimit(parameters)
                let range = try Self.range(parameters, pointsMax: engine.options.pointsPerSeriesMax)
                let asked = try Asked(parameters, limit: limit, request, context)
                return await Self.answer(context) { [engine] () async throws(QueryError) in
                    try await engine.range(asked.query, startMillis: range.start, endMillis: range.end, stepMillis: range.step, options: asked.options) { Self.response($0, to: request, asked) }
                }
            }
        }
    }

    /// What both kinds of query are asked with.
    private struct Asked: Sendable {
        let query: String
        /// At most so many series, 0 for all.
        let limit: Int
        /// What of the query's cost is asked for, as it was written; "" for nothing.
        let statistics: String
        var options = QueryOptions()

        init(_ parameters: FormParameters, limit: Int, _ request: Request, _ context: SurfaceContext) throws(SurfaceError) {
            query = parameters["query"] ?? ""
            self.limit = limit
            statistics = parameters["stats"] ?? ""
            if let timeout = try TimeParameter.durationMillis(parameters, "timeout") { options.timeoutSeconds = Double(timeout) / 1_000 }
            do throws(SurfaceError) {
                if let lookback = try TimeParameter.durationMillis(parameters, "lookback_delta"), lookback > 0 { options.lookbackDeltaMillis = lookback }
            } catch {
                throw SurfaceError(.badRequest, error.message.replacing("invalid parameter \"lookback_delta\"", with: "error parsing lookback delta duration"))
            }
            // One more than is shown tells whether there are more.
            options.limit = limit == 0 || limit == .max ? 0 : limit + 1
            options.origin = QueryOrigin(clientIP: context.remoteAddress?.ipAddress ?? "", method: request.method.rawValue, path: request.uri.path)
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
        guard !overflowed, span / step <= Int64(pointsMax) else {
            throw SurfaceError(.badRequest, "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
        }
        return (start, end, step)
    }

    /// Upstream's `parseLimitParam`: Go's `strconv.Atoi`, and nothing below 0.
    private static func resultLimit(_ parameters: FormParameters) throws(SurfaceError) -> Int {
        guard let text = parameters["limit"], !text.isEmpty else { return 0 }
        guard let limit = Int(text) else {
            let digits = text.utf8.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
            let isNumber = !digits.isEmpty && text.utf8.count - digits.count <= 1 && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            throw SurfaceError(.badRequest, "invalid parameter \"limit\": strconv.Atoi: parsing \(LabelName.quoted(text)): \(isNumber ? "value out of range" : "invalid syntax")")
        }
        guard limit >= 0 else { throw SurfaceError(.badRequest, "invalid parameter \"limit\": limit must be non-negative") }
        return limit
    }

    /// A client that goes away ends its query.
    private static func answer(_ context: SurfaceContext, _ evaluate: @escaping @Sendable () async throws(QueryError) -> Response) async -> Response {
        await context.whileConnected {
            do throws(QueryError) { return try await evaluate() } catch { return refusal(error) }
        }
    }

    /// The answer written out, compressed where that is asked for.
    private static func response(_ found: QueryResult, to request: Request, _ asked: Asked) -> Response {
        AnswerBuffers.shared.answered()
        var result = found
        if asked.limit > 0, result.value.cut(to: asked.limit) { result.warnings.append("results truncated due to limit") }
        if !["", "true", "all"].contains(asked.statistics) {
            result.warnings.append(
                "value \(LabelName.quoted(asked.statistics)) for parameter \"stats\" is deprecated and will be rejected in the next major release, use \"true\" or \"all\"")
        }
        let (warnings, infos) = (shown(result.warnings, "warning"), shown(result.infos, "info"))
        // What stands before and behind the series comes from one writer.
        var pieces: [ByteBuffer] = []
        let end = envelope(warnings: warnings, infos: infos, capacity: 1 << 16) { json in
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
                guard !asked.statistics.isEmpty else { return }
                json.key("stats")
                result.statistics.write(to: &json)
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

extension QueryValue {
    /// Leaves the first `count` series, and says whether there were more.
    fileprivate mutating func cut(to count: Int) -> Bool {
        switch self {
        case .vector(let samples) where samples.count > count: self = .vector(Array(samples.prefix(count)))
        case .matrix(let matrix) where matrix.series.count > count: self = .matrix(Matrix(series: Array(matrix.series.prefix(count))))
        default: return false
        }
        return true
    }
}
