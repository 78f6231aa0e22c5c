/// A script of the pages taken apart: what it imports, what it exports, and the rest without comments, white space and those lines.
///
/// The pages use three forms: `import { a, b as c } from "./x.js"`, `import "./x.js"`, and `export` before a declaration of one name.
package struct ScriptModule: Sendable {
    package struct Import: Sendable, Equatable {
        /// The imported file's path under `pages/`.
        package var path: String
        package var names: [Name]
    }

    package struct Name: Sendable, Equatable {
        package var exported: String
        package var local: String
    }

    /// Its own path under `pages/`.
    package let path: String
    package let imports: [Import]
    package let exports: [String]
    package let body: [UInt8]

    /// Neither imports nor exports: a classic script, served as it is.
    package var isClassic: Bool { imports.isEmpty && exports.isEmpty }

    package init(path: String, source: [UInt8]) throws(ScriptError) {
        let tokens = try ScriptLexer.tokens(of: source)
        let folder = path.split(separator: "/").dropLast()
        var imports: [Import] = []
        var exports: [String] = []
        var writer = ScriptWriter()
        var index = 0
        func text(_ index: Int) -> String { index < tokens.count ? String(decoding: source[tokens[index].range], as: UTF8.self) : "" }
        while index < tokens.count {
            let token = tokens[index]
            // Both words that matter have six letters.
            let word = token.depth == 0 && token.kind == .word && token.range.count == 6 ? text(index) : ""
            if word == "import", text(index + 1) != "(", text(index + 1) != "." {
                imports.append(try Self.readImport(at: &index, in: folder, of: tokens, text))
            } else if word == "export" {
                exports.append(try Self.exportedName(at: index, of: tokens, text))
                index += 1
                // The declaration takes the place, and the line, of its `export`.
                var declaration = tokens[index]
                declaration.startsLine = token.startsLine
                writer.append(declaration, of: source)
                index += 1
            } else {
                writer.append(token, of: source)
                index += 1
            }
        }
        self.path = path
        self.imports = imports
        self.exports = exports
        body = writer.bytes
    }

    /// `import {…} from "…";` or `import "…";`, past its end.
    private static func readImport(
        at index: inout Int, in folder: ArraySlice<Substring>, of tokens: [ScriptToken], _ text: (Int) -> String
    ) throws(ScriptError) -> Import {
        let offset = tokens[index].range.lowerBound
        index += 1
        var names: [Name] = []
        if text(index) == "{" {
            index += 1
            while index < tokens.count, text(index) != "}" {
                let exported = text(index)
                let renamed = text(index + 1) == "as"
                names.append(Name(exported: exported, local: renamed ? text(index + 2) : exported))
                index += renamed ? 3 : 1
                if text(index) == "," { index += 1 }
            }
            guard text(index + 1) == "from" else { throw .unsupported("an import without from", offset: offset) }
            index += 2
        }
        guard index < tokens.count, tokens[index].kind == .string else { throw .unsupported("an import of neither names nor a file", offset: offset) }
        var steps = Array(folder)
        for step in text(index).dropFirst().dropLast().split(separator: "/") where step != "." {
            if step == ".." { _ = steps.popLast() } else { steps.append(step) }
        }
        index += 1
        if text(index) == ";" { index += 1 }
        return Import(path: steps.joined(separator: "/"), names: names)
    }

    private static func exportedName(at index: Int, of tokens: [ScriptToken], _ text: (Int) -> String) throws(ScriptError) -> String {
        switch text(index + 1) {
        case "async": if text(index + 2) == "function" { return text(index + 3) }
        case "function": return text(index + (text(index + 2) == "*" ? 3 : 2))
        case "class", "const": return text(index + 2)
        default: break
        }
        throw .unsupported("an export of something else than a function, a class or a constant", offset: tokens[index].range.lowerBound)
    }
}
