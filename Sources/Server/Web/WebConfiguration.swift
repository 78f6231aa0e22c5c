import MetricModel
import NIOSSL

/// What `web.yml` says of 9090, in the format that Prometheus and its exporters share: TLS, headers, passwords, a limit of rate.
/// Source: prometheus/exporter-toolkit `web/tls_config.go`, `web/handler.go`.
struct WebConfiguration: Sendable {
    enum ClientAuthentication: String, CaseIterable, Sendable {
        case none = "NoClientCert", request = "RequestClientCert", requireAny = "RequireAnyClientCert", verifyIfGiven = "VerifyClientCertIfGiven"
        case requireAndVerify = "RequireAndVerifyClientCert"
    }

    struct TLS: Sendable {
        var certificate: PEMSource
        var key: PEMSource
        var clientCA: PEMSource?
        var clientAuthentication = ClientAuthentication.none
        var minimum = TLSVersionName.tls12
        var maximum = TLSVersionName.tls13
        /// For versions up to 1.2; empty for the standard ones.
        var cipherSuites: [NIOTLSCipher] = []
        /// Empty for the standard ones.
        var curves: [NIOTLSCurve] = []
    }

    /// `burst` requests at once, and one more every `intervalNanos`.
    struct RateLimit: Sendable, Equatable {
        var burst: Int
        var intervalNanos: UInt64
    }

    /// nil for plain HTTP.
    var tls: TLS?
    var allowsHTTP2 = true
    /// Set on every answer.
    var headers: [(name: String, value: String)] = []
    /// bcrypt hashes by name; with none of them everybody may ask.
    var users: [String: String] = [:]
    var rateLimit: RateLimit?

    init() {}

    /// Reads the text of a `web.yml`. Files in it are looked for from its folder.
    init(_ text: String, file: String) throws(ConfigurationError) {
        var top = try YAMLSection.document(text, file: file)
        if var section = try top.section("tls_server_config") { tls = try Self.tls(&section) }
        if var section = try top.section("http_server_config") {
            allowsHTTP2 = try section.bool("http2") ?? true
            for (name, value) in try section.texts("headers") ?? [] { headers.append((name, try Self.header(name, value, section))) }
            try section.refuseUnknown()
        }
        for (name, hash) in try top.texts("basic_auth_users") ?? [] {
            guard Self.isBcrypt(hash) else { throw top.error("basic_auth_users", "the password of \"\(name)\" is not a bcrypt hash such as htpasswd -nBC 10 makes") }
            users[name] = hash
        }
        if var section = try top.section("rate_limit") { rateLimit = try Self.rateLimit(&section) }
        try top.refuseUnknown()
    }

    /// Files besides `web.yml` whose change means another configuration.
    var files: [String] { [tls?.certificate, tls?.key, tls?.clientCA].compactMap { $0?.file } }

    /// Whether somebody may be turned away who could come without this configuration.
    var isProtected: Bool { tls != nil || !users.isEmpty }

    private static func tls(_ section: inout YAMLSection) throws(ConfigurationError) -> TLS? {
        let certificate = try section.pem("cert"), key = try section.pem("key"), clientCA = try section.pem("client_ca")
        let authentication = try section.string("client_auth_type") ?? ""
        let minimum = try section.choice("min_version", TLSVersionName.self) ?? .tls12
        let maximum = try section.choice("max_version", TLSVersionName.self) ?? .tls13
        // Ignored by Go, too, since 1.17: the server's order is not asked for.
        _ = try section.bool("prefer_server_cipher_suites")
        let suites = try section.strings("cipher_suites") ?? []
        let curves = try section.strings("curve_preferences") ?? []
        if section.node("client_allowed_sans") != nil { throw section.error("client_allowed_sans", "is not served here; a client_ca_file of its own lets in whom it signed") }
        try section.refuseUnknown()
        // Other keys alone turn nothing on, as upstream.
        guard certificate != nil || key != nil || clientCA != nil || !authentication.isEmpty else { return nil }
        guard let certificate else { throw section.error("cert_file", "missing one of cert or cert_file") }
        guard let key else { throw section.error("key_file", "missing one of key or key_file") }
        var tls = TLS(certificate: certificate, key: key)
        tls.clientCA = clientCA
        switch authentication {
        case "": break
        // The old name of the same.
        case "RequireClientCert": tls.clientAuthentication = .requireAny
        default:
            guard let known = ClientAuthentication(rawValue: authentication) else { throw section.error("client_auth_type", "invalid ClientAuth: \(authentication)") }
            tls.clientAuthentication = known
        }
        guard clientCA == nil || tls.clientAuthentication != .none else { throw section.error("client_ca_file", "client CA's have been configured without a Client Auth Policy") }
        guard minimum <= maximum else { throw section.error("min_version", "\(minimum.rawValue) is above max_version \(maximum.rawValue): no client could come") }
        (tls.minimum, tls.maximum) = (minimum, maximum)
        for name in suites {
            if Self.suitesOf13.contains(name) { continue }
            guard let suite = Self.cipherSuites[name] else { throw section.error("cipher_suites", "unknown cipher: \(name)") }
            tls.cipherSuites.append(suite)
        }
        for name in curves {
            guard let curve = Self.curves[name] else { throw section.error("curve_preferences", "unknown curve: \(name)") }
            tls.curves.append(curve)
        }
        return tls
    }

    /// Always on for TLS 1.3, in Go and here.
    private static let suitesOf13: Set<String> = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]

    /// Those of Go's `tls.CipherSuites()`.
    private static let cipherSuites: [String: NIOTLSCipher] = [
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    private static let curves: [String: NIOTLSCurve] = ["CurveP256": .secp256r1, "CurveP384": .secp384r1, "CurveP521": .secp521r1, "X25519": .x25519]

    /// Which headers may be set, and to what where that is not free.
    private static let headerValues: [String: [String]] = [
        "Strict-Transport-Security": [], "X-Content-Type-Options": ["nosniff"], "X-Frame-Options": ["deny", "sameorigin"], "X-XSS-Protection": [],
        "Content-Security-Policy": [],
    ]

    private static func header(_ name: String, _ value: String, _ section: YAMLSection) throws(ConfigurationError) -> String {
        guard let values = headerValues[name] else { throw section.error("headers", "HTTP header \"\(name)\" can not be configured") }
        guard values.isEmpty || values.contains(value) else {
            let expected = values.map { "\"\($0)\"" }.joined(separator: " ")
            throw section.error("headers", "invalid value for \(name). Expected one of: [\(expected)], but got: \"\(value)\"")
        }
        guard !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { throw section.error("headers", "the value of \(name) must not contain control characters") }
        return value
    }

    private static func rateLimit(_ section: inout YAMLSection) throws(ConfigurationError) -> RateLimit? {
        let burst = try section.int("burst") ?? 0
        let interval = try section.duration("interval") ?? ModelDuration(millis: 0)
        try section.refuseUnknown()
        guard burst >= 0 else { throw section.error("burst", "\(burst) is not a number of requests") }
        return interval.millis > 0 ? RateLimit(burst: burst, intervalNanos: interval.nanos) : nil
    }

    /// `$2a$`, `$2b$` or `$2y$`, a cost of 4 to 31, 22 digits of salt and 31 of hash.
    private static func isBcrypt(_ hash: String) -> Bool {
        let bytes = Array(hash.utf8)
        guard bytes.count == 60, ["$2a$", "$2b$", "$2y$"].contains(String(decoding: bytes[..<4], as: UTF8.self)), bytes[6] == UInt8(ascii: "$"),
            let cost = Int(String(decoding: bytes[4..<6], as: UTF8.self)), (4...31).contains(cost)
        else { return false }
        return bytes[7...].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"): true
            default: false
            }
        }
    }
}
