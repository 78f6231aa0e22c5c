/// How much the gateway holds, in memory and in its log.
package struct PushLimits: Sendable {
    package var groupsMax = 50_000
    package var seriesMax = 1_000_000
    /// Memory for what was pushed, counted about.
    package var bytesMax = 128 << 20
    /// Labels of one metric, those of its group among them.
    package var labelsMax = 64
    /// Bytes of one label's value.
    package var labelValueBytesMax = 16 << 10
    /// A log smaller than this is not worth a checkpoint.
    package var logBytesMin = 4 << 20

    package init() {}
}
