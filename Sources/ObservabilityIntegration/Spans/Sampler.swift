/// Which traces are recorded, by OpenTelemetry's names.
package struct Sampler: Equatable, Sendable {
    /// The part of new traces that is recorded, from 0 to 1.
    package let ratio: Double
    /// Whether a span with a parent does as its parent did.
    package let followsParent: Bool

    package static let always = Sampler(ratio: 1, followsParent: true)

    package init(ratio: Double, followsParent: Bool) { (self.ratio, self.followsParent) = (ratio, followsParent) }

    /// Reads `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`; nil for a name that is none, or a ratio that is no number from 0 to 1.
    package init?(name: String, argument: String?) {
        let followsParent = name.hasPrefix("parentbased_")
        switch followsParent ? String(name.dropFirst(12)) : name {
        case "always_on": self.init(ratio: 1, followsParent: followsParent)
        case "always_off": self.init(ratio: 0, followsParent: followsParent)
        case "traceidratio":
            guard let ratio = Double(argument ?? "1"), (0...1).contains(ratio) else { return nil }
            self.init(ratio: ratio, followsParent: followsParent)
        default: return nil
        }
    }

    /// Decides by the trace's id, so that every process that knows it decides alike.
    package func records(_ trace: TraceID, parentIsSampled: Bool?) -> Bool {
        if followsParent, let parentIsSampled { return parentIsSampled }
        return ratio >= 1 || Double(trace.low >> 11) < ratio * 0x1p53
    }
}
