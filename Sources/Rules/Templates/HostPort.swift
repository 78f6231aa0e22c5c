import Glibc

/// `host:port` taken apart (Go's `net.SplitHostPort`).
struct HostPort {
    var host: String
    var port: String

    /// nil where there is no port, or more than one reading.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let port = text[text.index(after: colon)...]
        var host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.filter({ $0 == "[" || $0 == "]" }).count == 2 else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(where: { ":[]".contains($0) }) {
            return nil
        }
        guard !port.contains(where: { "[]".contains($0) }) else { return nil }
        self.host = String(host)
        self.port = String(port)
    }

    /// The first label of a host name, with its port; addresses stay whole.
    static func withoutDomain(_ text: String) -> String {
        let parts = HostPort(text)
        let host = parts?.host ?? text
        if isAddress(host) { return text }
        let name = String(host.prefix { $0 != "." })
        guard let port = parts?.port, !port.isEmpty else { return name }
        return name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
    }

    private static func isAddress(_ text: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }
}
