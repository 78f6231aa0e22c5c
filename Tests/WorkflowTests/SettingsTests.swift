import ObservabilityIntegration
import Testing

@Suite("What a call and the environment say together")
struct SettingsTests {
    private func settings(_ environment: [String: String] = [:], name: String? = nil, endpoint: String? = nil) throws -> ObservabilitySettings {
        try ObservabilitySettings(serviceName: name, serviceVersion: "1.2", otlpEndpoint: endpoint, environment: environment)
    }

    private func resource(_ settings: ObservabilitySettings) -> [String: String] {
        Dictionary(settings.exporter.resource.map { field in
            if case .string(let text) = field.value { (field.key, text) } else { (field.key, "\(field.value)") }
        }) { first, _ in first }
    }

    @Test("endpoints are understood as people write them", arguments: ["http://h:4318", "http://h:4318/", "http://h:4318/v1/traces", "http://h:4317"])
    func endpoints(given: String) throws {
        #expect(ObservabilitySettings.tracesEndpoint(given, [:]) == "http://h:4318/v1/traces")
        #expect(try settings(endpoint: given).exporter.address == HTTPAddress("http://h:4318/v1/traces"))
    }

    @Test("the call goes before the environment, and a whole URL before a base")
    func precedence() {
        let environment = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h/spans", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://other"]
        #expect(ObservabilitySettings.tracesEndpoint(nil, environment) == "http://h/spans")
        #expect(ObservabilitySettings.tracesEndpoint("http://mine", environment) == "http://mine/v1/traces")
        #expect(ObservabilitySettings.tracesEndpoint(nil, ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://other"]) == "http://other/v1/traces")
        #expect(ObservabilitySettings.tracesEndpoint(nil, [:]) == "http://localhost:4318/v1/traces")
    }

    @Test("an endpoint that is none is refused, and TLS is", arguments: ["localhost:4318", "ftp://x", "http://", "http://x:port", "https://x", "http://user:secret@x", "http://[::1", "http://x:70000"])
    func noEndpoints(text: String) {
        #expect(throws: ObservabilityError.self) { try settings(endpoint: text) }
    }

    @Test("URLs are taken apart", arguments: [
        ("http://localhost", "localhost", 80, "/"), ("HTTP://h:1/a?b=c#d", "h", 1, "/a?b=c"), ("http://[::1]:9090/x", "::1", 9_090, "/x"), ("http://h?q", "h", 80, "/?q"),
    ])
    func addresses(text: String, host: String, port: Int, path: String) throws {
        let address = try #require(HTTPAddress(text))
        #expect((address.host, address.port, address.path) == (host, port, path))
    }

    @Test("a resource says what the process is")
    func resources() throws {
        let environment = ["OTEL_SERVICE_NAME": "by-environment", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test,team=a%20b,=x,broken,service.name=no"]
        let found = resource(try settings(environment))
        #expect(found["service.name"] == "by-environment")
        #expect(found["deployment.environment"] == "test")
        #expect(found["team"] == "a b")
        #expect(found["telemetry.sdk.language"] == "swift")
        #expect(found["telemetry.sdk.name"] == "obstack")
        #expect(found["service.version"] == "1.2")
        #expect(found["process.pid"] != nil)
        #expect(resource(try settings(environment, name: "mine"))["service.name"] == "mine")
        #expect(resource(try settings())["service.name"] == "unknown_service:swift")
    }

    @Test("headers are passed on, but for those that would end the head; the time is in milliseconds")
    func headers() throws {
        let exporter = try settings(["OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%3Db, y = 2 ,bad=%0D%0Ax", "OTEL_EXPORTER_OTLP_TIMEOUT": "2500"]).exporter
        #expect(exporter.headers.map { "\($0.name)=\($0.value)" } == ["x-key=a=b", "y=2"])
        #expect(exporter.timeoutSeconds == 2.5)
        #expect(try settings(["OTEL_EXPORTER_OTLP_TIMEOUT": "soon"]).exporter.timeoutSeconds == 10)
    }

    @Test("samplers go by OpenTelemetry's names")
    func samplers() throws {
        for (name, argument, ratio, follows) in [
            ("always_on", nil, 1, false), ("always_off", nil, 0, false), ("traceidratio", "0.25", 0.25, false), ("traceidratio", nil, 1, false),
            ("parentbased_always_on", nil, 1, true), ("parentbased_always_off", nil, 0, true), ("parentbased_traceidratio", "0.5", 0.5, true),
        ] as [(String, String?, Double, Bool)] {
            var environment = ["OTEL_TRACES_SAMPLER": name]
            environment["OTEL_TRACES_SAMPLER_ARG"] = argument
            #expect(try settings(environment).sampler == Sampler(ratio: ratio, followsParent: follows))
        }
        #expect(try settings().sampler == .always)
        #expect(throws: ObservabilityError.self) { try settings(["OTEL_TRACES_SAMPLER": "sometimes"]) }
        #expect(throws: ObservabilityError.self) { try settings(["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"]) }
    }

    @Test("a ratio is of traces, and the same trace is judged alike")
    func ratios() {
        let quarter = Sampler(ratio: 0.25, followsParent: true)
        let traces = (0..<20_000).map { _ in TraceID.random() }
        let recorded = traces.filter { quarter.records($0, parentIsSampled: nil) }
        #expect((4_500...5_500).contains(recorded.count))
        #expect(recorded.allSatisfy { Sampler(ratio: 0.5, followsParent: false).records($0, parentIsSampled: false) })
        #expect(traces.allSatisfy { quarter.records($0, parentIsSampled: true) && !quarter.records($0, parentIsSampled: false) })
        #expect(!traces.contains { Sampler(ratio: 0, followsParent: false).records($0, parentIsSampled: true) })
    }
}
