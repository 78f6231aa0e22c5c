import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import MetricFormats
import MetricStore

extension PrometheusAPI {
    /// `POST /api/v1/write`: remote write 1.0 (prometheus.io/docs/specs/prw/remote_write_spec). 204 when everything is on the disk;
    /// 400 names the first sample that was refused, the others having been taken; 5xx asks the sender to try again.
    func addWriteRoute(to router: Router<SurfaceContext>) {
        router.post("/api/v1/write") { request, _ -> Response in
            let contentType = request.headers[.contentType]?.lowercased() ?? "application/x-protobuf"
            guard contentType.hasPrefix("application/x-protobuf") else {
                throw SurfaceError(.unsupportedMediaType, "\(contentType) is not a content type of remote write; send application/x-protobuf")
            }
            if let proto = Self.parameter("proto", of: contentType), proto != "prometheus.WriteRequest" {
                throw SurfaceError(.unsupportedMediaType, "remote write message \(proto) is not taken here; send prometheus.WriteRequest (1.0)")
            }
            guard request.headers[.contentEncoding]?.lowercased() == "snappy" else {
                throw SurfaceError(.unsupportedMediaType, "\(request.headers[.contentEncoding] ?? "no") encoding is not one of remote write; compress with snappy")
            }
            let message: RemoteWriteRequest
            do {
                message = try RemoteWriteRequest.decode(try await request.decodedBody(limits))
            } catch let error as MetricFormatError {
                throw SurfaceError(.badRequest, "\(error)")
            }
            let report: AppendReport
            do {
                report = try await store.append(message.batch, durability: .synced)
            } catch {
                throw SurfaceError(.internalServerError, "\(error)")
            }
            if report.overSeriesLimit > 0 {
                throw SurfaceError(.tooManyRequests, report.firstRefusal ?? "the limit of active series is reached", headers: [.retryAfter: "30"])
            }
            if report.refused > 0 {
                throw SurfaceError(.badRequest, report.firstRefusal ?? "\(report.refused) samples were refused")
            }
            return Response(status: .noContent)
        }
    }

    private static func parameter(_ name: String, of contentType: String) -> String? {
        for part in contentType.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
            if pair.count == 2, pair[0] == name { return pair[1] == "prometheus.writerequest" ? "prometheus.WriteRequest" : pair[1] }
        }
        return nil
    }
}
