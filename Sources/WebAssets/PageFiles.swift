import Synchronization

/// What browsers are given under `/assets/` and as pages, made of the embedded files when it is first asked for:
///
/// | path | is |
/// |---|---|
/// | `grafana/home.html` | a shell, leading to its folder's files |
/// | `grafana.js` | the folder's modules and the scripts of its pages, joined |
/// | `grafana.css` | the folder's stylesheets, joined by name |
/// | `system/theme.js` | a classic script |
///
/// Scripts and stylesheets are stripped of what only their readers need. Nothing else is served: dashboards are the server's own.
package final class PageFiles: Sendable {
    package static let shared = PageFiles()
    static let classicScript = "system/theme.js"

    private let made = Mutex<[String: WebAsset]>([:])

    private init() {}

    /// Every path that is served.
    package static let paths: [String] = {
        var paths: Set<String> = [classicScript]
        for path in EmbeddedFile.all.keys {
            let folder = path.prefix { $0 != "/" }
            switch path.split(separator: ".").last {
            case "html", "svg": paths.insert(path)
            case "css": paths.insert("\(folder).css")
            case "js": paths.insert("\(folder).js")
            default: break
            }
        }
        return paths.sorted()
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
        let (name, ending) = (String(path.prefix { $0 != "." }), path.split(separator: ".").last)
        guard let file = EmbeddedFile.all[path] else {
            if ending == "css" { return WebAsset(path: path, bytes: EmbeddedFile.all(in: name).filter { $0.path.hasSuffix(".css") }.flatMap { StyleSheet.stripped($0.bytes) }) }
            let (modules, pages) = try scripts(ofFolder: name)
            return WebAsset(path: path, bytes: try ScriptModule.join(modules, pages: pages))
        }
        switch ending {
        case "html":
            let folder = name.prefix { $0 != "/" }
            let (modules, pages) = try scripts(ofFolder: String(folder))
            return WebAsset(path: path, bytes: Shell.served(file.bytes), modules: ScriptModule.foldersImported(by: modules + pages, of: folder).map { "/assets/\($0).js" })
        case "js": return WebAsset(path: path, bytes: try ScriptModule(path: path, source: file.bytes).body)
        default: return WebAsset(path: path, bytes: file.bytes)
        }
    }

    private static func scripts(ofFolder folder: String) throws(ScriptError) -> (modules: [ScriptModule], pages: [ScriptModule]) {
        var (modules, pages): ([ScriptModule], [ScriptModule]) = ([], [])
        for file in EmbeddedFile.all(in: folder) where file.path.hasSuffix(".js") && file.path != classicScript {
            let module = try ScriptModule(path: file.path, source: file.bytes)
            if isPageScript(file.path) { pages.append(module) } else { modules.append(module) }
        }
        return (modules, pages)
    }
}
