import Bytes
import HTTPSurface
import Hummingbird
import PromQL

extension PrometheusAPI {
    /// `/api/v1/format_query` and `/api/v1/parse_query`: a query broken over lines, and as a tree (upstream web/api/v1/api.go `formatQuery`, `parseQuery`).
    func addSyntaxRoutes(to router: Router<SurfaceContext>) {
        for method in [HTTPRequest.Method.get, .post] {
            router.on("/api/v1/format_query", method: method) { request, _ -> Response in
                let expr = try await expression(request)
                return Self.success(for: request) { $0.htmlSafeString(expr.prettified()) }
            }
            router.on("/api/v1/parse_query", method: method) { request, _ -> Response in
                let expr = try await expression(request)
                return Self.success(for: request) { $0.tree(expr) }
            }
        }
    }

    private func expression(_ request: Request) async throws -> Expr {
        let query = try await FormParameters(request, limits: limits)["query"] ?? ""
        do { return try PromQL.parse(query, options: engine.options.parser) } catch { throw SurfaceError(.badRequest, "invalid parameter \"query\": \(error)") }
    }
}
