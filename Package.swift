// swift-tools-version: 6.2
import PackageDescription

// The house: every room of ours, its floor, and the rooms it may import, written down once, here. `Tests/HouseTests` reads
// the `room(…)` lines below and checks every `import` in `Sources/` against them. A room imports only from floors below its
// own; the one exception is `HTTPSurface`, on which its neighbours stand. `ARCHITECTURE.md` has each room's sentence.

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdHTTP2 = Target.Dependency.product(name: "HummingbirdHTTP2", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioExtras = Target.Dependency.product(name: "NIOExtras", package: "swift-nio-extras")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// libFuzzer's library, where `scripts/fuzz.sh` builds: then the rooms are instrumented, and there is a driver of the fuzzers.
let fuzzer = Context.environment["OBSTACK_FUZZER"]

let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
] + (fuzzer == nil ? [] : [.unsafeFlags(["-sanitize=fuzzer,address"])])

/// What each room reaches through the rooms that it uses. The build must know: a room whose values hold another room's values is compiled
/// again when their layout changes, and SwiftPM looks at direct dependencies only. Imports stay held to `uses`.
nonisolated(unsafe) var reach: [String: Set<String>] = [:]

func reached(_ uses: [String]) -> [Target.Dependency] {
    uses.reduce(into: Set(uses)) { $0.formUnion(reach[$1] ?? []) }.sorted().map { .target(name: $0) }
}

func room(_ floor: Int, _ name: String, uses: [String] = [], _ external: Target.Dependency...) -> Target {
    reach[name] = uses.reduce(into: Set(uses)) { $0.formUnion(reach[$1] ?? []) }
    return .target(name: name, dependencies: reached(uses) + external, swiftSettings: settings)
}

/// What applications import. It stands beside the house: no room uses it, and it uses no room.
func library(_ name: String, uses: [String] = [], _ external: Target.Dependency...) -> Target {
    reach[name] = uses.reduce(into: Set(uses)) { $0.formUnion(reach[$1] ?? []) }
    return .target(name: name, dependencies: reached(uses) + external, swiftSettings: settings)
}

/// A C door to a Debian library, linked statically where the linker can, so that the binary needs nothing installed.
func door(_ name: String, _ library: String, cxx: Bool = false) -> Target {
    .target(
        name: name, cSettings: [.unsafeFlags(["-Wall"])],
        linkerSettings: [.linkedLibrary(":lib\(library).a", .when(platforms: [.linux])), .linkedLibrary(library, .when(platforms: [.macOS]))]
            + (cxx ? [.linkedLibrary("stdc++", .when(platforms: [.linux])), .linkedLibrary("c++", .when(platforms: [.macOS]))] : []))
}

func tests(_ name: String, uses: [String] = [], _ external: Target.Dependency...) -> Target {
    .testTarget(name: name, dependencies: reached(uses) + external, swiftSettings: settings)
}

let package = Package(
    name: "ObservabilityStack",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "obstack", targets: ["obstack"]),
        .library(name: "ObservabilityIntegration", targets: ["ObservabilityIntegration"]),
        .library(name: "WorkflowPrimitives", targets: ["WorkflowPrimitives"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.10.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.38.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.11.0"),
    ],
    targets: [
        // Floor 0: C doors to system libraries, and to one instruction of the processor.
        .target(name: "CCRC32C"),
        door("CCrypt", "crypt"),
        door("CRE2", "re2", cxx: true),
        door("CSnappy", "snappy", cxx: true),
        door("CZlib", "z"),
        door("CZstd", "zstd"),
        .target(name: "CWebAssets"),

        room(1, "Bytes", uses: ["CCRC32C", "CSnappy", "CZlib", "CZstd"]),
        room(1, "Platform"),

        room(2, "MetricModel", uses: ["CRE2", "Bytes", "Platform"]),
        room(2, "TraceModel", uses: ["Bytes"]),

        room(3, "MetricFormats", uses: ["Bytes", "MetricModel"]),
        room(3, "OTLP", uses: ["Bytes", "MetricModel", "TraceModel"]),
        room(3, "SegmentLog", uses: ["Bytes", "Platform"]),

        room(4, "MetricStore", uses: ["Bytes", "Platform", "MetricModel", "SegmentLog"]),
        room(4, "TraceStore", uses: ["Bytes", "Platform", "MetricModel", "TraceModel", "OTLP", "SegmentLog"]),

        room(4, "RemoteStores", uses: ["Bytes", "Platform", "MetricModel", "MetricFormats"], asyncHTTPClient, logging, nioCore, nioHTTP1, nioHTTP2, nioPosix, nioSSL),

        room(5, "PromQL", uses: ["Bytes", "Platform", "MetricModel", "MetricStore"]),
        room(5, "TraceQuery", uses: ["TraceModel"]),

        room(6, "Acquisition", uses: ["Bytes", "Platform", "MetricModel", "MetricFormats", "MetricStore"], logging),
        room(6, "PushGroups", uses: ["Bytes", "Platform", "MetricModel", "MetricFormats", "SegmentLog"]),
        room(6, "Pipelines", uses: ["MetricModel", "TraceModel", "OTLP", "MetricStore", "TraceStore", "RemoteStores"], logging),
        room(6, "Rules", uses: ["Platform", "MetricModel", "MetricStore", "PromQL"], logging),
        room(6, "Dashboards", uses: ["CCrypt", "Bytes", "MetricModel", "PromQL"], grdb),
        room(6, "Alerting", uses: ["Bytes", "Platform", "MetricModel"], logging),

        room(7, "HTTPSurface", uses: ["Bytes"], hummingbird, httpTypes, logging, nioCore, nioHTTP1, nioHTTPTypes, nioHTTPTypesHTTP1),
        room(7, "PrometheusAPI", uses: ["HTTPSurface", "Bytes", "Platform", "MetricModel", "MetricFormats", "MetricStore", "PromQL", "Acquisition", "Rules"], hummingbird, httpTypes, nioCore),
        room(7, "PushgatewayAPI", uses: ["HTTPSurface", "Bytes", "Platform", "MetricModel", "MetricFormats", "PushGroups"], hummingbird, httpTypes),
        room(7, "OTLPReceiver", uses: ["HTTPSurface", "Bytes", "OTLP", "Pipelines"], hummingbird, httpTypes, nioCore),
        room(7, "JaegerAPI", uses: ["HTTPSurface", "Bytes", "Platform", "TraceModel", "OTLP", "TraceStore", "TraceQuery"], hummingbird, httpTypes),
        room(7, "GrafanaAPI", uses: ["HTTPSurface", "Bytes", "PromQL", "Dashboards"], hummingbird, httpTypes),
        room(7, "WebAssets", uses: ["CWebAssets", "HTTPSurface", "Bytes"], hummingbird, httpTypes),

        room(8, "Server", uses: [
            "Bytes", "Platform", "MetricModel", "MetricFormats", "SegmentLog", "MetricStore", "TraceStore", "PromQL",
            "RemoteStores", "Acquisition", "PushGroups", "Pipelines", "Rules", "Dashboards", "Alerting", "HTTPSurface", "PrometheusAPI", "PushgatewayAPI", "OTLPReceiver", "JaegerAPI", "GrafanaAPI", "WebAssets",
        ], hummingbird, hummingbirdCore, hummingbirdHTTP2, httpTypes, asyncHTTPClient, serviceLifecycle, yams, logging, nioCore, nioExtras, nioHTTP1, nioPosix, nioSSL, nioTLS),
        .executableTarget(
            name: "obstack",
            dependencies: reached(["Server", "Bytes", "Platform", "MetricModel", "MetricFormats", "MetricStore", "PromQL", "TraceModel", "OTLP"])
                + [argumentParser, asyncHTTPClient, logging, nioCore, nioPosix], swiftSettings: settings),

        library("ObservabilityIntegration", coreMetrics, logging, tracing),
        library("WorkflowPrimitives", uses: ["ObservabilityIntegration"], tracing),

        // An application with both, which `docs/guide.md` runs.
        .executableTarget(name: "workflow-example", dependencies: reached(["ObservabilityIntegration", "WorkflowPrimitives"]), path: "Examples/workflow-example", swiftSettings: settings),

        // What drives the decoders of files and the parser of queries with inputs at random: the tests for a moment, `scripts/fuzz.sh` for as long as one likes.
        .target(name: "Fuzzing", dependencies: reached(["Bytes", "Platform", "MetricModel", "SegmentLog", "MetricStore", "PromQL"]), path: "Tests/Fuzzing", swiftSettings: settings),

        // What tests of several rooms stand on: random numbers with a seed, a thread of one's own, a free port, protobuf expositions.
        .target(name: "Testbed", dependencies: reached(["Platform", "Bytes"]), path: "Tests/Testbed", swiftSettings: settings),

        tests("HouseTests"),
        tests("BytesTests", uses: ["Bytes"]),
        tests("MetricModelTests", uses: ["MetricModel", "Bytes"]),
        tests("MetricFormatsTests", uses: ["Testbed", "MetricFormats", "MetricModel", "Bytes"]),
        tests("OTLPTests", uses: ["OTLP", "Pipelines", "OTLPReceiver", "HTTPSurface", "TraceModel", "MetricModel", "TraceStore", "MetricStore", "Bytes"], hummingbird, hummingbirdHTTP2, hummingbirdTesting, httpTypes, logging, nioCore),
        tests("StorageTests", uses: ["Fuzzing", "Testbed", "SegmentLog", "Platform", "Bytes", "MetricModel", "MetricFormats", "MetricStore"]),
        tests("TraceTests", uses: ["Testbed", "TraceStore", "TraceQuery", "JaegerAPI", "HTTPSurface", "MetricModel", "TraceModel", "OTLP", "SegmentLog", "Platform", "Bytes"], hummingbird, hummingbirdTesting, httpTypes, nioCore),
        tests("PromQLTests", uses: ["PromQL", "MetricModel", "MetricStore", "Bytes"]),
        tests("RulesTests", uses: ["Testbed", "Rules", "Server", "PromQL", "MetricModel", "MetricStore", "Platform"], logging),
        tests("AcquisitionTests", uses: ["Testbed", "Acquisition", "MetricFormats", "MetricModel", "MetricStore", "Platform", "Bytes"]),
        tests("PushTests", uses: ["Testbed", "PushGroups", "PushgatewayAPI", "HTTPSurface", "MetricFormats", "MetricModel", "Platform", "Bytes"], hummingbird, hummingbirdTesting, httpTypes, nioCore),
        tests("AlertingTests", uses: ["Alerting", "MetricModel", "Platform", "Bytes"], logging),
        tests("DashboardsTests", uses: ["CWebAssets", "Dashboards", "GrafanaAPI", "HTTPSurface", "PromQL", "MetricModel", "MetricStore", "Platform", "Bytes"], hummingbird, hummingbirdTesting, httpTypes, nioCore),
        tests("RemoteStoresTests", uses: ["Testbed", "RemoteStores", "MetricFormats", "MetricModel", "Platform", "Bytes"], logging),
        tests("WebAssetsTests", uses: ["WebAssets"]),
        tests("WorkflowTests", uses: ["Testbed", "WorkflowPrimitives", "ObservabilityIntegration", "Platform", "MetricFormats", "OTLP", "TraceModel", "MetricModel", "Bytes"], coreMetrics, tracing),
        tests("ServerTests", uses: ["Testbed", "WorkflowPrimitives", "ObservabilityIntegration", "Server", "HTTPSurface", "PrometheusAPI", "OTLPReceiver", "JaegerAPI", "GrafanaAPI", "Bytes", "MetricModel", "TraceModel", "OTLP", "MetricFormats"], asyncHTTPClient, coreMetrics, hummingbird, hummingbirdTesting, nioCore, tracing),
    ] + (fuzzer.map { library in
        [.executableTarget(
            name: "obstack-fuzz", dependencies: reached(["Fuzzing", "Platform"]), path: "Tests/FuzzDriver", swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-sanitize=address", library]), .linkedLibrary("stdc++")])]
    } ?? []),
    cLanguageStandard: .c2x, cxxLanguageStandard: .cxx17
)
