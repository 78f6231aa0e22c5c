import Foundation
import Testing

@Suite("docs/swift.md")
struct DocumentTests {
    /// The page's blocks of Swift.
    private func blocks() throws -> [String] {
        try packageFile("docs/swift.md").components(separatedBy: "```swift\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    @Test("its whole program is the one that is built, which the guide runs")
    func program() throws {
        #expect(try blocks().filter { $0.contains("@main\n") } == [try packageFile("Examples/workflow-example/MyApp.swift")])
    }

    @Test("every primitive of the library is on the page")
    func primitives() throws {
        let page = try packageFile("docs/swift.md")
        for name in ["Lambda", "Sequential", "Parallel", "Conditional", "Router", "Cache", "Retry", "Fallback", "Timeout", "Mock"] { #expect(page.contains("`\(name)Primitive("), "\(name)") }
    }
}
