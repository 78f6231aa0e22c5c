import Bytes
import CWebAssets
import Dashboards
import PromQL
import Testing

/// The dashboards that are part of the binary.
enum EmbeddedDashboards {
    static let all: [(name: String, bytes: [UInt8])] = {
        let assets = UnsafeBufferPointer(start: obstack_assets(), count: obstack_asset_count())
        return assets.compactMap { asset in
            let path = String(cString: asset.path)
            guard path.hasPrefix("dashboards/") else { return nil }
            return (path, Array(UnsafeBufferPointer(start: asset.bytes, count: asset.length)))
        }
    }()
}

struct EmbeddedDashboardTests {
    @Test("the platform's dashboards are embedded and are dashboards", arguments: [("dashboards/tta-workflows.json", "tta-workflows", "TTA.dev Workflows"), ("dashboards/obstack-overview.json", "obstack-overview", "ObservabilityStack"),
        ("dashboards/primitive-performance.json", "primitive-performance", "Primitive Performance"), ("dashboards/infrastructure-health.json", "infrastructure-health", "Infrastructure Health")])
    func present(path: String, uid: String, title: String) throws {
        let bytes = try #require(EmbeddedDashboards.all.first { $0.name == path }?.bytes)
        let document = try DashboardDocument(bytes: bytes, file: path)
        #expect(document.uid == uid && document.title == title)
    }

    @Test("every query of an embedded dashboard is PromQL once its variables are put in", arguments: EmbeddedDashboards.all.map(\.name))
    func queries(name: String) throws {
        let json = try JSONParser.parse(try #require(EmbeddedDashboards.all.first { $0.name == name }).bytes)
        let step = try QueryStep(rangeMillis: 900_000, points: 300, minimum: "", intervalMillis: 2_000, scrapeInterval: "5s", factor: 1)
        let interpolation = Interpolation(
            step: step, rangeMillis: 900_000, fromMillis: 0, toMillis: 900_000, variables: ["job": .one(".*"), "instance": .one(".*"), "primitive": .many(["CachePrimitive", "RetryPrimitive"])])
        var count = 0
        for panel in json["panels"]?.array ?? [] {
            for target in panel["targets"]?.array ?? [] {
                let expression = interpolation.apply(to: try #require(target["expr"]?.string))
                #expect(throws: Never.self, "\(panel["title"]?.string ?? ""): \(expression)") { try PromQL.parse(expression, options: ParserOptions()) }
                #expect(!expression.contains("$"))
                count += 1
            }
        }
        #expect(count > 10)
    }

    /// A grid cell is 30 pixels high with 8 between; below the bars of the page 1440 × 900 has room for 20 of them.
    @Test("panels lie inside the grid, none on another, and the workflows' story fits one screen", arguments: EmbeddedDashboards.all.map(\.name))
    func layout(name: String) throws {
        let json = try JSONParser.parse(try #require(EmbeddedDashboards.all.first { $0.name == name }).bytes)
        var taken: Set<[Int]> = []
        var onFirstScreen: Set<String> = []
        for panel in json["panels"]?.array ?? [] {
            let place = try #require(panel["gridPos"])
            let (x, y, w, h) = try (#require(place["x"]?.int), #require(place["y"]?.int), #require(place["w"]?.int), #require(place["h"]?.int))
            #expect(x >= 0 && w > 0 && x + w <= 24 && h > 0)
            for column in x..<x + w { for row in y..<y + h { #expect(taken.insert([column, row]).inserted, "\(panel["title"]?.string ?? "") lies on another panel") } }
            if y + h <= 20, let title = panel["title"]?.string { onFirstScreen.insert(title) }
        }
        if json["uid"] == "tta-workflows" {
            #expect(onFirstScreen.isSuperset(of: ["Request rate", "Latency", "Success rate", "Error rate", "Active workflows", "Throughput", "Cache hit rate"]))
        }
    }
}
