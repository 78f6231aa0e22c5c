import HTTPSurface
import MetricModel
import Platform

/// Times and durations in URLs (upstream web/api/v1/api.go `parseTime`, `parseDuration`).
enum TimeParameter {
    /// The earliest and latest moment that a query may name, in milliseconds: what upstream takes for open ends.
    static let earliestMillis: Int64 = -9_223_372_036_854_775
    static let latestMillis: Int64 = 9_223_372_036_854_775

    /// Seconds with a fraction, or RFC 3339, as milliseconds; nil when absent. Upstream's words for what is neither differ where a time must be
    /// given (`parseTime`) from where it need not (`parseTimeParam`).
    static func millis(_ parameters: FormParameters, _ name: String, isRequired: Bool = false) throws(SurfaceError) -> Int64? {
        guard let text = parameters[name], !text.isEmpty else { return nil }
        guard let millis = millis(text) else {
            let context = isRequired ? "" : "invalid time value for '\(name)': "
            throw SurfaceError(.badRequest, "invalid parameter \"\(name)\": \(context)cannot parse \"\(text)\" to a valid timestamp")
        }
        return millis
    }

    static func millis(_ text: String) -> Int64? {
        if let seconds = Double(text) {
            let millis = (seconds * 1_000).rounded()
            return millis.isFinite && millis.magnitude < 9.2e18 ? Int64(millis) : nil
        }
        return RFC3339.millis(text)
    }

    /// A step or another length of time, in milliseconds.
    static func durationMillis(_ parameters: FormParameters, _ name: String) throws(SurfaceError) -> Int64? {
        guard let text = parameters[name], !text.isEmpty else { return nil }
        if let seconds = Double(text) {
            let millis = (seconds * 1_000).rounded(.towardZero)
            guard millis.isFinite, millis.magnitude < 9.2e18 else {
                throw SurfaceError(.badRequest, "invalid parameter \"\(name)\": cannot parse \"\(text)\" to a valid duration. It overflows int64")
            }
            return Int64(millis)
        }
        guard let millis = ModelDuration(text)?.millis else {
            throw SurfaceError(.badRequest, "invalid parameter \"\(name)\": cannot parse \"\(text)\" to a valid duration")
        }
        return millis
    }
}
