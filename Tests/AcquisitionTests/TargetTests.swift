import Acquisition
import Bytes
import MetricModel
import Testing

@Suite("Targets")
struct TargetTests {
    private func config() -> ScrapeConfig { config { _ in } }

    private func config(_ change: (inout ScrapeConfig) throws -> Void) rethrows -> ScrapeConfig {
        var config = ScrapeConfig(job: "node")
        config.interval = .seconds(15)
        try change(&config)
        return config
    }

    private func make(_ labels: [String: String], group: [String: String] = [:], _ config: ScrapeConfig) -> Target? {
        guard case .active(let target) = Target.make(labels, in: TargetGroup(targets: [], labels: group), config: config) else { return nil }
        return target
    }

    @Test("a target gets job, instance, and its own and its group's labels; internal ones stay inside")
    func labels() throws {
        let target = try #require(make(["__address__": "host:9100", "env": "own", "__meta_x": "m"], group: ["env": "group", "team": "t", "__tmp": "1"], config()))
        #expect(target.labels == Labels([("env", "own"), ("instance", "host:9100"), ("job", "node"), ("team", "t")]))
        #expect(target.discoveredLabels["__meta_x"] == "m")
        #expect(target.discoveredLabels["__scrape_interval__"] == "15s")
        #expect(target.allLabels["__meta_x"] == nil)
        #expect(target.allLabels["__tmp"] == "1")
        #expect(target.url.text == "http://host:9100/metrics")
        #expect(target.interval == .seconds(15))
    }

    @Test("relabeling may change address, scheme, path, interval and parameters, and may drop")
    func relabeled() throws {
        func set(_ label: String, _ value: String) throws -> RelabelRule { try RelabelRule(RelabelTests.rule(to: label, replacement: value)) }
        let changed = try config {
            $0.parameters = ["module": ["a", "b"], "q": ["x y&é"]]
            $0.relabelRules = [
                try set("__address__", "[::1]:80"), try set("__scheme__", "https"), try set("__metrics_path__", "/a b/%"), try set("__param_module", "c"), try set("__scrape_interval__", "1m"),
                try set("__scrape_timeout__", "20s"), try set("instance", "i"),
            ]
        }
        let target = try #require(make(["__address__": "host"], changed))
        #expect(target.url.text == "https://[::1]:80/a%20b/%25?module=c&module=b&q=x+y%26%C3%A9")
        #expect(target.interval == .seconds(60))
        #expect(target.timeout == .seconds(20))
        #expect(target.labels["instance"] == "i")

        let dropping = try config { $0.relabelRules = [try RelabelRule(RelabelTests.rule(.drop, from: ["__address__"], "host"))] }
        guard case .dropped(let discovered) = Target.make(["__address__": "host"], in: TargetGroup(targets: []), config: dropping) else {
            Issue.record("not dropped")
            return
        }
        #expect(discovered["__address__"] == "host")
    }

    @Test("a target that cannot be scraped is invalid, with the reason", arguments: [
        (["x": "y"], "no address"), (["__address__": "http://a"], "not a valid hostname"), (["__address__": "a", "__scrape_interval__": "x"], "scrape interval"),
        (["__address__": "a", "__scrape_interval__": "0s"], "scrape interval"), (["__address__": "a", "__scrape_timeout__": "16s"], "greater than scrape interval"),
    ] as [([String: String], String)])
    func invalid(labels: [String: String], reason: String) {
        guard case .invalid(let said) = Target.make(labels, in: TargetGroup(targets: []), config: config()) else {
            Issue.record("taken")
            return
        }
        #expect(said.contains(reason))
    }

    @Test("a target keeps its identity, and changing a label or a parameter changes it")
    func identity() throws {
        let a = try #require(make(["__address__": "a"], config()))
        #expect(make(["__address__": "a"], config())?.identity == a.identity)
        #expect(make(["__address__": "b"], config())?.identity != a.identity)
        #expect(make(["__address__": "a", "x": "y"], config())?.identity != a.identity)
        #expect(make(["__address__": "a"], config { $0.parameters = ["p": ["1", "2"]] })?.identity != a.identity)
    }

    @Test("loopback targets are shown under the external name", arguments: [
        ("localhost:9100", "http://ext:9100/metrics"), ("127.0.0.1:9090", "https://ext:443/metrics"), ("[::1]:9100", "http://ext:9100/metrics"), ("other:9100", "http://other:9100/metrics"),
        ("localhost", "http://localhost/metrics"),
    ])
    func globalURL(address: String, shown: String) throws {
        let target = try #require(make(["__address__": address], config()))
        #expect(target.url.global(externalScheme: "https", externalAuthority: "ext:443", ownPort: 9090) == shown)
    }

    @Test("file_sd lists are read; what is wrong in them is named", arguments: [
        (#"[{"targets": ["a:1", "b:2"], "labels": {"env": "x"}}, {"targets": []}]"#, nil), (#"{}"#, "list"), (#"[1]"#, "not an object"), (#"[{"target": []}]"#, "unknown key"), (#"[{"targets": [1]}]"#, "not a string"),
        (#"[{"targets": [], "labels": {"a": 1}}]"#, "not a string"),
    ] as [(String, String?)])
    func targetLists(text: String, reason: String?) throws {
        let document = try JSONParser.parse(Array(text.utf8))
        do throws(AcquisitionError) {
            let groups = try TargetGroup.list(document, path: "f.json")
            #expect(reason == nil)
            #expect(groups.first?.targets == [["__address__": "a:1"], ["__address__": "b:2"]])
            #expect(groups.first?.labels == ["env": "x", "__meta_filepath": "f.json"])
        } catch { #expect(error.description.contains(try #require(reason))) }
    }

    @Test("configurations that cannot work are refused", arguments: [
        ConfigChange { $0.job = "" }, ConfigChange { $0.timeout = .seconds(16) }, ConfigChange { $0.interval = .seconds(0) }, ConfigChange { $0.scheme = "ftp" }, ConfigChange { $0.protocols = [] }, ConfigChange { $0.protocols = [.prometheusText0_0_4, .prometheusText0_0_4] }, ConfigChange { $0.sampleLimit = -1 },
        ConfigChange { $0.staticGroups = [TargetGroup(addresses: ["http://a"])] }, ConfigChange { $0.fileDiscoveries = [FileDiscoveryOptions(paths: [])] }, ConfigChange { $0.fileDiscoveries = [FileDiscoveryOptions(paths: ["a.txt"])] },
        ConfigChange { $0.fileDiscoveries = [FileDiscoveryOptions(paths: ["*/a.json"])] }, ConfigChange { $0.nameRules = .legacy },
    ])
    func invalidConfigs(change: ConfigChange) throws {
        #expect(throws: Never.self) { try config().validate() }
        var changed = config()
        change.make(&changed)
        #expect(throws: AcquisitionError.self) { try changed.validate() }
    }
}

/// A change to a configuration that a test can take as an argument.
struct ConfigChange: Sendable {
    let make: @Sendable (inout ScrapeConfig) -> Void
    init(_ make: @escaping @Sendable (inout ScrapeConfig) -> Void) { self.make = make }
}
