import MetricModel

/// What `GF_*` variables say: Grafana's own, of which those that mean something here take effect and every other one is named in the log.
package struct GrafanaSettings: Sendable {
    package var adminLogin: String?
    package var adminPassword: String?
    package var anonymousRole: String?
    package var loginFormIsDisabled = false
    package var basicAuthIsEnabled = true
    package var secureCookie = false
    package var rootURL: String?
    package var sessionLifetimeSeconds: Int?
    package var sessionIdleSeconds: Int?
    package var httpPort: String?
    package var httpAddress: String?
    /// Variables that change nothing, with the reason where there is one.
    package var withoutEffect: [String] = []

    package init() {}

    /// Which variables set what. Source: Grafana's conf/defaults.ini, section and key in capitals.
    package init(environment: [String: String]) throws(ServerOptions.Invalid) {
        var anonymousIsEnabled = false
        var role = "Viewer"
        for (name, value) in environment.filter({ $0.key.hasPrefix("GF_") && !$0.value.isEmpty }).sorted(by: { $0.key < $1.key }) {
            switch name {
            case "GF_SECURITY_ADMIN_USER": adminLogin = value
            case "GF_SECURITY_ADMIN_PASSWORD": adminPassword = value
            case "GF_SECURITY_COOKIE_SECURE": secureCookie = try Self.flag(value, name)
            case "GF_AUTH_ANONYMOUS_ENABLED": anonymousIsEnabled = try Self.flag(value, name)
            case "GF_AUTH_ANONYMOUS_ORG_ROLE":
                guard ["Viewer", "Editor", "Admin"].contains(value) else { throw .init(setting: name, value: value, expected: "Viewer, Editor or Admin") }
                role = value
            case "GF_AUTH_ANONYMOUS_ORG_NAME": if value != "Main Org." { withoutEffect.append("\(name)=\(value): the one organisation is called Main Org.") }
            case "GF_AUTH_DISABLE_LOGIN_FORM": loginFormIsDisabled = try Self.flag(value, name)
            case "GF_AUTH_BASIC_ENABLED": basicAuthIsEnabled = try Self.flag(value, name)
            case "GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION": sessionLifetimeSeconds = try ServerOptions.duration(value, setting: name)
            case "GF_AUTH_LOGIN_MAXIMUM_INACTIVE_LIFETIME_DURATION": sessionIdleSeconds = try ServerOptions.duration(value, setting: name)
            case "GF_USERS_ALLOW_SIGN_UP": if try Self.flag(value, name) { withoutEffect.append("\(name)=\(value): nobody can sign up here") }
            case "GF_SERVER_HTTP_PORT": httpPort = value
            case "GF_SERVER_HTTP_ADDR": httpAddress = value
            case "GF_SERVER_ROOT_URL": rootURL = try Self.rootURL(value, name)
            default: withoutEffect.append("\(name) has no effect here")
            }
        }
        if anonymousIsEnabled { anonymousRole = role }
    }

    private static func flag(_ text: String, _ name: String) throws(ServerOptions.Invalid) -> Bool {
        switch text.lowercased() {
        case "true", "1", "yes", "on", "t", "y": true
        case "false", "0", "no", "off", "f", "n": false
        default: throw .init(setting: name, value: text, expected: "true or false")
        }
    }

    /// With a slash at its end, as Grafana writes `appUrl`. The placeholders of Grafana's default stand for what is known anyway.
    private static func rootURL(_ text: String, _ name: String) throws(ServerOptions.Invalid) -> String? {
        if text.contains("%(") { return nil }
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else { throw .init(setting: name, value: text, expected: "a URL such as https://grafana.example.org/") }
        return text.hasSuffix("/") ? text : text + "/"
    }
}
