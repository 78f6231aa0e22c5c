import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import MetricFormats
import MetricModel
import PushGroups

extension PushgatewayAPI {
    /// `PUT` and `POST` of a group: 200 when everything is on the disk, 400 for what cannot be taken, with nothing of it taken.
    func push(_ request: Request, _ path: PushPath, replaces: Bool) async throws -> Response {
        let begun = clock.monotonicNanos
        defer {
            let now = clock.monotonicNanos
            metrics.observe(method: request.method, bytes: Self.size(of: request), seconds: Double(now - begun) / 1e9, nowNanos: now)
        }
        return try await counted("push", request) {
            let key = try path.key()
            let families = try Self.families(of: try await body(of: request), contentType: request.headers[.contentType])
            try await change { () throws(PushGroupsError) in try await groups.push(families, to: key, replaces: replaces) }
            return Response(status: .ok)
        }
    }

    /// `DELETE` of a group, there or not: 202.
    func delete(_ request: Request, _ path: PushPath) async throws -> Response {
        try await counted("delete", request) {
            let key = try path.key()
            try await change { () throws(PushGroupsError) in try await groups.delete(key) }
            return Response(status: .accepted)
        }
    }

    /// `PUT /api/v1/admin/wipe`: removes every group, where that was allowed at start.
    func addWipeRoute(to router: Router<SurfaceContext>) {
        guard server.isAdminEnabled else {
            for method in [HTTPRequest.Method.get, .post, .put, .delete, .patch] {
                router.on("/api/v1/admin/wipe", method: method) { _, _ -> Response in
                    throw SurfaceError(.notFound, "the admin API is not enabled; start with --web.enable-admin-api")
                }
            }
            return
        }
        router.put("/api/v1/admin/wipe") { request, _ -> Response in
            try await counted("wipe", request) {
                try await change { () throws(PushGroupsError) in try await groups.deleteAll() }
                return Response(status: .accepted)
            }
        }
    }

    /// Metrics in one push.
    private static let metricsMax = 250_000

    /// Tells of a change's failure as the door does.
    private func change(_ body: () async throws(PushGroupsError) -> Void) async throws(SurfaceError) {
        do throws(PushGroupsError) {
            try await body()
        } catch {
            switch error {
            case .inconsistent(let reason): throw SurfaceError(.badRequest, "pushed metrics are invalid or inconsistent with existing metrics: \(reason)")
            case .overLimit(let reason): throw SurfaceError(.init(code: 507, reasonPhrase: "Insufficient Storage"), reason)
            case .storage, .locked, .closed: throw SurfaceError(.serviceUnavailable, "\(error)", headers: [.retryAfter: "1"])
            }
        }
    }

    /// The body, decompressed. Snappy is the framing format here; an encoding that is not known is taken for none, as upstream does.
    private func body(of request: Request) async throws -> [UInt8] {
        let encoding = request.headers[.contentEncoding]?.lowercased()
        return try await request.decodedBody(limits) { bytes, limit in
            switch encoding {
            case "gzip", "x-gzip": try Compression.gzip.decompress(bytes, limit: limit)
            case "zstd": try Compression.zstd.decompress(bytes, limit: limit)
            case "snappy": try SnappyFrames.decompress(bytes, limit: limit)
            default: Array(bytes)
            }
        }
    }

    /// Protobuf where the content type says so, the text format otherwise, whatever it says.
    private static func families(of body: [UInt8], contentType: String?) throws(SurfaceError) -> [ClientMetricFamily] {
        do throws(MetricFormatError) {
            guard contentType.map({ MediaType($0).isDelimitedProtobuf }) == true else { return try ClientTextParser.parse(body, metricsMax: metricsMax) }
            return try merged(try ClientMetricFamily.decodeDelimited(body, metricsMax: metricsMax))
        } catch {
            switch error {
            case .malformedText(let line, _, let reason): throw SurfaceError(.badRequest, "text format parsing error in line \(line): \(reason)")
            case .malformedMessage: throw SurfaceError(.badRequest, "\(error)")
            }
        }
    }

    /// Families of one name as one; names checked, which the text format's grammar does by itself.
    private static func merged(_ families: [ClientMetricFamily]) throws(MetricFormatError) -> [ClientMetricFamily] {
        var merged: [ClientMetricFamily] = []
        var indexes: [String: Int] = [:]
        for family in families where !family.metrics.isEmpty {
            guard MetricName.isLegacy(family.name) else { throw .malformedMessage(offset: 0, reason: "invalid metric name \(LabelName.quoted(family.name))") }
            if let index = indexes[family.name] {
                merged[index].metrics += family.metrics
            } else {
                indexes[family.name] = merged.count
                merged.append(family)
            }
        }
        return merged
    }

    /// About what the request took on the wire (client_golang `computeApproximateRequestSize`).
    private static func size(of request: Request) -> Double {
        let head = request.headers.reduce(request.uri.string.utf8.count + request.method.rawValue.utf8.count + 8) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }
        return Double(head + (request.headers[.contentLength].flatMap { Int($0) } ?? 0))
    }
}
