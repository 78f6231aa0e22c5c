import Acquisition

extension YAMLSection {
    /// What upstream's `HTTPClientConfig` takes: who asks, by which TLS, through which proxy, with which headers. Files are looked for from the
    /// folder of the file that names them. Source: prometheus/common config/http_config.go, config/headers.go.
    mutating func httpOptions(_ notServed: inout [String]) throws(ConfigurationError) -> ScrapeHTTPOptions {
        var options = ScrapeHTTPOptions()
        options.authorization = try authorization()
        if var tls = try section("tls_config") { options.tls = try tls.clientTLS(&notServed) }
        options.proxy = try proxy()
        options.headers = try extraHeaders()
        options.followsRedirects = try bool("follow_redirects") ?? true
        // HTTP/1.1 is what is spoken; who turns HTTP/2 off gets just that.
        if try bool("enable_http2") == true { notServed.append("\(file): \(name(of: "enable_http2"))") }
        for key in ["oauth2", "no_proxy", "proxy_from_environment", "proxy_connect_header"] where node(key) != nil { notServed.append("\(file): \(name(of: key))") }
        return options
    }

    /// One value in place or in a file, of which at most one may be there.
    private mutating func secret(_ key: String, _ refusal: String) throws(ConfigurationError) -> ScrapeHTTPOptions.Secret? {
        let text = try string(key) ?? "", file = try filePath("\(key)_file")
        guard text.isEmpty || file == nil else { throw error(key, refusal) }
        return file.map { .file($0) } ?? (text.isEmpty ? nil : .inline(text))
    }

    private mutating func authorization() throws(ConfigurationError) -> ScrapeHTTPOptions.Authorization {
        let token = try secret("bearer_token", "at most one of bearer_token & bearer_token_file must be configured")
        var ways = [ScrapeHTTPOptions.Authorization]()
        if var basic = try section("basic_auth") {
            let username = try basic.secret("username", "at most one of basic_auth username, username_file & username_ref must be configured")
            let password = try basic.secret("password", "at most one of basic_auth password, password_file & password_ref must be configured")
            try basic.refuseUnknown()
            ways.append(.basic(username: username ?? .inline(""), password: password ?? .inline("")))
        }
        if var bearer = try section("authorization") {
            let type = (try bearer.string("type") ?? "").trimmed
            let credentials = try bearer.secret("credentials", "at most one of authorization credentials & credentials_file must be configured")
            try bearer.refuseUnknown()
            guard type.lowercased() != "basic" else { throw bearer.error("type", "authorization type cannot be set to \"basic\", use \"basic_auth\" instead") }
            guard token == nil else { throw error("authorization", "authorization is not compatible with bearer_token & bearer_token_file") }
            ways.append(.credentials(type: type.isEmpty ? "Bearer" : type, credentials ?? .inline("")))
        }
        if let token {
            guard ways.isEmpty, node("oauth2") == nil else { throw error("bearer_token", "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured") }
            ways.append(.credentials(type: "Bearer", token))
        }
        guard ways.count + (node("oauth2") == nil ? 0 : 1) <= 1 else { throw error("authorization", "at most one of basic_auth, oauth2 & authorization must be configured") }
        return ways.first ?? .none
    }

    private mutating func clientTLS(_ notServed: inout [String]) throws(ConfigurationError) -> ScrapeHTTPOptions.TLS {
        var tls = ScrapeHTTPOptions.TLS()
        tls.authority = try secret("ca", "at most one of ca, ca_file & ca_ref must be configured")
        tls.certificate = try secret("cert", "at most one of cert, cert_file & cert_ref must be configured")
        tls.key = try secret("key", "at most one of key and key_file must be configured")
        guard tls.certificate == nil || tls.key != nil else { throw error("cert", "exactly one of key or key_file must be configured when a client certificate is configured") }
        guard tls.key == nil || tls.certificate != nil else { throw error("key", "exactly one of cert or cert_file must be configured when a client key is configured") }
        if let name = try string("server_name"), !name.isEmpty { tls.serverName = name }
        tls.skipsVerification = try bool("insecure_skip_verify") ?? false
        let (minimum, maximum) = (try choice("min_version", TLSVersionName.self), try choice("max_version", TLSVersionName.self))
        if let minimum, let maximum, maximum < minimum {
            throw error("max_version", "tls_config.max_version must be greater than or equal to tls_config.min_version if both are specified")
        }
        (tls.minimumVersion, tls.maximumVersion) = (minimum?.rawValue, maximum?.rawValue)
        for key in ["ca_ref", "cert_ref", "key_ref"] where node(key) != nil { notServed.append("\(file): \(name(of: key))") }
        try refuseUnknown()
        return tls
    }

    /// `http://[name:password@]host[:port]`; upstream takes more kinds of proxies.
    private mutating func proxy() throws(ConfigurationError) -> ScrapeHTTPOptions.Proxy? {
        guard let text = try string("proxy_url"), !text.isEmpty else { return nil }
        guard text.hasPrefix("http://") else { throw error("proxy_url", "\"\(text)\" is not the URL of an HTTP proxy, such as http://proxy.example.org:3128; no other kind is served") }
        var rest = text.dropFirst("http://".count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var proxy = ScrapeHTTPOptions.Proxy(host: "", port: 80)
        if let at = rest.lastIndex(of: "@") {
            proxy.credentials = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") {
            guard let port = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(port) else { throw error("proxy_url", "\"\(text)\" has no port from 1 to 65535") }
            (proxy.port, rest) = (port, rest[..<colon])
        }
        proxy.host = rest.hasPrefix("[") && rest.hasSuffix("]") ? String(rest.dropFirst().dropLast()) : String(rest)
        guard !proxy.host.isEmpty, !proxy.host.contains("/") else { throw error("proxy_url", "\"\(text)\" names no host") }
        return proxy
    }

    /// Headers that change the connection, or are set otherwise.
    private static let reservedHeaders: Set<String> = [
        "authorization", "host", "content-encoding", "content-length", "content-type", "user-agent", "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "www-authenticate", "accept-encoding", "x-prometheus-remote-write-version", "x-prometheus-remote-read-version", "x-prometheus-scrape-timeout-seconds", "x-amz-date",
        "x-amz-security-token", "x-amz-content-sha256",
    ]

    private mutating func extraHeaders() throws(ConfigurationError) -> [ScrapeHTTPOptions.Header] {
        guard var all = try section("http_headers") else { return [] }
        var headers: [ScrapeHTTPOptions.Header] = []
        for name in all.keys {
            guard !Self.reservedHeaders.contains(name.lowercased()) else { throw all.error(name, "setting header \"\(name)\" is not allowed") }
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }) else { throw all.error(name, "\"\(name)\" cannot be the name of a header") }
            guard var header = try all.section(name) else { continue }
            for value in (try header.strings("values") ?? []) + (try header.strings("secrets") ?? []) { headers.append(.init(name: name, value: .inline(value))) }
            for path in try header.strings("files") ?? [] { headers.append(.init(name: name, value: .file(path.hasPrefix("/") ? path : "\(folder)/\(path)"))) }
            try header.refuseUnknown()
        }
        return headers
    }
}

extension ScrapeHTTPOptions {
    /// Keys of what only scrapes have; whoever takes the rest over names them.
    var ofScrapesAlone: [String] {
        func isInline(_ secret: Secret?) -> Bool { if case .inline? = secret { true } else { false } }
        var keys: [(String, Bool)] = [("proxy_url", proxy != nil), ("http_headers", !headers.isEmpty)]
        if case .basic(.file, _) = authorization { keys.append(("basic_auth.username_file", true)) }
        if let tls {
            keys += [
                ("tls_config.ca", isInline(tls.authority)), ("tls_config.cert", isInline(tls.certificate)), ("tls_config.key", isInline(tls.key)),
                ("tls_config.server_name", tls.serverName != nil), ("tls_config.min_version", tls.minimumVersion != nil), ("tls_config.max_version", tls.maximumVersion != nil),
            ]
        }
        return keys.filter(\.1).map(\.0)
    }
}

extension String {
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
