import MetricModel

/// A test script in upstream's language (`promql/promqltest`): data to load, queries, and what they must give.
package struct Script: Sendable {
    enum Command: Sendable {
        case clear
        /// `withNativeHistograms`: classic buckets are to be loaded as native histograms as well.
        case load(stepMillis: Int64, [Line], withNativeHistograms: Bool)
        case evaluate(ScriptEvaluation)
        /// A command that cannot be read. Counts as a failed evaluation when it would have been one.
        case invalid(isEvaluation: Bool, String)
    }

    /// A line of the file and its number, from 1.
    struct Line: Sendable {
        let number: Int
        let text: String
    }

    struct Entry: Sendable {
        let line: Int
        let command: Command
    }

    let entries: [Entry]

    /// Reads a script. A command that cannot be read becomes an entry that fails; the rest is read on.
    package init(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
            let trimmed = line.trimmed
            return Line(number: index + 1, text: trimmed.hasPrefix("#") ? "" : trimmed)
        }
        var entries: [Entry] = []
        var next = 0
        while next < lines.count {
            let head = lines[next]
            next += 1
            if head.text.isEmpty { continue }
            var body: [Line] = []
            let command = head.text.prefix { $0 != " " && $0 != "\t" }.lowercased()
            if command != "clear" {
                while next < lines.count, !lines[next].text.isEmpty {
                    body.append(lines[next])
                    next += 1
                }
            }
            entries.append(Entry(line: head.number, command: Self.command(command, head.text, body)))
        }
        self.entries = entries
    }

    private static func command(_ name: String, _ head: String, _ body: [Line]) -> Command {
        do throws(ScriptError) {
            if name == "clear" { return .clear }
            if name.hasPrefix("load") {
                let words = head.words
                guard words.count == 2 else { throw ScriptError("invalid load command: \(head)") }
                return .load(stepMillis: try ScriptError.duration(words[1]), body, withNativeHistograms: name == "load_with_nhcb")
            }
            if name.hasPrefix("eval") { return .evaluate(try ScriptEvaluation(head, body)) }
            throw ScriptError("invalid command \(LabelName.quoted(head))")
        } catch {
            return .invalid(isEvaluation: name.hasPrefix("eval"), error.description)
        }
    }
}

/// Why a script cannot be read, or an evaluation does not give what it must.
struct ScriptError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }

    static func duration(_ text: String) throws(ScriptError) -> Int64 {
        do { return try PromDuration.millis(text) } catch { throw ScriptError("invalid duration \(LabelName.quoted(text)): \(error.message)") }
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" || first == "\r" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" || last == "\r" { text.removeLast() }
        return String(text)
    }

    var words: [String] { split(whereSeparator: { (character: Character) in character == " " || character == "\t" }).map { String($0) } }
}
