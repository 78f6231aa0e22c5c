import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

extension GrafanaAPI {
    private static let cookieName = "grafana_session"
    private static let expiryCookieName = "grafana_session_expiry"

    func addAccessRoutes(to router: some RouterMethods<SurfaceContext>) {
        router.post("/login") { request, context in try await logIn(request, context) }
        router.get("/logout") { request, _ in try await logOut(request) }
        router.get("/api/login/ping", use: signedIn(.personal) { _, _, _ in
            let body: JSONValue = ["message": "Logged in"]
            return .json(body.encoded)
        })
        router.get("/api/health") { _, _ in await health() }
    }

    /// The user that a request comes from, nil for nobody. For pages, which decide for themselves what nobody sees.
    package func user(of request: Request, _ context: SurfaceContext) async -> User? {
        guard let caller = try? await caller(of: request, context), !caller.isAnonymous else { return nil }
        return caller.user
    }

    /// nil when the request may see a page; else the redirect to the login page, which leads back.
    package func pageAccess(_ request: Request, _ context: SurfaceContext) async -> Response? {
        if (try? await caller(of: request, context)) != nil { return nil }
        let target = request.head.path ?? "/"
        let query = target == "/" ? "" : "?redirectTo=" + Self.percentEncoded(target)
        return Response(status: .found, headers: [.location: "/login\(query)", .cacheControl: "no-store"])
    }

    /// Throws for credentials that were given and are wrong. A cookie is only heeded by a request that changes something when it comes
    /// from a page of this host (`pkg/middleware/csrf`).
    func caller(of request: Request, _ context: SurfaceContext) async throws -> Caller? {
        if let authorization = request.headers[.authorization] {
            guard options.basicAuthIsEnabled, let credentials = Self.basicCredentials(authorization) else {
                throw SurfaceError(.unauthorized, authorization.lowercased().hasPrefix("basic ") ? "Invalid Basic Auth Header" : "Invalid API key")
            }
            let user = try await dashboards.authenticate(login: credentials.login, password: credentials.password, address: context.remoteAddress?.ipAddress ?? "")
            return Caller(user: user, token: nil)
        }
        guard let token = request.cookies[Self.cookieName]?.value, let user = try await dashboards.user(ofSession: token) else { return anonymous }
        if request.method != .get, request.method != .head, let origin = request.headers[.origin], Self.hostName(origin) != Self.hostName(request.head.authority ?? "") {
            throw SurfaceError(.forbidden, "origin not allowed")
        }
        return Caller(user: user, token: token)
    }

    private static func basicCredentials(_ header: String) -> (login: String, password: String)? {
        guard header.lowercased().hasPrefix("basic "), let bytes = Base64.decode(String(header.dropFirst(6).filter { $0 != " " })) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":") else { return nil }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }

    /// The name in `scheme://name:port` or `name:port`.
    private static func hostName(_ text: String) -> Substring {
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        if rest.first == "[", let end = rest.firstIndex(of: "]") { return rest[...end] }
        return rest.prefix { $0 != ":" && $0 != "/" }
    }

    private static func percentEncoded(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: "/"):
                out.unicodeScalars.append(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                out += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return out
    }

    private func logIn(_ request: Request, _ context: SurfaceContext) async throws -> Response {
        // As a Grafana without the form's client (pkg/services/authn/authnimpl).
        guard !options.loginFormIsDisabled else { return GrafanaFailure.unauthorized }
        let login: String
        let password: String
        if request.headers[.contentType]?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true {
            let form = try await FormParameters(request, limits: limits)
            login = form["user"] ?? form["username"] ?? ""
            password = form["password"] ?? ""
        } else {
            let json = try await json(of: request)
            login = json["user"]?.string ?? ""
            password = json["password"]?.string ?? ""
        }
        let address = context.remoteAddress?.ipAddress ?? ""
        do {
            let user = try await dashboards.authenticate(login: login, password: password, address: address)
            let session = try await dashboards.openSession(for: user, address: address, userAgent: request.headers[.userAgent] ?? "")
            let body: JSONValue = ["message": "Logged in", "redirectUrl": "/"]
            var response = Response.json(body.encoded)
            setCookies(of: &response, token: session.token, expirySeconds: session.expiresMillis / 1_000, lifetimeSeconds: session.lifetimeSeconds)
            return response
        } catch {
            return GrafanaFailure.response(error)
        }
    }

    private func logOut(_ request: Request) async throws -> Response {
        if let token = request.cookies[Self.cookieName]?.value {
            do { try await dashboards.closeSession(token) } catch { return GrafanaFailure.response(error) }
        }
        var response = Response(status: .found, headers: [.location: "/login", .cacheControl: "no-store"])
        setCookies(of: &response, token: "", expirySeconds: 0, lifetimeSeconds: 0)
        return response
    }

    /// The session's cookie, out of reach of scripts, and one beside it that tells pages when it ends.
    private func setCookies(of response: inout Response, token: String, expirySeconds: Int64, lifetimeSeconds: Int) {
        let common = "; Path=/; Max-Age=\(lifetimeSeconds)" + (options.secureCookie ? "; Secure" : "")
        response.headers[values: .setCookie] = [
            "\(Self.cookieName)=\(token)\(common); HttpOnly; SameSite=Lax", "\(Self.expiryCookieName)=\(lifetimeSeconds == 0 ? "" : "\(expirySeconds)")\(common); SameSite=Lax",
        ]
        response.headers[.cacheControl] = "no-store"
    }

    private func health() async -> Response {
        let isWell = (try? await dashboards.sessionCount()) != nil
        let body: JSONValue = ["database": isWell ? "ok" : "failing", "version": .string(options.version), "commit": .string(options.commit)]
        return .json(body.encoded, status: isWell ? .ok : .serviceUnavailable)
    }
}
