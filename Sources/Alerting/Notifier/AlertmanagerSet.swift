import MetricModel

/// One entry of `alerting.alertmanagers`, its targets resolved: whom to send alerts to, and how.
package struct AlertmanagerSet: Sendable {
    /// Whole addresses, `http://localhost:9093/api/v2/alerts`.
    package var urls: [String]
    /// Addresses that relabeling dropped, for show.
    package var droppedURLs: [String] = []
    package var timeoutMillis: Int64 = 10_000
    package var http = DeliveryHTTP()
    /// Its own `alert_relabel_configs`; nil drops the alert.
    package var relabel: @Sendable (Labels) -> Labels? = { $0 }

    package init(urls: [String]) { self.urls = urls }
}
