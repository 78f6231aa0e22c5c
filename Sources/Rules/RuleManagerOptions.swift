extension RuleManager {
    /// Upstream's flags of the same meaning, with their defaults (`cmd/prometheus/main.go`).
    package struct Options: Sendable {
        /// How long a stack may have been down for alerts to go on with the time that they had waited.
        package var outageToleranceMillis: Int64 = 3_600_000
        /// How long a restored alert waits at least before it fires.
        package var graceMillis: Int64 = 600_000
        /// How long to wait before an alert is sent again.
        package var resendDelayMillis: Int64 = 60_000
        /// How many groups are evaluated at once; others wait.
        package var concurrentGroupsMax = 4

        package init() {}
    }
}
