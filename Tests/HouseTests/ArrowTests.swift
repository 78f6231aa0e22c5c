import Foundation
import Testing

@Suite("The arrows of the house")
struct ArrowTests {
    @Test("every room imports only rooms that Package.swift lets it use")
    func importsAreDeclared() throws {
        let rooms = try Rooms()
        #expect(rooms.byName.count >= 25, "Package.swift was not understood")
        for room in rooms.byName.values {
            for (file, module) in try imports(of: room.name) where rooms.byName[module] != nil {
                #expect(room.uses.contains(module), "\(room.name)/\(file) imports \(module), which its room may not")
            }
        }
    }

    @Test("the libraries for applications import no room, and no package but theirs; no room imports them")
    func librariesStandBeside() throws {
        let rooms = try Rooms()
        let names = Set(rooms.libraries.map(\.name))
        #expect(names == ["ObservabilityIntegration", "WorkflowPrimitives"])
        for library in rooms.libraries {
            for (file, module) in try imports(of: library.name) {
                #expect(library.uses.contains(module) || Rooms.librariesMayImport.contains(module), "\(library.name)/\(file) imports \(module), which a library for applications may not")
            }
            for use in library.uses { #expect(names.contains(use), "\(library.name) uses \(use), which is no library for applications") }
        }
        for room in rooms.byName.values {
            for (file, module) in try imports(of: room.name) { #expect(!names.contains(module), "\(room.name)/\(file) imports \(module), which is for applications") }
        }
    }

    /// Every file of a target with each module that it imports.
    private func imports(of target: String) throws -> [(file: String, module: String)] {
        try swiftFiles(below: "Sources/\(target)").flatMap { file in
            try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ").filter { !["package", "public", "internal", "private", "fileprivate", "@preconcurrency", "@_exported"].contains($0) }
                return words.count >= 2 && words[0] == "import" ? (file.lastPathComponent, String(words[1])) : nil
            }
        }
    }

    @Test("a room uses only rooms on floors below its own, or the surface its neighbours stand on")
    func arrowsPointDown() throws {
        let rooms = try Rooms()
        for room in rooms.byName.values {
            for use in room.uses {
                let target = try #require(rooms.byName[use], "\(room.name) uses \(use), which no line of Package.swift declares")
                #expect(target.floor < room.floor || (use == "HTTPSurface" && room.floor == 7), "\(room.name) (floor \(room.floor)) uses \(use) (floor \(target.floor))")
            }
        }
    }

    @Test("everything a room declares it uses, it imports")
    func noIdleArrows() throws {
        for room in try Rooms().byName.values {
            let sources = try swiftFiles(below: "Sources/\(room.name)").map { try String(contentsOf: $0, encoding: .utf8) }.joined(separator: "\n")
            for use in room.uses {
                #expect(sources.contains("import \(use)\n"), "\(room.name) declares \(use) and never imports it")
            }
        }
    }
}
