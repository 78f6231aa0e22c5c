import Foundation
import Testing

@Suite("Tidiness of the sources")
struct TidyTests {
    static let linesMax = 700

    @Test("no source file needs a table of contents")
    func filesAreShort() throws {
        for file in try swiftFiles(below: "Sources") + swiftFiles(below: "Tests") + swiftFiles(below: "Examples") {
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).count
            #expect(lines <= Self.linesMax, "\(file.lastPathComponent) has \(lines) lines")
        }
    }

    @Test("no file is a drawer: names say what is in it")
    func namesSaySomething() throws {
        for file in try swiftFiles(below: "Sources") {
            let name = file.deletingPathExtension().lastPathComponent
            for drawer in ["Utils", "Util", "Helper", "Helpers", "Common", "Manager", "Misc"] {
                #expect(!name.hasSuffix(drawer) || name == "ScrapeManager" || name == "RuleManager", "\(name).swift")
            }
        }
    }

    @Test("no source says that it is unfinished")
    func nothingIsUnfinished() throws {
        let signs = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "not yet " + "implemented"]
        for file in try swiftFiles(below: "Sources") {
            let source = try String(contentsOf: file, encoding: .utf8)
            for sign in signs { #expect(!source.contains(sign), "\(file.lastPathComponent) contains \(sign)") }
        }
    }

    @Test("unsafe globals and pointers outside the known rooms carry a SAFETY line")
    func unsafeIsExplained() throws {
        for file in try swiftFiles(below: "Sources") {
            let source = try String(contentsOf: file, encoding: .utf8)
            for word in ["nonisolated(unsafe)", "@unchecked Sendable"] where source.contains(word) {
                #expect(source.contains("SAFETY:"), "\(file.lastPathComponent) uses \(word) and does not say why it is safe")
            }
        }
    }
}
