import Pipelines

extension ServerOptions {
    /// `JAEGER_SAMPLER_TYPE` and `JAEGER_SAMPLER_PARAM`, which mean what they mean to Jaeger's clients, here applied where spans arrive.
    static func sampling(_ environment: [String: String], _ remarks: inout [String]) throws(Invalid) -> SpanSampling {
        let text = set(environment["JAEGER_SAMPLER_PARAM"])
        guard let type = set(environment["JAEGER_SAMPLER_TYPE"]) else {
            if text != nil { remarks.append("JAEGER_SAMPLER_PARAM has no effect without JAEGER_SAMPLER_TYPE") }
            return .all
        }
        func parameter(_ range: ClosedRange<Double>, _ expected: String, default value: Double) throws(Invalid) -> Double {
            guard let text else { return value }
            guard let number = Double(text), range.contains(number) else { throw Invalid(setting: "JAEGER_SAMPLER_PARAM", value: text, expected: expected) }
            return number
        }
        switch type {
        case "const": return try parameter(0...1, "0 or 1 for JAEGER_SAMPLER_TYPE=const", default: 1) > 0 ? .all : .none
        case "probabilistic":
            return .probabilistic(try parameter(0...1, "a fraction from 0 to 1 for JAEGER_SAMPLER_TYPE=probabilistic", default: 0.001))
        case "ratelimiting":
            return .rateLimiting(tracesPerSecond: try parameter(0...1e9, "a number of traces a second for JAEGER_SAMPLER_TYPE=ratelimiting", default: 100))
        default: throw Invalid(setting: "JAEGER_SAMPLER_TYPE", value: type, expected: "const, probabilistic or ratelimiting")
        }
    }

    /// `COLLECTOR_OTLP_ENABLED=false` leaves both doors of OTLP closed, as in Jaeger.
    static func closedDoors(_ environment: [String: String]) throws(Invalid) -> Set<DoorName> {
        switch set(environment["COLLECTOR_OTLP_ENABLED"])?.lowercased() {
        case nil, "true", "1", "t": return []
        case "false", "0", "f": return [.otlpHTTP, .otlpGRPC]
        case let other?: throw Invalid(setting: "COLLECTOR_OTLP_ENABLED", value: other, expected: "true or false")
        }
    }

    /// Splits `host:port`, `:port` and `[::1]:port`; a missing host is every address of the machine, as upstream.
    static func listenAddress(_ text: String) throws(Invalid) -> (host: String, port: String) {
        guard let colon = text.lastIndex(of: ":") else { throw Invalid(setting: "--web.listen-address", value: text, expected: "an address such as 127.0.0.1:9090 or :9090") }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) } else if host.contains(":") {
            throw Invalid(setting: "--web.listen-address", value: text, expected: "an address such as [::1]:9090, with brackets")
        }
        return (host.isEmpty ? "0.0.0.0" : host, String(text[text.index(after: colon)...]))
    }
}
