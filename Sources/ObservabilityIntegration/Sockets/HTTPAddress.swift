/// A URL such as `http://localhost:4318/v1/traces`, taken apart. TLS is not spoken here.
package struct HTTPAddress: Hashable, Sendable {
    package let host: String
    package let port: Int
    /// With its query; `/` where the URL has none.
    package let path: String

    /// Nil where the text is no URL of plain HTTP.
    package init?(_ text: String) {
        guard text.lowercased().hasPrefix("http://") else { return nil }
        let rest = text.dropFirst(7).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let after = rest[authority.endIndex...]
        path = after.isEmpty ? "/" : after.first == "?" ? "/\(after)" : String(after)
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !authority.contains("@") else { return nil }
        var portText: Substring = ""
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            let tail = authority[authority.index(after: end)...]
            guard tail.isEmpty || tail.first == ":" else { return nil }
            portText = tail.dropFirst()
        } else {
            let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = String(parts[0])
            if parts.count == 2 { portText = parts[1] }
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let port = portText.isEmpty ? 80 : Int(portText), (1...65_535).contains(port) else { return nil }
        self.port = port
    }

    /// Host and port as the `Host` header has them.
    package var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
