import Bytes
import MetricModel

extension ExpositionParser {
    package typealias LabelPairs = [(name: String, value: String)]

    /// The current series' labels, `__name__` first and then in the order written, escapes undone.
    ///
    /// `le` of histograms and `quantile` of summaries are written as OpenMetrics writes numbers (`1` becomes `1.0`), as
    /// Prometheus does since 3.0. Throws for a set that breaks the grammar, names a label twice or is not UTF-8.
    package func labels() throws(MetricFormatError) -> LabelPairs {
        var pairs: LabelPairs = []
        var name: String?
        let brace = metric.firstIndex(of: UInt8(ascii: "{")) ?? metric.count
        var nameEnd = brace
        while nameEnd > 0, metric[nameEnd - 1] == UInt8(ascii: " ") || metric[nameEnd - 1] == UInt8(ascii: "\t") { nameEnd -= 1 }
        if nameEnd > 0 { name = String(decoding: metric[..<nameEnd], as: UTF8.self) }

        if brace < metric.count {
            let labelSet = Span(rebasing: metric[brace...])
            var reader = LabelSetReader(labelSet, dialect: dialect, allowsMetricName: true)
            while let item = try next(&reader, labelSet) {
                switch item {
                case .metricName(let text):
                    if name != nil { throw malformed("the metric has two names", at: text.baseAddress) }
                    name = try unescaped(text)
                case .label(let label, let text):
                    let label = try unescaped(label)
                    if pairs.contains(where: { $0.name == label }) { throw malformed("label name \(LabelName.quoted(label)) is not unique", at: text.baseAddress) }
                    pairs.append((label, normalized(label, try unescaped(text))))
                }
            }
        }
        guard let name, !name.isEmpty else { throw malformed("the metric has no name", at: metric.baseAddress) }
        if pairs.contains(where: { $0.name == LabelName.metric }) { throw malformed("label name \"__name__\" is not unique", at: metric.baseAddress) }
        pairs.insert((LabelName.metric, name), at: 0)
        return pairs
    }

    /// The exemplar's labels in the order written; empty without an exemplar.
    package func exemplarLabels() throws(MetricFormatError) -> LabelPairs {
        guard let exemplar else { return [] }
        var pairs: LabelPairs = []
        var reader = LabelSetReader(exemplar.labelSet, dialect: dialect, allowsMetricName: false)
        while case .label(let name, let value)? = try next(&reader, exemplar.labelSet) { pairs.append((try unescaped(name), try unescaped(value))) }
        return pairs
    }

    func next(_ reader: inout LabelSetReader, _ labelSet: Span) throws(MetricFormatError) -> LabelSetReader.Item? {
        do throws(LabelSetReader.Failure) { return try reader.next() } catch {
            throw malformed(error.reason, at: labelSet.baseAddress.map { $0 + error.offset })
        }
    }

    private func unescaped(_ text: Span) throws(MetricFormatError) -> String {
        guard let string = QuotedText.unescaped(text) else { throw malformed("a label is not UTF-8", at: text.baseAddress) }
        return string
    }

    private func normalized(_ label: String, _ value: String) -> String {
        guard (kind == .histogram && label == LabelName.bucketBound) || (kind == .summary && label == LabelName.quantile),
            let number = DecimalParser.parse(value)
        else { return value }
        var out = ByteWriter(capacity: 32)
        ExpositionNumber.appendFloat(number, to: &out)
        return out.withBytes { String(decoding: $0, as: UTF8.self) }
    }
}
