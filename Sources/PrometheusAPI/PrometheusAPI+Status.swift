import Bytes
import HTTPSurface
import Hummingbird
import MetricStore
import Platform

extension PrometheusAPI {
    /// `/api/v1/status/*`.
    func addStatusRoutes(to router: Router<SurfaceContext>) {
        router.get("/api/v1/status/buildinfo") { request, _ -> Response in
            Self.success(for: request) { json in
                json.object { json in
                    json.member("version", server.version)
                    json.member("revision", "")
                    json.member("branch", "")
                    json.member("buildUser", "")
                    json.member("buildDate", "")
                    json.member("goVersion", "")
                }
            }
        }
        router.get("/api/v1/status/flags") { request, _ -> Response in
            Self.success(for: request) { json in
                json.object { json in for flag in server.flags() { json.member(flag.name, flag.value) } }
            }
        }
        router.get("/api/v1/status/config") { request, _ -> Response in
            Self.success(for: request) { json in json.object { $0.member("yaml", server.configurationText()) } }
        }
        router.get("/api/v1/status/runtimeinfo") { request, _ -> Response in
            let runtime = server.runtime()
            return Self.success(for: request) { json in
                json.object { json in
                    json.member("startTime", RFC3339.text(millis: server.startMillis))
                    json.member("CWD", runtime.workingDirectory)
                    json.member("hostname", runtime.hostname)
                    json.member("reloadConfigSuccess", runtime.lastReloadSucceeded)
                    json.member("lastConfigTime", RFC3339.text(millis: runtime.lastReloadMillis))
                    json.member("serverTime", RFC3339.text(millis: server.nowMillis()))
                    json.member("storageRetention", server.retentionText)
                }
            }
        }
    }
}
