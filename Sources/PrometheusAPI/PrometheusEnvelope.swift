import Bytes
import HTTPSurface
import HTTPTypes

/// `{"status":"error","errorType":…,"error":…}`, and Go's plain text for paths outside the API.
package struct PrometheusEnvelope: ErrorEnvelope {
    package init() {}

    package func encode(_ error: SurfaceError) -> (contentType: String, body: [UInt8]) {
        Self.encode(type: Self.errorType(error.status), message: error.message)
    }

    static func encode(type: String, message: String) -> (contentType: String, body: [UInt8]) {
        var json = JSONWriter()
        json.object { json in
            json.member("status", "error")
            json.member("errorType", type)
            json.key("error")
            json.htmlSafeString(message)
        }
        return ("application/json", json.finish())
    }

    /// Upstream web/api/v1/api.go `errorType`s.
    private static func errorType(_ status: HTTPResponse.Status) -> String {
        switch status.code {
        case 400: "bad_data"
        case 404: "not_found"
        case 406: "not_acceptable"
        case 422: "execution"
        case 499: "canceled"
        case 503: "unavailable"
        case 400..<500: "bad_data"
        default: "internal"
        }
    }
}
