#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import Logging
import Tracing

/// What a call of `initializeObservability` and the environment say together.
package struct ObservabilitySettings: Sendable {
    /// The variables that are heeded.
    package static let variables = [
        "OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
        "PROMETHEUS_URL", "PROMETHEUS_PORT", "JAEGER_URL", "JAEGER_PORT",
    ]

    /// Those of `variables` that are set and say something.
    package static func environment() -> [String: String] {
        variables.reduce(into: [:]) { found, name in
            if let text = getenv(name), text[0] != 0 { found[name] = String(cString: text) }
        }
    }

    package let serviceName: String
    package let sampler: Sampler
    package var exporter: SpanExporter.Options

    package init(serviceName: String?, serviceVersion: String?, otlpEndpoint: String?, environment: [String: String]) throws(ObservabilityError) {
        let name = serviceName.flatMap { $0.isEmpty ? nil : $0 } ?? environment["OTEL_SERVICE_NAME"] ?? "unknown_service:swift"
        self.serviceName = name
        let samplerName = environment["OTEL_TRACES_SAMPLER"] ?? "parentbased_always_on"
        guard let sampler = Sampler(name: samplerName, argument: environment["OTEL_TRACES_SAMPLER_ARG"]) else {
            throw .invalidSetting(
                name: "OTEL_TRACES_SAMPLER", value: "\(samplerName) \(environment["OTEL_TRACES_SAMPLER_ARG"] ?? "")".trimmed,
                expected: "always_on, always_off or traceidratio with OTEL_TRACES_SAMPLER_ARG from 0 to 1, each also behind parentbased_")
        }
        self.sampler = sampler
        let endpoint = Self.tracesEndpoint(otlpEndpoint, environment)
        guard let address = HTTPAddress(endpoint) else {
            throw .invalidSetting(name: "the OTLP endpoint", value: endpoint, expected: "like http://localhost:4318; TLS is a collector's to speak")
        }
        exporter = SpanExporter.Options(address: address)
        // What would end a header early cannot be one.
        exporter.headers = Self.pairs(environment["OTEL_EXPORTER_OTLP_HEADERS"]).filter { pair in !"\(pair.name)\(pair.value)".unicodeScalars.contains { $0.value < 0x20 } }
        exporter.timeoutSeconds = max(0.1, (environment["OTEL_EXPORTER_OTLP_TIMEOUT"].flatMap { Double($0) } ?? 10_000) / 1_000)
        for (key, value) in Self.pairs(environment["OTEL_RESOURCE_ATTRIBUTES"]) { exporter.resource.set(RecordedSpan.Field(key, .string(value))) }
        let own: KeyValuePairs<String, SpanAttribute> = [
            "service.name": .string(name), "telemetry.sdk.language": "swift", "telemetry.sdk.name": "obstack",
            "telemetry.sdk.version": .string(libraryVersion), "process.pid": .int64(Int64(getpid())),
        ]
        for (key, value) in own { exporter.resource.set(RecordedSpan.Field(key, value)) }
        if let serviceVersion, !serviceVersion.isEmpty { exporter.resource.set(RecordedSpan.Field("service.version", .string(serviceVersion))) }
    }

    /// The whole URL that spans are sent to, of what people write: a base, the whole, or the port of gRPC.
    package static func tracesEndpoint(_ given: String?, _ environment: [String: String]) -> String {
        if given == nil || given == "", let whole = environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] { return whole }
        var base = given.flatMap { $0.isEmpty ? nil : $0 } ?? environment["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "http://localhost:4318"
        while base.hasSuffix("/") { base.removeLast() }
        if base.hasSuffix("/v1/traces") { base.removeLast(10) }
        if base.hasSuffix(":4317") {
            Logger(label: "ObservabilityIntegration").warning("\(base) is the port of OTLP over gRPC; spans are sent over HTTP, to port 4318")
            base = base.dropLast(4) + "4318"
        }
        return base + "/v1/traces"
    }

    /// `key=value` pairs with commas between them, percent-encoded, as OpenTelemetry's variables have them.
    package static func pairs(_ text: String?) -> [(name: String, value: String)] {
        (text ?? "").split(separator: ",").compactMap { entry in
            guard let equals = entry.firstIndex(of: "=") else { return nil }
            let name = entry[..<equals].trimmed
            return name.isEmpty ? nil : (name, entry[entry.index(after: equals)...].trimmed.percentDecoded)
        }
    }
}

extension String {
    /// With `%20` and the like as what they stand for; what stands for nothing is left as it is.
    var percentDecoded: String {
        guard utf8.contains(0x25) else { return self }
        var out: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                out.append(value)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// As a query's names and values are written.
    var percentEncoded: String {
        var out: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.append(byte)
            default: out += [0x25, Array("0123456789ABCDEF".utf8)[Int(byte >> 4)], Array("0123456789ABCDEF".utf8)[Int(byte & 0xF)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
