import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird
import Logging
import Platform
import Synchronization

/// Stands in front of 9090 as `web.yml` says: who comes in, by which TLS, and with which headers the answers go out.
///
/// What the file says holds from the next request and connection on. `load` reads it; `refresh` reads it when it or a file that it names
/// has changed. A file with an error changes nothing.
final class WebGate: Sendable {
    private struct State {
        var configuration = WebConfiguration()
        var security: DoorSecurity?
        var stamps: [FileStamp?] = []
        var lastProblem = ""
        var bucket = TokenBucket()
        /// What was found of passwords lately: verifying one costs 50 ms and more.
        var verdicts = CredentialCache(max: 100)
    }

    private let folder: ConfigurationFolder
    private let passwords = PasswordHasher(cost: 10)
    private let clock: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())
    /// Lets the commands in that find it in the data folder; new with every process.
    let token = CredentialCache.secret()

    init(folder: ConfigurationFolder, clock: any TimeSource, logger: Logger) {
        self.folder = folder
        self.clock = clock
        self.logger = logger
    }

    /// How the next connection is secured; nil for plain HTTP.
    var security: DoorSecurity? { state.withLock { $0.security } }
    var isProtected: Bool { state.withLock { $0.configuration.isProtected } }
    var wantsPassword: Bool { state.withLock { !$0.configuration.users.isEmpty } }

    // MARK: Reading

    /// Reads `web.yml` and the files that it names; blocks.
    func load() throws(ConfigurationError) {
        let stamps = FileStamp.of([folder.webFile])
        let configuration = try folder.web()
        let all = stamps + FileStamp.of(configuration.files)
        let security: DoorSecurity?
        do {
            security = try configuration.tls.map { tls throws(TLSMaterialError) in try DoorSecurity(tls, allowsHTTP2: configuration.allowsHTTP2) }
        } catch {
            throw ConfigurationError(file: folder.webFile, line: nil, reason: "tls_server_config: \(error)")
        }
        state.withLock { state in
            if state.configuration.rateLimit != configuration.rateLimit { state.bucket = TokenBucket() }
            (state.configuration, state.security, state.stamps, state.lastProblem) = (configuration, security, all, "")
        }
    }

    /// Reads everything again when a file changed since; blocks. A file that is not there any more changes nothing until somebody reloads.
    func refresh() {
        let (files, stamps) = state.withLock { ([folder.webFile] + $0.configuration.files, $0.stamps) }
        guard stamps.first ?? nil != nil else { return }
        let now = FileStamp.of(files)
        guard now != stamps else { return }
        do throws(ConfigurationError) {
            guard now[0] != nil else { throw ConfigurationError(file: folder.webFile, line: nil, reason: "the file is gone; what it said stays in force until the next reload") }
            try load()
            logger.info("\(folder.webFile): what changed is in force")
        } catch {
            // Once for each problem, and again when the files have changed again.
            let problem = "\(error)"
            let isNew = state.withLock { state in
                defer { state.lastProblem = problem }
                return state.lastProblem != problem
            }
            if isNew { logger.error("\(problem); what was in force stays") }
        }
    }

    // MARK: Asking

    /// The answer to somebody who is not let in; nil for who is. In upstream's order: rate, then password.
    func refusal(of request: Request) async -> Response? {
        let (limit, users) = state.withLock { ($0.configuration.rateLimit, $0.configuration.users) }
        if let limit {
            let now = clock.monotonicNanos
            guard state.withLock({ $0.bucket.take(limit, now: now) }) else { return Self.answer(.tooManyRequests, request) }
        }
        guard !users.isEmpty else { return nil }
        let authorization = request.headers[.authorization]
        if let authorization, Self.equal(authorization, "Bearer \(token)") { return nil }
        if let (name, password) = authorization.flatMap(Self.credentials) {
            do throws(DashboardsError) {
                if try await verify(name, password, users[name]) { return nil }
            } catch {
                return Self.answer(.serviceUnavailable, request, [.retryAfter: "5"])
            }
        }
        return Self.answer(.unauthorized, request, [.wwwAuthenticate: "Basic"])
    }

    /// Puts the configured headers on an answer, a refusal too.
    func addHeaders(to response: inout Response) {
        for (name, value) in state.withLock({ $0.configuration.headers }) {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
    }

    /// An unknown name takes as long as a known one, and is remembered as well.
    private func verify(_ name: String, _ password: String, _ hash: String?) async throws(DashboardsError) -> Bool {
        let parts = [name, password, hash ?? ""]
        if let known = state.withLock({ $0.verdicts[parts] }) { return known }
        let isRight = try await passwords.verify(password, against: hash)
        state.withLock { $0.verdicts[parts] = isRight }
        return isRight
    }

    /// As Go's `Request.BasicAuth`.
    private static func credentials(_ header: String) -> (String, String)? {
        guard header.prefix(6).lowercased() == "basic ", let bytes = Base64.decode(String(header.dropFirst(6))) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":") else { return nil }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }

    /// In time that depends on the lengths only.
    private static func equal(_ a: String, _ b: String) -> Bool {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        return a.count == b.count && zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// As Go's `http.Error`: the words of the status. Nobody reads the body of who was turned away, so a long one ends the connection.
    private static func answer(_ status: HTTPResponse.Status, _ request: Request, _ headers: HTTPFields = [:]) -> Response {
        var response = Response.text(status.reasonPhrase + "\n", status: status)
        for field in headers { response.headers[field.name] = field.value }
        response.headers[.xContentTypeOptions] = "nosniff"
        if request.headers[.transferEncoding] != nil || request.headers[.contentLength].map({ (Int($0) ?? .max) > 65_536 }) == true { response.headers[.connection] = "close" }
        return response
    }
}
