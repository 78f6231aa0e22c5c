import Foundation
import Testing

/// The pages have no build step that would find a broken link between their files, so these tests do.
@Suite("Pages")
struct PagesTests {
    private static let room = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/CWebAssets").standardizedFileURL
    private static let pages = room.appending(path: "pages")

    /// Every file under `pages/`, as the path that `assets.c` and `/assets/…` name it by.
    private static let files: [String] = {
        let prefix = pages.path(percentEncoded: false) + (pages.path(percentEncoded: false).hasSuffix("/") ? "" : "/")
        let found = FileManager.default.enumerator(at: pages, includingPropertiesForKeys: [.isRegularFileKey])?.allObjects as? [URL] ?? []
        return found.filter { !$0.hasDirectoryPath }.map { String($0.path(percentEncoded: false).dropFirst(prefix.count)) }.sorted()
    }()

    private static var scripts: [String] { files.filter { $0.hasSuffix(".js") } }
    private static var shells: [String] { files.filter { $0.hasSuffix(".html") } }

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: pages.appending(path: path), encoding: .utf8)
    }

    @Test("assets.c embeds and lists every page file, sorted, and no other")
    func everyFileIsEmbedded() throws {
        let source = try String(contentsOf: Self.room.appending(path: "assets.c"), encoding: .utf8)
        #expect(source.matches(of: /#embed "pages\/([^"]+)"/).map { String($0.1) } == Self.files)
        #expect(source.matches(of: /ROW\(\w+, "([^"]+)"\)/).map { String($0.1) } == Self.files)
    }

    @Test("a script imports only files that exist and names that they export", arguments: scripts)
    func importsResolve(script: String) throws {
        let folder = URL(filePath: "/" + script).deletingLastPathComponent()
        for found in try Self.text(script).matches(of: /(?m)^(?:import|export)\s+(?:\{([^}]*)\}\s+from\s+)?"([^"]+)"/) {
            let target = String(folder.appending(path: String(found.2)).standardizedFileURL.path(percentEncoded: false).dropFirst())
            guard Self.files.contains(target) else {
                Issue.record("\(script) imports \(found.2), which is not a file")
                continue
            }
            let source = try Self.text(target)
            var exported = Set(source.matches(of: /(?m)^export (?:async )?(?:const|let|function\*?|class) (\w+)/).map { String($0.1) })
            for list in source.matches(of: /(?m)^export \{([^}]*)\}/) {
                exported.formUnion(list.1.split(separator: ",").map { $0.split(separator: " ").last.map(String.init) ?? "" })
            }
            for name in (found.1 ?? "").split(separator: ",").compactMap({ $0.split(whereSeparator: \.isWhitespace).first.map(String.init) }) {
                #expect(exported.contains(name), "\(script) imports \(name) from \(target)")
            }
        }
    }

    @Test("a shell names only scripts and stylesheets that exist", arguments: shells)
    func shellsResolve(shell: String) throws {
        let named = try Self.text(shell).matches(of: /(?:src|href)="\/assets\/([^"?]+)/).map { String($0.1) }
        #expect(named.contains { $0.hasSuffix(".js") })
        #expect(named.filter { !Self.files.contains($0) } == [])
    }

    @Test("every icon that is asked for by name is drawn", arguments: scripts)
    func iconsExist(script: String) throws {
        let drawn = Set(try Self.text("system/icons.js").matches(of: /(?m)^  (\w+): "M/).map { String($0.1) })
        #expect(drawn.count > 40)
        let asked = try Self.text(script).matches(of: /\bicon(?:\(|: )"(\w+)"/).map { String($0.1) }
        #expect(asked.filter { !drawn.contains($0) } == [])
    }
}
