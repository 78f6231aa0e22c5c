/// How a trace store is opened.
package struct TraceStoreOptions: Sendable {
    /// Segments are removed so long after they were sealed.
    package var retentionSeconds: Int
    /// The head is sealed into a segment when it takes so much memory.
    package var headBytesMax: Int
    /// The head is sealed when its first spans have waited so long.
    package var headAgeSecondsMax: Int
    /// Of a larger trace an answer has only so many spans.
    package var spansPerTraceMax: Int

    /// A search ends with the trace that brings its answer to so many spans.
    package var spansPerAnswerMax: Int

    /// So many operations of a service are listed; more are stored and found, but not named.
    package static let operationsPerServiceMax = 2000

    package init(retentionSeconds: Int = 7 * 24 * 3600, headBytesMax: Int = 32 << 20, headAgeSecondsMax: Int = 3600, spansPerTraceMax: Int = 100_000,
                 spansPerAnswerMax: Int = 500_000) {
        self.retentionSeconds = retentionSeconds
        self.headBytesMax = headBytesMax
        self.headAgeSecondsMax = headAgeSecondsMax
        self.spansPerTraceMax = spansPerTraceMax
        self.spansPerAnswerMax = spansPerAnswerMax
    }
}
