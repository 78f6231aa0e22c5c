import ArgumentParser
import MetricModel
import Platform

/// Times as people type them.
enum Moment {
    /// What the API takes for `text`: `now` and `now-5m` are made seconds, anything else must be a time and is passed on.
    static func text(_ text: String, _ option: String) throws(ValidationError) -> String {
        if text.hasPrefix("now") {
            let rest = text.dropFirst(3)
            let now = SystemClock().unixMillis
            if rest.isEmpty { return seconds(millis: now) }
            if rest.hasPrefix("-") || rest.hasPrefix("+"), let distance = ModelDuration(String(rest.dropFirst()))?.millis {
                return seconds(millis: rest.hasPrefix("-") ? now - distance : now + distance)
            }
        } else if seconds(text) != nil {
            return text
        }
        throw ValidationError("\(option): \"\(text)\" is neither seconds since the epoch, nor RFC 3339, nor now or now-5m")
    }

    static func seconds(_ text: String) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } ?? RFC3339.millis(text).map { Double($0) / 1_000 } }

    private static func seconds(millis: Int64) -> String { "\(Double(millis) / 1_000)" }
}
