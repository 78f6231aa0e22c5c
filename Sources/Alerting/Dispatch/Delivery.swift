import MetricModel

/// One notification that is to be sent: which alerts of which group, to which webhook.
package struct Delivery: Sendable {
    /// An alert as it is told: whether it is over was decided when the group was looked at.
    package struct Item: Hashable, Sendable {
        package let alert: Alert
        package let isResolved: Bool
    }

    /// Unique within one `Dispatcher`.
    package let id: UInt64
    package let key: NotificationLog.Key
    package let groupLabels: Labels
    package let webhook: Webhook
    package let reason: NotificationReason
    /// In the order in which they are told; never empty.
    package let items: [Item]
    /// When trying ends: then the group is looked at again.
    package let deadlineMillis: Int64

    /// What the log remembers once it was sent: all that was looked at, also what the webhook does not want.
    let firing: Set<UInt64>
    let resolved: Set<UInt64>
    let repeatMillis: Int64
    /// Which group, of which generation of the routing tree.
    let group: Dispatcher.GroupID
    let generation: Int
}
