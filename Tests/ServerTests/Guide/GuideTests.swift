import Foundation
import Testbed
import Testing

/// The guide is followed from its first line to its last, as typed: what it promises is seen.
@Suite("The guide", .serialized, .ownWaitingThread, .enabled(if: GuideWorkplace.obstacle == nil, "\(GuideWorkplace.obstacle ?? "")"))
struct GuideTests {
    private let page = RunningStack.packageRoot.appendingPathComponent("docs/guide.md")

    @Test("every line works as typed")
    func everyLine() throws {
        let document = try GuideDocument(String(contentsOf: page, encoding: .utf8))
        let workplace = try GuideWorkplace()
        defer { workplace.leave() }
        for block in document.blocks {
            if block.needsClients, clientsPython == nil {
                print("docs/guide.md:\(block.line) is left out, the Python clients are not here: run scripts/test.sh")
                continue
            }
            switch block.direction {
            case .skip: continue
            case .write(let path): try workplace.write(block.code, to: path)
            case .compare(let path):
                let file = try String(contentsOf: RunningStack.packageRoot.appendingPathComponent(path), encoding: .utf8)
                #expect(file.contains(block.code), "docs/guide.md:\(block.line): \(path) has it otherwise")
            case .runInBackground: try workplace.typeInBackground(block)
            case .run: try follow(block, workplace)
            }
        }
    }

    private func follow(_ block: GuideDocument.Block, _ workplace: GuideWorkplace) throws {
        let deadline = Date().addingTimeInterval(150)
        var last = try workplace.type(block)
        while !block.showsInTime.allSatisfy(last.output.contains), Date() < deadline {
            Thread.sleep(forTimeInterval: 1)
            last = try workplace.type(block)
        }
        // What follows needs what came before: there is no use in going on.
        try #require(last.status == 0, "docs/guide.md:\(block.line): status \(last.status)\n\(block.code)\n\(last.output.suffix(4_000))")
        for text in block.shows + block.showsInTime where !last.output.contains(text) {
            Issue.record("docs/guide.md:\(block.line): \"\(text)\" is not in\n\(last.output.suffix(4_000))")
        }
    }

    @Test("directions that are none, and blocks that go nowhere, are refused")
    func refusals() throws {
        #expect(throws: GuideDocument.Malformed.self) { try GuideDocument("<!-- show: a -->\n```sh\ntrue\n```\n") }
        #expect(throws: GuideDocument.Malformed.self) { try GuideDocument("<!-- shows: a -->\nwords\n```sh\ntrue\n```\n") }
        #expect(throws: GuideDocument.Malformed.self) { try GuideDocument("```yaml\na: b\n```\n") }
        #expect(throws: GuideDocument.Malformed.self) { try GuideDocument("```sh\ntrue\n") }
        let document = try GuideDocument("<!-- shows: a b -->\n\n```sh\necho a b\n```\n")
        #expect(document.blocks.map(\.shows) == [["a b"]])
        #expect(document.blocks.map(\.line) == [4])
        #expect(document.blocks.map(\.needsClients) == [false])
        #expect(try GuideDocument("<!-- needs the Python clients -->\n```python\npass\n```\n").blocks.map(\.needsClients) == [true])
    }
}
