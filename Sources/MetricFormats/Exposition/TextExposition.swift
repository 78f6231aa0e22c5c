import Bytes
import MetricModel

/// Writes metric families as text, the way the reference library does (prometheus/common `expfmt`).
package enum TextExposition {
    package enum Format: Sendable {
        /// `text/plain; version=0.0.4`
        case text
        /// `application/openmetrics-text; version=1.0.0`, ended by `# EOF`
        case openMetrics

        package var contentType: String {
            switch self {
            case .text: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    /// Families and points in the order given. Every name and value is written so that a parser of the format reads it back.
    package static func encode(_ families: [MetricFamily], format: Format = .text) -> [UInt8] {
        var out = ByteWriter(capacity: 4096)
        for family in families { append(family, format, to: &out) }
        if format == .openMetrics { out.append("# EOF\n") }
        return out.array()
    }

    private static func append(_ family: MetricFamily, _ format: Format, to out: inout ByteWriter) {
        let isCounterTotal = format == .openMetrics && family.metadata.kind == .counter && family.name.hasSuffix("_total")
        let name = isCounterTotal ? String(family.name.dropLast("_total".count)) : family.name
        let isQuoted = !MetricName.isLegacy(name)
        let heading = isQuoted ? LabelName.quoted(name) : name
        if !family.metadata.help.isEmpty {
            out.append("# HELP ")
            out.append(utf8: heading)
            out.append(UInt8(ascii: " "))
            appendEscaped(family.metadata.help, quotes: format == .openMetrics, to: &out)
            out.append(UInt8(ascii: "\n"))
        }
        out.append("# TYPE ")
        out.append(utf8: heading)
        out.append(UInt8(ascii: " "))
        // OpenMetrics has no counters whose samples do not end in `_total`.
        let isOddCounter = format == .openMetrics && family.metadata.kind == .counter && !isCounterTotal
        out.append(utf8: isOddCounter ? MetricKind.unknown.rawValue : kindName(family.metadata.kind, format))
        out.append(UInt8(ascii: "\n"))
        if format == .openMetrics, !family.metadata.unit.isEmpty, name.hasSuffix("_" + family.metadata.unit) {
            out.append("# UNIT ")
            out.append(utf8: heading)
            out.append(UInt8(ascii: " "))
            out.append(utf8: family.metadata.unit)
            out.append(UInt8(ascii: "\n"))
        }
        for point in family.points { append(point, format, to: &out) }
    }

    private static func append(_ point: MetricFamily.Point, _ format: Format, to out: inout ByteWriter) {
        let isLegacyName = MetricName.isLegacy(point.name)
        if isLegacyName { out.append(utf8: point.name) }
        if !isLegacyName || !point.labels.isEmpty {
            out.append(UInt8(ascii: "{"))
            if !isLegacyName { out.append(utf8: LabelName.quoted(point.name)) }
            for (index, label) in point.labels.enumerated() {
                if index > 0 || !isLegacyName { out.append(UInt8(ascii: ",")) }
                out.append(utf8: LabelName.isLegacy(label.name) ? label.name : LabelName.quoted(label.name))
                out.append("=\"")
                appendEscaped(label.value, quotes: true, to: &out)
                out.append(UInt8(ascii: "\""))
            }
            out.append(UInt8(ascii: "}"))
        }
        out.append(UInt8(ascii: " "))
        switch format {
        case .text: ExpositionNumber.append(point.value, to: &out)
        case .openMetrics: ExpositionNumber.appendFloat(point.value, to: &out)
        }
        out.append(UInt8(ascii: "\n"))
    }

    /// The text format knows five kinds; the others go under the one that says most of what holds for them.
    private static func kindName(_ kind: MetricKind, _ format: Format) -> String {
        guard format == .text else { return kind.rawValue }
        return switch kind {
        case .unknown: "untyped"
        case .gaugehistogram: "histogram"
        case .info, .stateset: "gauge"
        case .counter, .gauge, .histogram, .summary: kind.rawValue
        }
    }

    private static func appendEscaped(_ text: String, quotes: Bool, to out: inout ByteWriter) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): out.append("\\\\")
            case UInt8(ascii: "\n"): out.append("\\n")
            case UInt8(ascii: "\"") where quotes: out.append("\\\"")
            default: out.append(byte)
            }
        }
    }
}
