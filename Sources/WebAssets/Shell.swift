/// A page's shell as it is served. In the sources it names each stylesheet and its own script; what is served names the joined files of their
/// folders, and the page that is to begin.
package enum Shell {
    /// Several of `<link rel="stylesheet" href="/assets/system/base.css">`, a line each, become one of `/assets/system.css`;
    /// `<script type="module" src="/assets/grafana/home.js">` becomes one of `/assets/grafana.js` with `data-page="$grafana_home"`.
    /// Classic scripts and all else stay; line ends go.
    package static func served(_ source: [UInt8]) -> [UInt8] {
        var linked: Set<Substring> = []
        let lines = source.split(separator: UInt8(ascii: "\n")).compactMap { line -> String? in
            var parts = String(decoding: line, as: UTF8.self).split(separator: "\"", omittingEmptySubsequences: false)
            if let at = parts.firstIndex(where: { $0.hasPrefix(prefix) }) {
                let path = parts[at].dropFirst(prefix.count)
                let folder = path.prefix { $0 != "/" }
                if parts.contains("stylesheet") {
                    guard linked.insert(folder).inserted else { return nil }
                    parts[at] = "\(prefix)\(folder).css"
                } else if parts.contains("module") {
                    parts[at] = "\(prefix)\(folder).js"
                    parts.insert(contentsOf: [" data-page=", Substring(decoding: ScriptModule.handle(of: String(path)), as: UTF8.self)], at: at + 1)
                }
            }
            return parts.joined(separator: "\"")
        }
        return Array(lines.joined().utf8)
    }

    private static let prefix = "/assets/"
}
