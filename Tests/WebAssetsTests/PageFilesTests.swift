import Foundation
import Testing
import WebAssets

@Suite("The pages as they are served")
struct PageFilesTests {
    private static let scripts = PageFiles.paths.filter { $0.hasSuffix(".js") }
    private static let node = ["/usr/bin/node", "/usr/local/bin/node", "/opt/homebrew/bin/node"].first { FileManager.default.isExecutableFile(atPath: $0) }

    private static func asset(_ path: String) throws -> WebAsset { try #require(try PageFiles.shared.asset(at: path), "\(path) is not served") }
    private static func text(_ path: String) throws -> String { String(decoding: try asset(path).bytes, as: UTF8.self) }

    @Test("all of them together, compressed, are under 150 KB")
    func budget() throws {
        let sizes = try Self.paths(by: { try Self.asset($0).gzipped.count })
        let total = sizes.reduce(0) { $0 + $1.size }
        #expect(total < 150_000, "\(total) bytes: \(sizes.sorted { $0.size > $1.size }.prefix(12).map { "\($0.path) \($0.size)" }.joined(separator: ", "))")
        #expect(total > 50_000, "nothing was counted")
    }

    private static func paths(by size: (String) throws -> Int) rethrows -> [(path: String, size: Int)] { try PageFiles.paths.map { ($0, try size($0)) } }

    @Test("everything that a shell names is served, and the modules it will want are told beforehand", arguments: PageFiles.paths.filter { $0.hasSuffix(".html") })
    func shells(path: String) throws {
        let shell = try Self.asset(path)
        let named = try Self.text(path).matches(of: /(?:src|href)="\/assets\/([^"?]+)/).map { String($0.1) }
        #expect(named.count > 3)
        for name in named { _ = try Self.asset(name) }
        #expect(shell.modules.contains("/assets/system.js"))
        for module in shell.modules { _ = try Self.asset(String(module.dropFirst("/assets/".count))) }
    }

    @Test("the page that a shell names is the one of its own script", arguments: PageFiles.paths.filter { $0.hasSuffix(".html") })
    func pagesBegin(path: String) throws {
        let named = try #require(try Self.text(path).firstMatch(of: /src="\/assets\/([^"]+)" data-page="([^"]+)"/))
        #expect(named.2 == "$" + path.dropLast(".html".count).replacing("/", with: "_"))
        #expect(try Self.text(String(named.1)).contains("export const \(named.2)=async()=>{"))
    }

    @Test("every name that a script imports is exported where it says", arguments: scripts)
    func importsResolve(path: String) throws {
        for line in try Self.text(path).matches(of: /import\{([^}]*)\}from"\/assets\/([^"]+)";/) {
            let exported = Set(try Self.text(String(line.2)).matches(of: /(?m)^export const (\$\w+)=/).map { String($0.1) })
            #expect(!exported.isEmpty)
            for name in line.1.split(separator: ",") { #expect(exported.contains(String(name)), "\(path) imports \(name) from \(line.2)") }
        }
    }

    @Test("a stripped script is made of the same tokens as its source", arguments: EmbeddedFile.all.keys.filter { $0.hasSuffix(".js") }.sorted())
    func nothingIsLost(path: String) throws {
        let module = try ScriptModule(path: path, source: try #require(EmbeddedFile.all[path]).bytes)
        let again = try ScriptModule(path: path, source: module.body)
        #expect(again.body == module.body)
        let kept = String(decoding: module.body, as: UTF8.self)
        let source = String(decoding: try #require(EmbeddedFile.all[path]).bytes, as: UTF8.self)
        // Every declaration of the file's own level is there; constants may share a `const`.
        for found in source.matches(of: /(?m)^(?:export )?((?:async )?(?:function\*?|class|const|let) )(\w+)/) {
            #expect(kept.contains(found.1 + found.2) || found.1 == "const " && kept.contains(",\(found.2)="), "\(found.1)\(found.2)")
        }
        #expect(!module.exports.isEmpty || module.isClassic || EmbeddedFile.all[String(path.dropLast(3)) + ".html"] != nil || !module.imports.isEmpty)
    }

    @Test("every script as served parses", .enabled(if: node != nil, "no node on this machine; the browser test loads them all"), arguments: scripts)
    func parses(path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.node))
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-\(UUID().uuidString).mjs")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(Self.asset(path).bytes).write(to: file)
        process.arguments = ["--check", file.path]
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        let problem = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: problem, as: UTF8.self).prefix(400))")
    }

    @Test("what is only the server's, and modules that were joined, are not served", arguments: ["dashboards/tta-workflows.json", "system/dom.js", "grafana/panel.js", "grafana/home.js", "system/base.css", "nothing.js", ""])
    func restIsNotServed(path: String) throws {
        #expect(try PageFiles.shared.asset(at: path) == nil)
    }
}
