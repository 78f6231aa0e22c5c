import Bytes
import Dashboards
import FoundationEssentials
import HTTPSurface
import HTTPTypes
import Hummingbird

extension GrafanaAPI {
    func addDataSourceRoutes(to router: some RouterMethods<SurfaceContext>) {
        router.get("/api/datasources", use: signedIn { _, _, _ in
            let body = JSONValue.array(try await dashboards.dataSources().map(Self.listed))
            return .json(body.encoded)
        })
        router.get("/api/datasources/uid/{uid}", use: signedIn { _, context, _ in
            try await .json(Self.document(dashboards.dataSource(uid: context.parameters.require("uid"))).encoded)
        })
        router.get("/api/datasources/name/{name}", use: signedIn { _, context, _ in
            try await .json(Self.document(dashboards.dataSource(name: Self.decoded(context.parameters.require("name")))).encoded)
        })
        router.get("/api/datasources/id/{name}", use: signedIn { _, context, _ in
            let source = try await dashboards.dataSource(name: Self.decoded(context.parameters.require("name")))
            let body: JSONValue = ["id": JSONValue(Int(source.id))]
            return .json(body.encoded)
        })
        router.get("/api/datasources/uid/{uid}/health", use: signedIn { _, context, _ in
            try await health(of: dashboards.dataSource(uid: context.parameters.require("uid")))
        })
        for method in [HTTPRequest.Method.get, .post] {
            router.on("/api/datasources/proxy/uid/{uid}/**", method: method, use: signedIn(.reading) { request, context, _ in
                try await forward(request, context, to: dashboards.dataSource(uid: context.parameters.require("uid")), after: "/api/datasources/proxy/uid/{uid}/")
            })
            router.on("/api/datasources/uid/{uid}/resources/**", method: method, use: signedIn(.reading) { request, context, _ in
                try await forward(request, context, to: dashboards.dataSource(uid: context.parameters.require("uid")), after: "/api/datasources/uid/{uid}/resources/")
            })
            router.on("/api/datasources/proxy/{id}/**", method: method, use: signedIn(.reading) { request, context, _ in
                let id = try context.parameters.require("id")
                guard let number = Int64(id) else { throw SurfaceError(.badRequest, "id is invalid") }
                return try await forward(request, context, to: dashboards.dataSource(id: number), after: "/api/datasources/proxy/{id}/")
            })
        }
    }

    private static func decoded(_ text: String) -> String { text.removingPercentEncoding ?? text }

    private static let typeNames = ["prometheus": "Prometheus", "jaeger": "Jaeger"]

    private static func listed(_ source: DataSource) -> JSONValue {
        [
            "id": JSONValue(Int(source.id)), "uid": .string(source.uid), "orgId": 1, "name": .string(source.name), "type": .string(source.type),
            "typeName": .string(typeNames[source.type] ?? source.type), "typeLogoUrl": "", "access": .string(source.access), "url": .string(source.url), "user": "",
            "database": "", "basicAuth": false, "isDefault": .bool(source.isDefault), "jsonData": source.jsonData, "readOnly": .bool(source.isReadOnly),
        ]
    }

    private static func document(_ source: DataSource) -> JSONValue {
        [
            "id": JSONValue(Int(source.id)), "uid": .string(source.uid), "orgId": 1, "name": .string(source.name), "type": .string(source.type), "typeLogoUrl": "",
            "access": .string(source.access), "url": .string(source.url), "user": "", "database": "", "basicAuth": false, "basicAuthUser": "", "withCredentials": false,
            "isDefault": .bool(source.isDefault), "jsonData": source.jsonData, "secureJsonFields": [:], "version": JSONValue(source.version),
            "readOnly": .bool(source.isReadOnly), "apiVersion": "",
        ]
    }

    /// Asks the metrics a trivial question.
    private func health(of source: DataSource) async throws -> Response {
        guard source.type == "prometheus" else { throw SurfaceError(.notFound, "Not found") }
        var query = PanelQuery(refID: "A", expression: "1+1")
        query.isInstant = true
        query.isRange = false
        let outcomes = try await queries.run(PanelQueryRequest(queries: [query], fromMillis: queries.nowMillis, toMillis: queries.nowMillis))
        let body: JSONValue = outcomes.hasFailure
            ? ["message": "Failed to query the Prometheus API.", "status": "ERROR"] : ["message": "Successfully queried the Prometheus API.", "status": "OK"]
        return .json(body.encoded, status: outcomes.hasFailure ? .badRequest : .ok)
    }

    /// What may be asked of Prometheus through the proxy: reading. POST only where it stands for a long GET.
    private static let postable: Set<Substring> = ["query", "query_range", "query_exemplars", "series", "labels"]

    /// Answers a request to a data source from the routes of this process. `pattern` is the part of the path before the data source's own.
    private func forward(_ request: Request, _ context: SurfaceContext, to source: DataSource, after pattern: String) async throws -> Response {
        guard let prometheus, source.type == "prometheus" else { throw SurfaceError(.notFound, "Not found") }
        let prefix = pattern.split(separator: "/").count
        let rest = request.uri.path.split(separator: "/", omittingEmptySubsequences: true).dropFirst(prefix)
        guard rest.starts(with: ["api", "v1"]), let route = rest.dropFirst(2).first, route != "admin", route != "write", route != "otlp" else {
            throw SurfaceError(.forbidden, "the data source proxy passes on /api/v1 reading requests only")
        }
        guard request.method == .get || Self.postable.contains(route) else { throw SurfaceError(.forbidden, "non allow-listed POSTs not allowed on proxied Prometheus datasource") }
        var head = request.head
        head.path = "/" + rest.joined(separator: "/") + (request.uri.query.map { "?" + $0 } ?? "")
        head.headerFields[.authorization] = nil
        head.headerFields[.cookie] = nil
        return try await prometheus(Request(head: head, body: request.body), context)
    }
}
