import MetricModel

extension MetricStore: ExemplarReader {
    package func exemplars(_ selectors: [[Matcher]], time: ClosedRange<Int64>) throws(MetricStoreError) -> [SeriesExemplars] {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        return head.exemplars.withLock { $0.select(selectors, time) }
    }

    /// Changes how many exemplars are kept; of more than that the latest stay. 0 keeps none.
    package func setExemplarsMax(_ count: Int) { head.exemplars.withLock { $0.resize(to: count) } }

    var exemplarFamilies: [MetricFamily] {
        let ring = head.exemplars.withLock { ring in
            (
                appended: ring.appendedCount, outOfOrder: ring.outOfOrderCount, count: ring.count, series: ring.seriesCount, earliest: ring.earliestTimestamp,
                capacity: ring.capacity
            )
        }
        return [
            .counter("prometheus_tsdb_exemplar_exemplars_appended_total", "Total number of appended exemplars.", Double(ring.appended)),
            .gauge("prometheus_tsdb_exemplar_exemplars_in_storage", "Number of exemplars currently in circular storage.", Double(ring.count)),
            .gauge("prometheus_tsdb_exemplar_series_with_exemplars_in_storage", "Number of series with exemplars currently in circular storage.", Double(ring.series)),
            .gauge(
                "prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds",
                "The timestamp of the oldest exemplar stored in circular storage. Useful to check for what time"
                    + "range the current exemplar buffer limit allows. This usually means the last timestamp"
                    + "for all exemplars for a typical setup. This is not true though if one of the series timestamp is in future compared to rest series.",
                Double(ring.earliest) / 1000),
            .counter("prometheus_tsdb_exemplar_out_of_order_exemplars_total", "Total number of out of order exemplar ingestion failed attempts.", Double(ring.outOfOrder)),
            .gauge("prometheus_tsdb_exemplar_max_exemplars", "Total number of exemplars the exemplar storage can store, resizeable.", Double(ring.capacity)),
        ]
    }
}
