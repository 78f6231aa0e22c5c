import MetricModel

/// Whom a route tells: nobody, when it has no webhooks.
package struct Receiver: Hashable, Sendable {
    package var name: String
    package var webhooks: [Webhook]

    package init(name: String, webhooks: [Webhook] = []) {
        self.name = name
        self.webhooks = webhooks
    }
}

/// One entry of `webhook_configs`.
///
/// Source: alertmanager `notify/webhook/config.go`.
package struct Webhook: Hashable, Sendable {
    /// Where to, `http` or `https`; in a file it is read anew for every notification.
    package var url: DeliveryHTTP.Secret
    package var sendsResolved = true
    /// The most alerts in one body; 0 for all.
    package var alertsMax = 0
    /// How long one attempt may take; 0 for as long as the notification has.
    package var timeoutMillis: Int64 = 0
    package var http = DeliveryHTTP()
    /// Which of its receiver's webhooks it is, as its notifications are remembered by.
    package var index: Int

    package init(url: DeliveryHTTP.Secret, index: Int) {
        self.url = url
        self.index = index
    }
}
