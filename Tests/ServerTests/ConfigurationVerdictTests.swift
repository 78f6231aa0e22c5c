import Foundation
import Testbed
import Testing

/// Upstream's configuration files beside the package; tests that need them are disabled where they are absent.
private enum UpstreamConfigurations {
    static let folder = RunningStack.packageRoot.deletingLastPathComponent().appendingPathComponent("shared/conformance/prometheus-config")
    static var isPresent: Bool { FileManager.default.fileExists(atPath: folder.path) }
}

@Suite("prometheus.yml: which files are good", .ownWaitingThread, .enabled(if: UpstreamConfigurations.isPresent, "no shared conformance data beside the package"))
struct ConfigurationVerdictTests {

    /// Files whose fault lies in a kind of discovery, or in a section, that is accepted here without being read.
    private static let unread = [
        "azure_", "ec2_", "eureka_", "hetzner_", "http_url_", "ionos_", "kubernetes_", "lightsail_", "marathon_", "oci_", "openstack_", "outscale_", "ovhcloud_", "puppetdb_", "scaleway_",
        "stackit_", "uyuni_", "remote_", "empty_rw_", "empty_alertmanager_", "otlp_", "tracing_", "tsdb_",
    ]

    @Test("upstream's files are taken and refused as upstream takes and refuses them, and a refusal names file and line")
    func verdicts() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: UpstreamConfigurations.folder.path).filter { $0.hasSuffix(".yml") && ($0.contains(".good.") || $0.contains(".bad.")) }.sorted()
        #expect(names.count > 80)
        for name in names where !Self.unread.contains(where: name.hasPrefix) {
            // The rule files that some name are not among the data.
            let outcome = try run(RunningStack.binary.path, ["check", "config", name], in: UpstreamConfigurations.folder)
            let said = outcome.output + outcome.error
            let isRefused = outcome.status != 0 && !said.contains("does not point to an existing file")
            #expect(isRefused == name.contains(".bad."), "\(name): \(said)")
            if isRefused { #expect(said.contains(name) || said.contains("scrape_config"), "\(name): \(said)") }
        }
    }
}
