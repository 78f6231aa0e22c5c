/// What a metric says it is (exposition `# TYPE`, remote-write metadata).
package enum MetricKind: String, Sendable, CaseIterable {
    case unknown, counter, gauge, histogram, gaugehistogram, summary, info, stateset
}
