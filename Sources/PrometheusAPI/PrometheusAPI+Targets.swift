import Acquisition
import Bytes
import HTTPSurface
import Hummingbird
import Platform

extension PrometheusAPI {
    /// `/api/v1/targets` and `/api/v1/scrape_pools`.
    func addTargetRoutes(to router: Router<SurfaceContext>) {
        router.get("/api/v1/scrape_pools") { request, _ -> Response in
            let pools = targets.targets.pools
            return Self.success(for: request) { json in
                json.object { json in
                    json.key("scrapePools")
                    json.array { json in for pool in pools { json.string(pool) } }
                }
            }
        }
        router.get("/api/v1/targets") { request, _ -> Response in
            let parameters = try await FormParameters(request, limits: limits)
            let state = parameters["state"]?.lowercased() ?? "any"
            let pool = parameters["scrapePool"].flatMap { $0.isEmpty ? nil : $0 }
            let snapshot = targets.targets
            let external = server.external()
            return Self.success(for: request) { json in
                json.object { json in
                    json.key("activeTargets")
                    json.array { json in
                        if state != "dropped" {
                            for entry in snapshot.active where pool == nil || entry.scrapePool == pool { json.target(entry, external) }
                        }
                    }
                    json.key("droppedTargets")
                    json.array { json in
                        if state != "active" {
                            for entry in snapshot.dropped where pool == nil || entry.scrapePool == pool {
                                json.object { json in
                                    json.key("discoveredLabels")
                                    json.labels(entry.discoveredLabels)
                                    json.member("scrapePool", entry.scrapePool)
                                }
                            }
                        }
                    }
                    json.key("droppedTargetCounts")
                    json.object { json in for (name, count) in snapshot.droppedCounts.sorted(by: { $0.key < $1.key }) { json.member(name, count) } }
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func target(_ entry: TargetsSnapshot.Active, _ external: (scheme: String, authority: String, ownPort: Int)) {
        beginObject()
        key("discoveredLabels")
        labels(entry.target.discoveredLabels)
        key("labels")
        labels(entry.target.labels)
        member("scrapePool", entry.scrapePool)
        member("scrapeUrl", entry.target.url.text)
        member("globalUrl", entry.target.url.global(externalScheme: external.scheme, externalAuthority: external.authority, ownPort: external.ownPort))
        member("lastError", entry.report.lastError)
        member("lastScrape", entry.report.lastScrapeUnixNanos.map { RFC3339.text(millis: $0 / 1_000_000) } ?? "0001-01-01T00:00:00Z")
        key("lastScrapeDuration")
        double(entry.report.lastScrapeSeconds)
        member("health", entry.report.health.rawValue)
        member("scrapeInterval", entry.target.interval.description)
        member("scrapeTimeout", entry.target.timeout.description)
        endObject()
    }
}
