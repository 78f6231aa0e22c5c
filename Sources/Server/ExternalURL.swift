/// Where others reach Prometheus's door (`--web.external-url`): scheme and authority. A path would move every route, and there are none to move.
package struct ExternalURL: Hashable, Sendable {
    package let scheme: String
    /// Host, and port where it is not the scheme's own.
    package let authority: String

    /// nil for what is not `http[s]://host[:port][/]`. Without a scheme `http` is meant, as upstream (cmd/prometheus/main.go `computeExternalURL`).
    package init?(_ text: String) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        scheme = parts.count == 2 ? String(parts[0]) : "http"
        var rest = parts[parts.count - 1]
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard scheme == "http" || scheme == "https", !rest.isEmpty, !rest.contains(where: { "/?#@ \"".contains($0) }) else { return nil }
        authority = String(rest)
    }

    package init(scheme: String, authority: String) {
        self.scheme = scheme
        self.authority = authority
    }

    package var text: String { "\(scheme)://\(authority)" }
}
