import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

extension GrafanaAPI {
    func addSettingsRoutes(to router: some RouterMethods<SurfaceContext>) {
        router.get("/api/frontend/settings", use: signedIn { request, _, _ in
            let sources = try await dashboards.dataSources()
            let body: JSONValue = [
                "appSubUrl": "", "appUrl": .string(options.rootURL), "authProxyEnabled": false, "autoAssignOrg": true, "anonymousEnabled": .bool(options.anonymousRole != nil),
                "buildInfo": ["version": .string(options.version), "commit": .string(options.commit), "edition": "Open Source", "env": "production", "hideVersion": false],
                "datasources": .object(sources.map { source in
                    .init(source.name, [
                        "id": JSONValue(Int(source.id)), "uid": .string(source.uid), "name": .string(source.name), "type": .string(source.type),
                        "url": .string("/api/datasources/proxy/uid/\(source.uid)"), "access": .string(source.access), "isDefault": .bool(source.isDefault),
                        "jsonData": source.jsonData, "readOnly": .bool(source.isReadOnly),
                    ])
                }),
                "defaultDatasource": .string(sources.first(where: \.isDefault)?.name ?? ""), "disableLoginForm": .bool(options.loginFormIsDisabled), "featureToggles": [:], "minRefreshInterval": "5s",
                "panels": [:],
            ]
            return .json(body.encoded, for: request)
        })
    }
}
