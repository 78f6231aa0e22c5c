import Bytes

/// Where panels get their data from.
package struct DataSource: Sendable, Equatable {
    /// The database's, 0 before it is stored.
    package var id: Int64 = 0
    package var uid: String
    package var name: String
    /// "prometheus", "jaeger", …
    package var type: String
    package var url: String
    package var access = "proxy"
    package var isDefault = false
    package var isReadOnly = true
    /// The type's own settings, as Grafana's provisioning files have them.
    package var jsonData: JSONValue = .object([])
    package var version = 1

    package init(uid: String, name: String, type: String, url: String, isDefault: Bool = false, jsonData: JSONValue = .object([])) {
        self.uid = uid
        self.name = name
        self.type = type
        self.url = url
        self.isDefault = isDefault
        self.jsonData = jsonData
    }

    /// Our own metrics. `scrapeInterval` ("15s") is what `$__rate_interval` is reckoned from.
    package static func prometheus(url: String, scrapeInterval: String) -> DataSource {
        DataSource(
            uid: "prometheus", name: "Prometheus", type: "prometheus", url: url, isDefault: true,
            jsonData: ["httpMethod": "POST", "prometheusType": "Prometheus", "timeInterval": .string(scrapeInterval)])
    }

    /// Our own traces.
    package static func jaeger(url: String) -> DataSource { DataSource(uid: "jaeger", name: "Jaeger", type: "jaeger", url: url) }

    /// The interval at which its data is scraped, as text; "" when unknown.
    package var scrapeInterval: String { jsonData["timeInterval"]?.string ?? "" }
}
