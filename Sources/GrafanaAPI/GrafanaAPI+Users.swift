import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

extension GrafanaAPI {
    func addUserRoutes(to router: some RouterMethods<SurfaceContext>) {
        router.get("/api/user", use: signedIn(.personal) { _, _, caller in try await userDocument(caller.user) })
        router.put("/api/user/password", use: signedIn(.personal) { request, _, caller in try await changePassword(request, caller) })
        router.get("/api/user/orgs", use: signedIn(.personal) { _, _, caller in
            let body: JSONValue = [["orgId": 1, "name": .string(options.organisation), "role": .string(caller.user.role)]]
            return .json(body.encoded)
        })
        router.get("/api/user/preferences", use: signedIn(.personal) { _, _, caller in try await preferencesDocument(caller.user) })
        router.put("/api/user/preferences", use: signedIn(.personal) { request, _, caller in try await setPreferences(request, caller) })
        router.get("/api/user/stars", use: signedIn(.personal) { _, _, caller in
            var search = DashboardSearch()
            search.starredOnly = true
            let body = JSONValue.array(try await dashboards.search(search, userID: caller.user.id).map { .string($0.uid) })
            return .json(body.encoded)
        })
        router.post("/api/user/stars/dashboard/uid/{uid}", use: signedIn(.personal) { _, context, caller in
            try await dashboards.setStar(true, uid: context.parameters.require("uid"), userID: caller.user.id)
            return GrafanaFailure.message(.ok, "Dashboard starred!")
        })
        router.delete("/api/user/stars/dashboard/uid/{uid}", use: signedIn(.personal) { _, context, caller in
            try await dashboards.setStar(false, uid: context.parameters.require("uid"), userID: caller.user.id)
            return GrafanaFailure.message(.ok, "Dashboard unstarred")
        })
        router.get("/api/org", use: signedIn { _, _, _ in
            let body: JSONValue = [
                "id": 1, "name": .string(options.organisation), "address": ["address1": "", "address2": "", "city": "", "zipCode": "", "state": "", "country": ""],
            ]
            return .json(body.encoded)
        })
    }

    private func userDocument(_ user: User) async throws -> Response {
        let preferences = try await dashboards.preferences(userID: user.id)
        let body: JSONValue = [
            "id": JSONValue(Int(user.id)), "uid": .string("u\(user.id)"), "email": .string(user.email), "name": .string(user.name), "login": .string(user.login),
            "theme": .string(preferences.theme), "orgId": 1, "isGrafanaAdmin": .bool(user.isAdmin), "isDisabled": false, "isExternal": false, "isExternallySynced": false,
            "isGrafanaAdminExternallySynced": false, "authLabels": [], "updatedAt": .string(TimeText.rfc3339(user.updatedMillis)),
            "createdAt": .string(TimeText.rfc3339(user.createdMillis)), "avatarUrl": "",
        ]
        return .json(body.encoded)
    }

    private func changePassword(_ request: Request, _ caller: Caller) async throws -> Response {
        let json = try await json(of: request)
        guard let old = json["oldPassword"]?.string, let new = json["newPassword"]?.string else {
            throw SurfaceError(.badRequest, "bad request data: oldPassword and newPassword are needed")
        }
        if let confirmed = json["confirmNew"]?.string, !confirmed.isEmpty, confirmed != new { throw SurfaceError(.badRequest, "New password and its confirmation differ") }
        do {
            try await dashboards.changePassword(userID: caller.user.id, old: old, new: new, keeping: caller.token)
        } catch .invalidCredentials {
            return GrafanaFailure.message(.unauthorized, "Invalid old password")
        }
        return GrafanaFailure.message(.ok, "User password changed")
    }

    private func preferencesDocument(_ user: User) async throws -> Response {
        let preferences = try await dashboards.preferences(userID: user.id)
        let body: JSONValue = [
            "theme": .string(preferences.theme), "timezone": .string(preferences.timezone), "weekStart": .string(preferences.weekStart),
            "homeDashboardUID": .string(preferences.homeDashboardUID),
        ]
        return .json(body.encoded)
    }

    private func setPreferences(_ request: Request, _ caller: Caller) async throws -> Response {
        let json = try await json(of: request)
        var preferences = Preferences()
        preferences.theme = json["theme"]?.string ?? ""
        preferences.timezone = json["timezone"]?.string ?? ""
        preferences.weekStart = json["weekStart"]?.string ?? ""
        preferences.homeDashboardUID = json["homeDashboardUID"]?.string ?? ""
        if !preferences.homeDashboardUID.isEmpty { _ = try await dashboards.dashboard(uid: preferences.homeDashboardUID) }
        try await dashboards.setPreferences(preferences, userID: caller.user.id)
        return GrafanaFailure.message(.ok, "Preferences updated")
    }
}
