/// `docs/guide.md` as what its reader does: the blocks of code, top to bottom, each with what the page promises of it.
///
/// Promises and directions stand in comments before a block, which the reader of the rendered page does not see:
/// `<!-- shows: TEXT -->` its output has TEXT; `<!-- in time shows: TEXT -->` typed again and again, it comes to have it; `<!-- file: PATH -->` the block
/// is what the reader puts into that file; `<!-- same as: PATH -->` it is that file of the project; `<!-- in the background -->` it runs on while the reader
/// goes on; `<!-- needs the Python clients -->` it is left out where `scripts/test.sh` has not brought them; `<!-- not run here: REASON -->` what this
/// machine lacks.
struct GuideDocument {
    enum Direction: Equatable {
        case run
        case runInBackground
        case write(path: String)
        case compare(path: String)
        case skip(reason: String)
    }

    struct Block {
        /// Where its code begins in the page, from 1 on.
        let line: Int
        let language: String
        let code: String
        var direction = Direction.run
        var needsClients = false
        var shows: [String] = []
        var showsInTime: [String] = []
    }

    struct Malformed: Error, CustomStringConvertible {
        let line: Int
        let reason: String
        var description: String { "docs/guide.md:\(line): \(reason)" }
    }

    private(set) var blocks: [Block] = []

    init(_ text: String) throws {
        var pending: [(line: Int, text: String)] = []
        var code: (line: Int, language: String, lines: [String])?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            if let open = code {
                if line == "```" {
                    blocks.append(try Self.block(open, pending))
                    (code, pending) = (nil, [])
                } else {
                    code?.lines.append(String(line))
                }
            } else if line.hasPrefix("```") {
                code = (number + 1, String(line.dropFirst(3)), [])
            } else if line.hasPrefix("<!--") {
                guard line.hasSuffix("-->") else { throw Malformed(line: number, reason: "a direction ends on its line") }
                pending.append((number, line.dropFirst(4).dropLast(3).trimming()))
            } else if !line.isEmpty, let lost = pending.first {
                throw Malformed(line: lost.line, reason: "a direction stands right before its block")
            }
        }
        if let code { throw Malformed(line: code.line, reason: "a block is not closed") }
    }

    private static func block(_ open: (line: Int, language: String, lines: [String]), _ directions: [(line: Int, text: String)]) throws -> Block {
        var block = Block(line: open.line, language: open.language, code: open.lines.joined(separator: "\n") + "\n")
        for (line, text) in directions {
            if let text = text.after("shows:") {
                block.shows.append(text)
            } else if let text = text.after("in time shows:") {
                block.showsInTime.append(text)
            } else if let path = text.after("file:") {
                block.direction = .write(path: path)
            } else if let path = text.after("same as:") {
                block.direction = .compare(path: path)
            } else if let reason = text.after("not run here:") {
                block.direction = .skip(reason: reason)
            } else if text == "in the background" {
                block.direction = .runInBackground
            } else if text == "needs the Python clients" {
                block.needsClients = true
            } else {
                throw Malformed(line: line, reason: "\"\(text)\" is no direction")
            }
        }
        let isScript = ["sh", "python"].contains(block.language)
        if !isScript, block.direction == .run { throw Malformed(line: block.line, reason: "a block of \(block.language) is neither run nor put anywhere") }
        return block
    }
}

extension StringProtocol {
    fileprivate func trimming() -> String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
    fileprivate func after(_ prefix: String) -> String? { hasPrefix(prefix) ? dropFirst(prefix.count).trimming() : nil }
}
