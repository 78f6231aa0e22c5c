import Synchronization

/// What browsers are given under `/assets/` and as pages, made of the embedded files when it is first asked for:
///
/// | path | is |
/// |---|---|
/// | `grafana/home.html` | a shell, as it stands |
/// | `grafana/home.js`, beside a shell of that name | that page's script |
/// | `grafana.js` | the other modules of the folder, joined |
/// | `system/theme.js` | a classic script |
/// | `system/base.css` | a stylesheet |
///
/// Scripts and stylesheets are stripped of what only their readers need. Nothing else is served: dashboards are the server's own.
package final class PageFiles: Sendable {
    package static let shared = PageFiles()

    private let made = Mutex<[String: WebAsset]>([:])

    private init() {}

    /// Every path that is served.
    package static let paths: [String] = {
        let files = EmbeddedFile.all.keys.filter { path in
            switch path.split(separator: ".").last {
            case "html", "css", "svg": true
            case "js": isPageScript(path) || path == "system/theme.js"
            default: false
            }
        }
        let folders = Set(EmbeddedFile.all.keys.filter { $0.hasSuffix(".js") && !isPageScript($0) }.compactMap { $0.split(separator: "/").first })
        return (files + folders.map { "\($0).js" }).sorted()
    }()

    private static let served = Set(paths)

    /// The file at a path, nil where there is none. Throws where a script is not of the form that the pages are written in.
    package func asset(at path: String) throws(ScriptError) -> WebAsset? {
        guard Self.served.contains(path) else { return nil }
        if let asset = made.withLock({ $0[path] }) { return asset }
        // Two who ask at once both make it, of the same bytes.
        let asset = try Self.make(path)
        made.withLock { $0[path] = asset }
        return asset
    }

    private static func isPageScript(_ path: String) -> Bool { path.hasSuffix(".js") && EmbeddedFile.all[String(path.dropLast(3)) + ".html"] != nil }

    private static func make(_ path: String) throws(ScriptError) -> WebAsset {
        guard let file = EmbeddedFile.all[path] else {
            return WebAsset(path: path, bytes: try ScriptModule.join(modules(ofFolder: String(path.dropLast(3)))))
        }
        switch path.split(separator: ".").last {
        case "html":
            let script = String(path.dropLast(5)) + ".js"
            guard let source = EmbeddedFile.all[script] else { return WebAsset(path: path, bytes: file.bytes) }
            let module = try ScriptModule(path: script, source: source.bytes)
            return WebAsset(path: path, bytes: file.bytes, modules: ScriptModule.foldersImported(by: [module], of: nil).map { "/assets/\($0).js" })
        case "js":
            let module = try ScriptModule(path: path, source: file.bytes)
            return WebAsset(path: path, bytes: module.isClassic ? module.body : module.asPage)
        case "css": return WebAsset(path: path, bytes: StyleSheet.stripped(file.bytes))
        default: return WebAsset(path: path, bytes: file.bytes)
        }
    }

    private static func modules(ofFolder folder: String) throws(ScriptError) -> [ScriptModule] {
        var modules: [ScriptModule] = []
        for file in EmbeddedFile.all(in: folder) where file.path.hasSuffix(".js") && !isPageScript(file.path) {
            let module = try ScriptModule(path: file.path, source: file.bytes)
            if !module.isClassic { modules.append(module) }
        }
        return modules
    }
}
