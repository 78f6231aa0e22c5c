import Dashboards
import HTTPTypes

extension GrafanaAPI {
    /// Who may come without being signed in, where anonymous access is on (`auth.anonymous`).
    enum Access: Sendable {
        /// Whatever the role: reading that is asked for with POST.
        case reading
        /// By the method: GET and HEAD with any role, everything else from editors on.
        case byMethod
        /// Nobody: what belongs to a user.
        case personal
    }

    /// Somebody who is not signed in, in the role that anonymous access gives; nil where there is none.
    var anonymous: Caller? { options.anonymousRole.map { Caller(user: .anonymous(role: $0), token: nil, isAnonymous: true) } }

    /// Whether `caller` may; what a refusal says otherwise, as Grafana has it for anonymous requests.
    static func refusal(of access: Access, _ method: HTTPRequest.Method, _ caller: Caller) -> GrafanaFailure.Kind? {
        guard caller.isAnonymous else { return nil }
        switch access {
        case .reading: return nil
        case .personal: return .unauthorized
        case .byMethod: return method == .get || method == .head || caller.user.role != "Viewer" ? nil : .accessDenied
        }
    }
}
