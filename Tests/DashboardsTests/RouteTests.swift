import Bytes
import Dashboards
import GrafanaAPI
import HTTPSurface
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

/// The door on a store of its own, asked without sockets.
struct Door: Sendable {
    let store: TemporaryStore
    let client: any TestClientProtocol

    static let basic = "Basic " + Base64.encode(Array("admin:admin".utf8))

    static let options = GrafanaAPI.Options(version: "1.2.3", commit: "abc")

    static func open(_ options: GrafanaAPI.Options = options, _ body: @Sendable (Door) async throws -> Void) async throws {
        let store = try TemporaryStore()
        try await store.store.provision(dataSources: [.prometheus(url: "http://127.0.0.1:9090", scrapeInterval: "15s"), .jaeger(url: "http://127.0.0.1:16686")])
        let prometheus = SurfaceRouter.make()
        prometheus.get("/api/v1/label/{name}/values") { request, context in Response.text("\(request.uri.string) \(try context.parameters.require("name")) \(request.headers[.authorization] ?? "-")") }
        prometheus.post("/api/v1/query") { request, _ in try await Response.text(String(decoding: request.decodedBody(BodyLimits()), as: UTF8.self)) }
        let responder = prometheus.buildResponder()
        let api = GrafanaAPI(
            dashboards: store.store, queries: PanelQueries(store: store.store, engine: HandMadeReader([(["__name__": "up"], [(1_700_000_000, 1)])]).engine),
            options: options, prometheus: { try await responder.respond(to: $0, context: $1) })
        let router = SurfaceRouter.make(envelope: GrafanaAPI.envelope)
        api.addRoutes(to: router)
        router.get("/page") { request, context -> Response in
            if let redirect = await api.pageAccess(request, context) { return redirect }
            return .text("page of \(await api.user(of: request, context)?.login ?? "nobody")")
        }
        SurfaceRouter.closeMethods(of: router)
        try await Application(router: router).test(.router) { try await body(Door(store: store, client: $0)) }
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let text: String
        var json: JSONValue { (try? JSONParser.parse(Array(text.utf8))) ?? .null }
        var message: String? { json["message"]?.string }
    }

    func ask(_ method: HTTPRequest.Method, _ path: String, _ body: String = "", headers: HTTPFields = [.authorization: basic]) async throws -> Answer {
        try await client.execute(uri: path, method: method, headers: headers, body: ByteBuffer(string: body)) {
            Answer(status: $0.status.code, headers: $0.headers, text: String(buffer: $0.body))
        }
    }

    /// The status of a request by nobody.
    func unsigned(_ method: HTTPRequest.Method, _ path: String, _ body: String = "") async throws -> Int { try await ask(method, path, body, headers: [:]).status }

    /// Logs in and returns the cookie to send.
    func logIn() async throws -> HTTPFields {
        let answer = try await ask(.post, "/login", #"{"user": "admin", "password": "admin"}"#, headers: [.contentType: "application/json"])
        let cookie = try #require(answer.headers[values: .setCookie].first)
        return [.cookie: String(cookie.prefix { $0 != ";" })]
    }
}

struct RouteTests {
    @Test("logging in by JSON or form gives a cookie that scripts cannot read; logging out ends it")
    func login() async throws {
        try await Door.open { door in
            let json = try await door.ask(.post, "/login", #"{"user": "admin", "password": "admin"}"#, headers: [:])
            #expect(json.status == 200 && json.json == ["message": "Logged in", "redirectUrl": "/"])
            let cookies = json.headers[values: .setCookie]
            #expect(cookies.count == 2 && cookies[0].hasPrefix("grafana_session=") && cookies[0].hasSuffix("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"))
            #expect(cookies[1].hasPrefix("grafana_session_expiry=1702592000;") && !cookies[1].contains("HttpOnly"))
            let form = try await door.ask(.post, "/login", "user=admin&password=ad%6din", headers: [.contentType: "application/x-www-form-urlencoded"])
            #expect(form.status == 200)

            let session = try await door.logIn()
            #expect(try await door.ask(.get, "/api/user", headers: session).json["login"] == "admin")
            #expect(try await door.ask(.get, "/api/login/ping", headers: session).status == 200)
            let out = try await door.ask(.get, "/logout", headers: session)
            #expect(out.status == 302 && out.headers[.location] == "/login" && out.headers[values: .setCookie][0].hasPrefix("grafana_session=; Path=/; Max-Age=0"))
            #expect(try await door.ask(.get, "/api/user", headers: session).status == 401)
        }
    }

    @Test("wrong credentials are refused in Grafana's words, and after five of them with 429")
    func wrongCredentials() async throws {
        try await Door.open { door in
            for _ in 0..<5 {
                let answer = try await door.ask(.post, "/login", #"{"user": "admin", "password": "wrong"}"#, headers: [:])
                #expect(answer.status == 401)
                #expect(answer.json == ["message": "Invalid username or password", "messageId": "password-auth.failed", "statusCode": 401, "traceID": ""])
            }
            let answer = try await door.ask(.post, "/login", #"{"user": "admin", "password": "admin"}"#, headers: [:])
            #expect(answer.status == 429 && answer.headers[.retryAfter] == "300")
            #expect(try await door.ask(.post, "/login", "{", headers: [:]).status == 400)
        }
    }

    @Test("without credentials every route answers 401, but for health", arguments: [
        ("GET", "/api/user"), ("PUT", "/api/user/password"), ("GET", "/api/org"), ("GET", "/api/search"), ("GET", "/api/dashboards/home"), ("GET", "/api/dashboards/uid/x"),
        ("DELETE", "/api/dashboards/uid/x"), ("POST", "/api/dashboards/db"), ("GET", "/api/datasources"), ("GET", "/api/datasources/uid/prometheus"), ("POST", "/api/ds/query"),
        ("GET", "/api/datasources/proxy/uid/prometheus/api/v1/labels"), ("GET", "/api/folders"), ("GET", "/api/frontend/settings"), ("GET", "/api/login/ping"), ("HEAD", "/api/search"),
    ])
    func unauthorized(method: String, path: String) async throws {
        try await Door.open { door in
            let method = try #require(HTTPRequest.Method(method))
            let answer = try await door.ask(method, path, headers: [:])
            #expect(answer.status == 401)
            if method != .head { #expect(answer.json == ["message": "Unauthorized", "messageId": "auth.unauthorized", "statusCode": 401, "traceID": ""]) }
            let wrong = try await door.ask(method, path, headers: [.authorization: "Basic " + Base64.encode(Array("admin:no".utf8))])
            #expect(wrong.status == 401)
        }
    }

    @Test("health needs nobody; what is not served under /api is not found; a wrong method is told the right ones")
    func edges() async throws {
        try await Door.open { door in
            let health = try await door.ask(.get, "/api/health", headers: [:])
            #expect(health.status == 200 && health.json == ["database": "ok", "version": "1.2.3", "commit": "abc"])
            for path in ["/api/alerts", "/api/dashboards", "/api/dashboards/uid/x/y/z", "/api/datasources/proxy", "/api/admin/stats"] {
                let answer = try await door.ask(.get, path)
                #expect(answer.status == 404 && answer.json == ["message": "Not found"], "\(path)")
            }
            let method = try await door.ask(.delete, "/api/search")
            #expect(method.status == 405 && method.headers[.allow] == "GET, HEAD")
            #expect(try await door.ask(.post, "/api/dashboards/db", "not json").message?.hasPrefix("bad request data: invalid JSON at line 1") == true)
            #expect(try await door.ask(.get, "/api/user", headers: [.authorization: "Bearer abc"]).message == "Invalid API key")
            #expect(try await door.ask(.get, "/api/user", headers: [.authorization: "Basic %%%"]).message == "Invalid Basic Auth Header")
        }
    }

    @Test("a page sends who is not logged in to the login page and back; a foreign page cannot use the cookie to change anything")
    func pages() async throws {
        try await Door.open { door in
            let away = try await door.ask(.get, "/page?a=b c", headers: [:])
            #expect(away.status == 302 && away.headers[.location] == "/login?redirectTo=/page%3Fa%3Db%20c")
            var session = try await door.logIn()
            #expect(try await door.ask(.get, "/page", headers: session).text == "page of admin")
            session[.origin] = "http://evil.example:3000"
            #expect(try await door.ask(.post, "/api/folders", #"{"title": "x"}"#, headers: session).status == 403)
            #expect(try await door.ask(.get, "/api/folders", headers: session).status == 200)
            session[.origin] = "http://localhost:3000"
            #expect(try await door.ask(.post, "/api/folders", #"{"title": "x"}"#, headers: session).status == 200)
        }
    }

    @Test("a dashboard is saved, found, read, changed, conflicted, restored and deleted as in Grafana")
    func dashboards() async throws {
        try await Door.open { door in
            let saved = try await door.ask(.post, "/api/dashboards/db", #"{"dashboard": {"id": null, "uid": "one", "title": "Number One", "tags": ["t"], "panels": []}, "message": "m", "overwrite": false}"#)
            #expect(saved.status == 200)
            #expect(saved.json == ["folderUid": "", "id": 1, "slug": "number-one", "status": "success", "uid": "one", "url": "/d/one/number-one", "version": 1])
            let hits = try await door.ask(.get, "/api/search?type=dash-db&query=number&tag=t").json
            #expect(hits == [["id": 1, "uid": "one", "title": "Number One", "uri": "db/number-one", "url": "/d/one/number-one", "slug": "", "type": "dash-db", "tags": ["t"], "isStarred": false, "sortMeta": 0]])
            let read = try await door.ask(.get, "/api/dashboards/uid/one").json
            #expect(read["dashboard"] == ["id": 1, "uid": "one", "title": "Number One", "tags": ["t"], "panels": [], "version": 1])
            #expect(read["meta"]?["url"] == "/d/one/number-one" && read["meta"]?["createdBy"] == "admin" && read["meta"]?["created"] == "2023-11-14T22:13:20Z")

            let conflict = try await door.ask(.post, "/api/dashboards/db", #"{"dashboard": {"uid": "one", "title": "Other", "version": 7}}"#)
            #expect(conflict.status == 412 && conflict.json == ["message": "The dashboard has been changed by someone else", "status": "version-mismatch"])
            #expect(try await door.ask(.post, "/api/dashboards/db", #"{"dashboard": {"uid": "one", "title": "Other", "version": 7}, "overwrite": true}"#).json["version"] == 2)
            #expect(try await door.ask(.get, "/api/dashboards/uid/one/versions").json["versions"]?.array?.map { $0["version"]?.int } == [2, 1])
            #expect(try await door.ask(.post, "/api/dashboards/uid/one/restore", #"{"version": 1}"#).json["version"] == 3)
            #expect(try await door.ask(.get, "/api/dashboards/uid/one").json["dashboard"]?["title"] == "Number One")
            #expect(try await door.ask(.post, "/api/user/stars/dashboard/uid/one").message == "Dashboard starred!")
            #expect(try await door.ask(.get, "/api/search?starred=true").json.array?.count == 1)
            #expect(try await door.ask(.get, "/api/dashboards/tags").json == [["term": "t", "count": 1]])

            let deleted = try await door.ask(.delete, "/api/dashboards/uid/one")
            #expect(deleted.json == ["title": "Number One", "message": "Dashboard Number One deleted", "uid": "one"])
            let gone = try await door.ask(.get, "/api/dashboards/uid/one")
            #expect(gone.status == 404 && gone.message == "Dashboard not found")
            #expect(try await door.ask(.get, "/api/search?type=dash-db").text == "[]")
        }
    }

    @Test("a save that cannot be is refused with the reason", arguments: [
        (#"{}"#, 400, "bad request data: dashboard is missing"), (#"{"dashboard": {"title": ""}}"#, 400, "Dashboard title cannot be empty"),
        (#"{"dashboard": {"title": "x", "uid": "a/b"}}"#, 400, "uid: uid contains illegal characters; a-z A-Z 0-9 - _ are taken"), (#"{"dashboard": {"title": "x"}, "isFolder": true}"#, 400, "Use folders endpoint for saving folders."),
        (#"{"dashboard": {"title": "x"}, "folderUid": "nowhere"}"#, 400, "folder not found"), (#"{"dashboard": {"title": "x", "id": 99}}"#, 404, "Dashboard not found"),
        (#"{"dashboard": {"title": "x", "panels": [{}]}}"#, 400, "panels[0].type: a panel must have a type such as \"timeseries\""),
    ])
    func refusedSaves(body: String, status: Int, message: String) async throws {
        try await Door.open { door in
            let answer = try await door.ask(.post, "/api/dashboards/db", body)
            #expect(answer.status == status && answer.message == message)
            #expect(try await door.ask(.get, "/api/search").text == "[]")
        }
    }

    @Test("home, folders, data sources, preferences and password have Grafana's shapes")
    func others() async throws {
        try await Door.open { door in
            #expect(try await door.ask(.get, "/api/dashboards/home").json["meta"]?["isHome"] == true)
            let folder = try await door.ask(.post, "/api/folders", #"{"uid": "f", "title": "Folder"}"#).json
            #expect(folder["url"] == "/dashboards/f/f/folder" && folder["version"] == 1)
            #expect(try await door.ask(.post, "/api/folders", #"{"uid": "f", "title": "Folder"}"#).status == 409)
            #expect(try await door.ask(.put, "/api/folders/f", #"{"title": "Renamed", "version": 1}"#).json["title"] == "Renamed")
            #expect(try await door.ask(.put, "/api/folders/f", #"{"title": "Renamed", "version": 1}"#).status == 412)
            #expect(try await door.ask(.get, "/api/folders").json == [["id": 1, "uid": "f", "title": "Renamed"]])
            #expect(try await door.ask(.delete, "/api/folders/f").message == "Folder Renamed deleted")
            #expect(try await door.ask(.get, "/api/folders/f").status == 404)

            let sources = try await door.ask(.get, "/api/datasources").json.array ?? []
            #expect(sources.map { $0["uid"]?.string } == ["jaeger", "prometheus"] && sources[1]["isDefault"] == true)
            #expect(try await door.ask(.get, "/api/datasources/name/Prometheus").json["uid"] == "prometheus")
            #expect(try await door.ask(.get, "/api/datasources/uid/nope").status == 404)
            #expect(try await door.ask(.get, "/api/datasources/uid/prometheus/health").json["status"] == "OK")

            #expect(try await door.ask(.put, "/api/user/preferences", #"{"theme": "light"}"#).status == 200)
            #expect(try await door.ask(.get, "/api/user").json["theme"] == "light")
            #expect(try await door.ask(.put, "/api/user/preferences", #"{"theme": "pink"}"#).status == 400)
            #expect(try await door.ask(.put, "/api/user/password", #"{"oldPassword": "nope", "newPassword": "longer"}"#).message == "Invalid old password")
            #expect(try await door.ask(.put, "/api/user/password", #"{"oldPassword": "admin", "newPassword": "abc"}"#).message == "New password is too short")
            let same = try await door.ask(.put, "/api/user/password", #"{"oldPassword": "admin", "newPassword": "admin"}"#)
            #expect(same.status == 400 && same.message == "New password can't be the same as the old one.")
            #expect(try await door.ask(.put, "/api/user/password", #"{"oldPassword": "admin", "newPassword": "longer", "confirmNew": "longer"}"#).message == "User password changed")
            #expect(try await door.ask(.get, "/api/user").status == 401)
        }
    }

    @Test("anonymous viewers read and change nothing, editors change dashboards, and neither has what belongs to a user", arguments: ["Viewer", "Editor"])
    func anonymous(role: String) async throws {
        var options = Door.options
        options.anonymousRole = role
        try await Door.open(options) { door in
            for path in ["/api/search", "/api/folders", "/api/datasources", "/api/frontend/settings", "/api/org", "/page"] { #expect(try await door.unsigned(.get, path) == 200, "\(path)") }
            #expect(try await door.unsigned(.post, "/api/ds/query", #"{"queries": [{"refId": "A", "expr": "up"}]}"#) == 200)
            #expect(try await door.unsigned(.get, "/api/datasources/proxy/uid/prometheus/api/v1/label/a/values") == 200)
            for path in ["/api/user", "/api/user/preferences", "/api/user/stars", "/api/login/ping"] { #expect(try await door.unsigned(.get, path) == 401, "\(path)") }
            #expect(try await door.unsigned(.put, "/api/user/password", #"{"oldPassword": "admin", "newPassword": "longer"}"#) == 401)
            #expect(try await door.unsigned(.post, "/api/user/stars/dashboard/uid/x") == 401)
            #expect(try await door.unsigned(.post, "/api/folders", #"{"uid": "f", "title": "Folder"}"#) == (role == "Viewer" ? 403 : 200))
            #expect(try await door.unsigned(.post, "/api/dashboards/db", #"{"dashboard": {"title": "Mine"}}"#) == (role == "Viewer" ? 403 : 200))
            let settings = try await door.ask(.get, "/api/frontend/settings", headers: [:])
            #expect(settings.json["anonymousEnabled"] == true)
            // Who signs in is who they are; wrong credentials do not become anonymous.
            #expect(try await door.ask(.get, "/api/user", headers: door.logIn()).json["login"] == "admin")
            #expect(try await door.ask(.get, "/api/search", headers: [.authorization: "Basic " + Base64.encode(Array("admin:wrong".utf8))]).status == 401)
        }
    }

    @Test("without the login form nobody signs in by it, without basic authentication nobody by that")
    func closedWays() async throws {
        var options = Door.options
        options.loginFormIsDisabled = true
        try await Door.open(options) { door in
            #expect(try await door.ask(.post, "/login", #"{"user": "admin", "password": "admin"}"#, headers: [:]).status == 401)
            let settings = try await door.ask(.get, "/api/frontend/settings")
            #expect(settings.status == 200 && settings.json["disableLoginForm"] == true)
        }
        options = Door.options
        options.basicAuthIsEnabled = false
        try await Door.open(options) { door in
            let cookie = try await door.logIn()
            #expect(try await door.ask(.get, "/api/user").status == 401)
            #expect(try await door.ask(.get, "/api/user", headers: cookie).status == 200)
        }
    }

    @Test("panel queries answer 200 with frames, 400 as soon as one of them failed")
    func queries() async throws {
        try await Door.open { door in
            let good = try await door.ask(.post, "/api/ds/query", #"{"from": "now-5m", "to": "now", "queries": [{"refId": "A", "expr": "up", "datasource": {"uid": "prometheus"}}]}"#)
            #expect(good.status == 200 && good.json["results"]?["A"]?["status"] == 200)
            let bad = try await door.ask(.post, "/api/ds/query", #"{"queries": [{"refId": "A", "expr": "up"}, {"refId": "B", "expr": "("}]}"#)
            #expect(bad.status == 400 && bad.json["results"]?["A"]?["status"] == 200 && bad.json["results"]?["B"]?["error"]?.string?.hasPrefix("bad_data: ") == true)
            #expect(try await door.ask(.post, "/api/ds/query", #"{"queries": []}"#).message == "no queries found")
        }
    }

    @Test("the data source proxy passes reading requests on, without credentials, and nothing else")
    func proxy() async throws {
        try await Door.open { door in
            for prefix in ["/api/datasources/proxy/uid/prometheus", "/api/datasources/proxy/1", "/api/datasources/uid/prometheus/resources"] {
                let values = try await door.ask(.get, "\(prefix)/api/v1/label/job/values?match[]=up")
                #expect(values.text == "/api/v1/label/job/values?match[]=up job -", "\(prefix)")
                let query = try await door.ask(.post, "\(prefix)/api/v1/query", "query=up")
                #expect(query.text == "query=up")
                for path in ["/api/v1/admin/tsdb/snapshot", "/api/v1/write", "/metrics", "/-/quit", "/api/v1/rules"] {
                    let refused = try await door.ask(.post, "\(prefix)\(path)")
                    #expect(refused.status == 403, "\(prefix)\(path)")
                }
                let deleted = try await door.ask(.delete, "\(prefix)/api/v1/query")
                #expect(deleted.status == 404)
            }
            #expect(try await door.ask(.get, "/api/datasources/proxy/uid/jaeger/api/v1/query").status == 404)
            #expect(try await door.ask(.get, "/api/datasources/proxy/uid/nope/api/v1/query").status == 404)
        }
    }
}
