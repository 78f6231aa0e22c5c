import Foundation
import Testing
import WorkflowPrimitives

@Suite("docs/swift.md")
struct DocumentTests {
    /// The page's blocks of Swift.
    private func blocks() throws -> [String] {
        try packageFile("docs/swift.md").components(separatedBy: "```swift\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    @Test("its whole program is the one that is compiled here, but for @main, which a test cannot have")
    func program() throws {
        let programs = try blocks().filter { $0.contains("@main\n") }
        #expect(programs.map { $0.replacing("@main\n", with: "") } == [try packageFile("Tests/WorkflowTests/MyApp.swift")])
    }

    @Test("the program's workflow does what it says")
    func workflow() async throws {
        let (summary, words) = try await MyApp.workflow.execute("  What is observability?  ", WorkflowContext(traceID: "req-123"))
        #expect((summary, words) == ("It is to know a system by what it tells", 13))
    }

    @Test("every primitive of the library is on the page")
    func primitives() throws {
        let page = try packageFile("docs/swift.md")
        for name in ["Lambda", "Sequential", "Parallel", "Conditional", "Router", "Cache", "Retry", "Fallback", "Timeout", "Mock"] { #expect(page.contains("`\(name)Primitive("), "\(name)") }
    }
}
