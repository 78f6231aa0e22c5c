import Foundation
import Testing

@Suite("The arrows of the house")
struct ArrowTests {
    @Test("every room imports only rooms that Package.swift lets it use")
    func importsAreDeclared() throws {
        let rooms = try Rooms()
        #expect(rooms.byName.count >= 25, "Package.swift was not understood")
        for room in rooms.byName.values {
            for file in try swiftFiles(below: "Sources/\(room.name)") {
                let source = try String(contentsOf: file, encoding: .utf8)
                for line in source.split(separator: "\n") {
                    let words = line.split(separator: " ").filter { !["package", "public", "internal", "private", "fileprivate", "@preconcurrency", "@_exported"].contains($0) }
                    guard words.count >= 2, words[0] == "import", rooms.byName[String(words[1])] != nil else { continue }
                    #expect(room.uses.contains(String(words[1])), "\(room.name)/\(file.lastPathComponent) imports \(words[1]), which its room may not")
                }
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
