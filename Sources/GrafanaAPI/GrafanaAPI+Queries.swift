import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

extension GrafanaAPI {
    func addQueryRoutes(to router: some RouterMethods<SurfaceContext>) {
        router.post("/api/ds/query", use: signedIn { request, _, _ in
            let query = try PanelQueryRequest(try await json(of: request), now: queries.nowMillis)
            let outcomes = try await queries.run(query)
            return .json(outcomes.encoded, status: outcomes.hasFailure ? .badRequest : .ok, for: request)
        })
    }
}
