import MetricModel

/// What `prometheus.yml` says under `storage`. Source: upstream config/config.go `StorageConfig`.
struct StorageConfiguration: Sendable {
    /// How far behind the latest sample one may be that comes out of order; 0 for not at all.
    var outOfOrderWindow = ModelDuration(millis: 0)
    /// How many exemplars are kept; 0 for none.
    var exemplarsMax = 100_000

    init() {}

    init(_ section: inout YAMLSection, _ notServed: inout [String]) throws(ConfigurationError) {
        if var tsdb = try section.section("tsdb") {
            outOfOrderWindow = try tsdb.duration("out_of_order_time_window") ?? outOfOrderWindow
            for key in ["stale_series_compaction_threshold", "chunk_encoding", "retention"] where tsdb.node(key) != nil { notServed.append("\(tsdb.file): \(tsdb.name(of: key))") }
            try tsdb.refuseUnknown()
        }
        if var exemplars = try section.section("exemplars") {
            exemplarsMax = try exemplars.int("max_exemplars") ?? 0
            guard exemplarsMax <= Int32.max else { throw exemplars.error("max_exemplars", "at most \(Int32.max) exemplars can be kept") }
            try exemplars.refuseUnknown()
        }
        try section.refuseUnknown()
    }
}
