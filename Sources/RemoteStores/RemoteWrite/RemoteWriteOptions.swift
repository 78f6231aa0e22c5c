import MetricModel

/// One entry of `remote_write`, global settings already applied (upstream config/config.go `RemoteWriteConfig`, `QueueConfig`).
package struct RemoteWriteOptions: Sendable {
    /// Names the queue in metrics, and the file that keeps its position; unique.
    package var name: String
    package var http: RemoteHTTPOptions
    package var sendsExemplars = false
    package var sendsHistograms = false
    package var queue = Queue()
    package var metadata = Metadata()
    /// External labels and relabeling: the labels that a series is sent with, or nil when it is not sent.
    package var relabel: (@Sendable (Labels) -> Labels?)?
    /// What `relabel` is made of: equal where it does the same.
    package var relabelText = ""

    package struct Queue: Hashable, Sendable {
        /// Samples that a shard takes in a round.
        package var capacity = 10_000
        package var shardsMax = 50
        package var shardsMin = 1
        package var samplesPerSendMax = 2_000
        /// How long samples may wait for company.
        package var batchSendDeadlineMillis: Int64 = 5_000
        package var backoffMinMillis: Int64 = 30
        package var backoffMaxMillis: Int64 = 5_000
        package var retriesRateLimit = false
        /// Samples older than this are not sent; 0 for any age.
        package var sampleAgeMaxMillis: Int64 = 0
        package init() {}
    }

    package struct Metadata: Hashable, Sendable {
        package var isSent = true
        package var intervalMillis: Int64 = 60_000
        package var samplesPerSendMax = 500
        package init() {}
    }

    package init(name: String, http: RemoteHTTPOptions) {
        self.name = name
        self.http = http
    }
}

extension RemoteWriteOptions: Equatable {
    package static func == (a: RemoteWriteOptions, b: RemoteWriteOptions) -> Bool {
        a.name == b.name && a.http == b.http && a.sendsExemplars == b.sendsExemplars && a.sendsHistograms == b.sendsHistograms && a.queue == b.queue
            && a.metadata == b.metadata && a.relabelText == b.relabelText
    }
}
