import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

extension GrafanaAPI {
    func addQueryRoutes(to router: some RouterMethods<SurfaceContext>) {
        router.post("/api/ds/query", use: signedIn(.reading) { request, context, _ in
            let query = try PanelQueryRequest(try await json(of: request), now: queries.nowMillis)
            // A browser that goes away ends what its panels asked for.
            let outcomes = try await context.whileConnected { () async -> Result<[PanelQueries.Outcome], DashboardsError> in
                do throws(DashboardsError) { return .success(try await queries.run(query)) } catch { return .failure(error) }
            }.get()
            return .json(outcomes.encoded, status: outcomes.hasFailure ? .badRequest : .ok, for: request)
        })
    }
}
