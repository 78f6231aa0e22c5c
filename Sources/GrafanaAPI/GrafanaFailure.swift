import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

/// `{"message": …}`, as Grafana tells of errors. A path that nothing answers on is "Not found", whoever says so.
struct GrafanaEnvelope: ErrorEnvelope {
    func encode(_ error: SurfaceError) -> (contentType: String, body: [UInt8]) {
        let body: JSONValue = ["message": .string(error.status == .notFound ? "Not found" : error.message)]
        return ("application/json", body.encoded)
    }
}

/// The room's errors in Grafana's statuses and words (`pkg/services/dashboards/errors.go`, `pkg/api/apierrors`).
enum GrafanaFailure {
    /// Why a caller is not let in.
    enum Kind { case unauthorized, accessDenied }

    static func response(_ kind: Kind) -> Response {
        switch kind {
        case .unauthorized: unauthorized
        case .accessDenied: refusal(.forbidden, "You'll need additional permissions to perform this action.", id: "accesscontrol.accessDenied")
        }
    }

    static var unauthorized: Response { refusal(.unauthorized, "Unauthorized", id: "auth.unauthorized") }

    static func response(_ error: DashboardsError) -> Response {
        switch error {
        case .invalidDocument(_, "title", let reason) where reason == "Dashboard title cannot be empty": status(.badRequest, "empty-name", reason)
        case .invalidDocument(_, let key, let reason): message(.badRequest, "\(key): \(reason)")
        case .dashboardNotFound: status(.notFound, "not-found", "Dashboard not found")
        case .folderNotFound: status(.notFound, "not-found", "folder not found")
        case .dataSourceNotFound: message(.notFound, "Data source not found")
        case .versionMismatch: status(.preconditionFailed, "version-mismatch", "The dashboard has been changed by someone else")
        case .uidTaken: message(.badRequest, "A dashboard with the same uid already exists")
        case .folderUIDTaken: message(.conflict, "a folder/dashboard with the same uid already exists")
        case .folderVersionMismatch: status(.preconditionFailed, "version-mismatch", "the folder has been changed by someone else")
        case .provisioned(_, let source, deleting: false): message(.badRequest, "Cannot save provisioned dashboard; it comes from \(source)")
        case .provisioned(_, let source, deleting: true): message(.badRequest, "provisioned dashboard cannot be deleted; it comes from \(source)")
        case .tooMany: message(.forbidden, "Quota reached: \(error)")
        case .invalidCredentials: refusal(.unauthorized, "Invalid username or password", id: "password-auth.failed")
        case .tooManyAttempts(let seconds): tooMany(seconds)
        case .invalidUser(let reason): message(.badRequest, reason)
        case .invalidAlertRule(let key, let reason): message(.badRequest, "invalid alert rule: \(key): \(reason)")
        case .alertRuleNotFound: message(.notFound, "Alert rule not found")
        case .alertRuleUIDTaken, .alertRuleTitleTaken: message(.conflict, "\(error)")
        case .invalidQuery, .evaluation: message(.badRequest, "\(error)")
        case .unreadable, .database: message(.internalServerError, "\(error)")
        }
    }

    static func message(_ status: HTTPResponse.Status, _ text: String) -> Response {
        let body: JSONValue = ["message": .string(text)]
        return .json(body.encoded, status: status)
    }

    private static func status(_ code: HTTPResponse.Status, _ status: String, _ text: String) -> Response {
        let body: JSONValue = ["message": .string(text), "status": .string(status)]
        return .json(body.encoded, status: code)
    }

    private static func refusal(_ status: HTTPResponse.Status, _ text: String, id: String) -> Response {
        let body: JSONValue = ["message": .string(text), "messageId": .string(id), "statusCode": JSONValue(status.code), "traceID": ""]
        return .json(body.encoded, status: status)
    }

    private static func tooMany(_ seconds: Int) -> Response {
        var response = refusal(.tooManyRequests, "Too many failed logins; try again in \(seconds) seconds", id: "password-auth.blocked")
        response.headers[.retryAfter] = "\(seconds)"
        return response
    }
}
