/// The address that a target is fetched from, put together from its labels.
package struct TargetURL: Hashable, Sendable {
    package let scheme: String
    /// `host:port`, as the address label says it.
    package let authority: String
    /// Path and query, escaped.
    package let path: String

    package var text: String { "\(scheme)://\(authority)\(path)" }

    /// Parameters of the configuration, of which `__param_…` labels replace the first value.
    init(_ labels: LabelSet, parameters: [String: [String]]) {
        scheme = labels[TargetLabel.scheme]
        authority = labels[TargetLabel.address]
        var parameters = parameters
        for pair in labels.pairs where pair.name.hasPrefix(TargetLabel.parameterPrefix) {
            let name = String(pair.name.dropFirst(TargetLabel.parameterPrefix.count))
            if parameters[name]?.isEmpty ?? true { parameters[name] = [pair.value] } else { parameters[name]?[0] = pair.value }
        }
        let metricsPath = labels[TargetLabel.metricsPath]
        let query = parameters.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .flatMap { name, values in values.map { "\(Self.escaped(name, isQuery: true))=\(Self.escaped($0, isQuery: true))" } }
        path = (metricsPath.hasPrefix("/") || metricsPath.isEmpty ? "" : "/") + Self.escaped(metricsPath, isQuery: false)
            + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }

    /// Percent-encoding as Go's `net/url` does it; a space in a query becomes a plus.
    private static func escaped(_ text: String, isQuery: Bool) -> String {
        var out = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain = switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "~": true
            case "$", "&", "+", ",", "/", ":", ";", "=", "@": !isQuery
            default: false
            }
            if isPlain {
                out.unicodeScalars.append(scalar)
            } else if isQuery, scalar == " " {
                out += "+"
            } else {
                out += byte < 16 ? "%0" : "%"
                out += String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }

    /// The address as others reach it: a target on this machine's loopback is named by the external host, and one that is this
    /// very server by its whole external address (prometheus `web/api/v1`, `getGlobalURL`).
    package func global(externalScheme: String, externalAuthority: String, ownPort: Int) -> String {
        guard let (host, port) = Self.split(authority), ["127.0.0.1", "localhost", "::1"].contains(host) else { return text }
        if port == String(ownPort) { return "\(externalScheme)://\(externalAuthority)\(path)" }
        let externalHost = Self.split(externalAuthority)?.host ?? externalAuthority
        return "\(scheme)://\(externalHost.contains(":") ? "[\(externalHost)]" : externalHost):\(port)\(path)"
    }

    private static func split(_ authority: String) -> (host: String, port: String)? {
        guard let colon = authority.lastIndex(of: ":") else { return nil }
        var host = String(authority[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) } else if host.contains(":") { return nil }
        return (host, String(authority[authority.index(after: colon)...]))
    }
}
