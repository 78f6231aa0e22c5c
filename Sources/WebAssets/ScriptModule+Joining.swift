/// How the modules of a folder become one file. The sources are ES modules of a screen or two each; a browser would ask for them one after
/// the other and get each compressed by itself, so the server hands out one module a folder: every file a function called once, in
/// the order of their imports, whose result holds what it exports. A page's own script is a function, too, called where the shell names it.
extension ScriptModule {
    /// The name a file goes by in the joined modules: `system/chart-axes.js` is `$system_chart_axes`.
    static func handle(of path: String) -> [UInt8] {
        [UInt8(ascii: "$")] + path.utf8.prefix(while: { $0 != UInt8(ascii: ".") }).map { $0.isScriptWord ? $0 : UInt8(ascii: "_") }
    }

    private static func folder(of path: String) -> Substring { path.prefix { $0 != "/" } }

    /// The folders whose joined modules are imported by `modules`, which belong to `folder`.
    static func foldersImported(by modules: [ScriptModule], of folder: Substring) -> [String] {
        Set(modules.flatMap(\.imports).map { Self.folder(of: $0.path) }.filter { $0 != folder }).sorted().map(String.init)
    }

    /// One module out of those of a folder, each exported under its handle, and of its pages' scripts. A shell's `data-page` says which page begins.
    static func join(_ modules: [ScriptModule], pages: [ScriptModule]) throws(ScriptError) -> [UInt8] {
        let all = try ordered(modules) + pages
        guard let first = all.first else { return [] }
        var output = importLines(of: all, folder: folder(of: first.path))
        for module in all {
            let isPage = pages.contains { $0.path == module.path }
            output += Array("export const ".utf8) + handle(of: module.path) + Array((isPage ? "=async()=>{" : "=(()=>{").utf8)
            output += module.nameLine + module.body
            output += isPage ? Array("\n};\n".utf8) : Array("\nreturn{\(module.exports.joined(separator: ","))}})();\n".utf8)
        }
        guard !pages.isEmpty else { return output }
        let handles = pages.map { handle(of: $0.path) }.joined(separator: [UInt8(ascii: ",")])
        return output + Array("({".utf8) + Array(handles) + Array("})[document.querySelector(\"[data-page]\")?.dataset.page]?.();\n".utf8)
    }

    /// `import{$system_dom,$system_icons}from"/assets/system.js";` for every folder but `folder`.
    private static func importLines(of modules: [ScriptModule], folder: Substring) -> [UInt8] {
        let paths = Set(modules.flatMap(\.imports).map(\.path)).sorted()
        return foldersImported(by: modules, of: folder).flatMap { other in
            let handles = paths.filter { Self.folder(of: $0) == other }.map(handle(of:))
            return Array("import{".utf8) + Array(handles.joined(separator: [UInt8(ascii: ",")])) + Array("}from\"/assets/\(other).js\";\n".utf8)
        }
    }

    /// `const{el,fill:put}=$system_dom,{icon}=$system_icons;` for all imports.
    private var nameLine: [UInt8] {
        let bindings = imports.filter { !$0.names.isEmpty }.map { from -> [UInt8] in
            let names = from.names.map { $0.exported == $0.local ? $0.local : "\($0.exported):\($0.local)" }
            return Array("{\(names.joined(separator: ","))}=".utf8) + Self.handle(of: from.path)
        }
        return bindings.isEmpty ? [] : Array("const".utf8) + Array(bindings.joined(separator: [UInt8(ascii: ",")])) + [UInt8(ascii: ";")]
    }

    /// Every module after those that it imports.
    private static func ordered(_ modules: [ScriptModule]) throws(ScriptError) -> [ScriptModule] {
        let byPath = Dictionary(uniqueKeysWithValues: modules.map { ($0.path, $0) })
        var ordered: [ScriptModule] = []
        var entered: Set<String> = []
        var placed: Set<String> = []
        func place(_ module: ScriptModule) throws(ScriptError) {
            guard !placed.contains(module.path) else { return }
            guard entered.insert(module.path).inserted else { throw .unsupported("a circle of imports through \(module.path)", offset: 0) }
            for from in module.imports { if let next = byPath[from.path] { try place(next) } }
            placed.insert(module.path)
            ordered.append(module)
        }
        for module in modules.sorted(by: { $0.path < $1.path }) { try place(module) }
        return ordered
    }
}
