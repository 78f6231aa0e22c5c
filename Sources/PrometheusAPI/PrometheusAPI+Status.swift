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
        router.get("/api/v1/status/tsdb") { request, _ -> Response in
            let statistics = store.statistics(limit: try Self.inventoryLimit(FormParameters(query: request.uri.query ?? "")))
            return Self.success(for: request) { json in
                json.object { json in
                    json.key("headStats")
                    json.object { json in
                        json.member("numSeries", statistics.seriesCount)
                        json.member("numLabelPairs", statistics.labelPairCount)
                        json.member("chunkCount", statistics.chunkCount)
                        json.member("minTime", statistics.minTime)
                        json.member("maxTime", statistics.maxTime)
                    }
                    json.counts("seriesCountByMetricName", statistics.seriesCountByMetricName)
                    json.counts("labelValueCountByLabelName", statistics.labelValueCountByLabelName)
                    json.counts("memoryInBytesByLabelName", statistics.memoryInBytesByLabelName)
                    json.counts("seriesCountByLabelValuePair", statistics.seriesCountByLabelValuePair)
                }
            }
        }
    }

    /// Upstream web/api/v1/api.go `serveTSDBStatus`.
    private static func inventoryLimit(_ parameters: FormParameters) throws(SurfaceError) -> Int {
        guard let text = parameters["limit"], !text.isEmpty else { return 10 }
        guard let limit = Int(text), limit >= 1 else { throw SurfaceError(.badRequest, "limit must be a positive number") }
        guard limit <= 10_000 else { throw SurfaceError(.badRequest, "limit must not exceed 10000") }
        return limit
    }
}

extension JSONWriter {
    /// A list of `{"name":…,"value":…}` under `key`.
    fileprivate mutating func counts(_ key: String, _ counts: [HeadStatistics.Count]) {
        self.key(key)
        array { json in
            for count in counts {
                json.object { json in
                    json.member("name", count.name)
                    json.member("value", count.value)
                }
            }
        }
    }
}
