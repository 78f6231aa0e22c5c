import Foundation

/// The rooms as `Package.swift` declares them: the one place where the arrows are written.
struct Rooms {
    struct Room {
        var name: String
        var floor: Int
        var uses: [String]
    }

    var byName: [String: Room] = [:]
    /// The libraries for applications, which stand beside the house; their floor says nothing.
    var libraries: [Room] = []
    /// What a library may import that is no library of ours: the system's modules, and the packages that `ARCHITECTURE.md` gives them.
    static let librariesMayImport: Set = ["Darwin", "Glibc", "Foundation", "FoundationEssentials", "Synchronization", "CoreMetrics", "Logging", "Tracing"]

    init() throws {
        let manifest = try String(contentsOf: packageRoot.appendingPathComponent("Package.swift"), encoding: .utf8)
        let body = manifest.components(separatedBy: "targets: [").dropFirst().joined(separator: "targets: [")
        // A declaration ends where the next begins; that is all the structure this needs.
        for declaration in body.components(separatedBy: "\n        ").joined(separator: " ").components(separatedBy: "room(").dropFirst() {
            let text = declaration.components(separatedBy: "room(").first ?? ""
            let head = text.components(separatedBy: "\"")
            guard head.count > 1, let floor = Int(text.prefix { $0.isNumber }) else { continue }
            let uses = text.components(separatedBy: "uses: [").dropFirst().first?.components(separatedBy: "]").first ?? ""
            let names = uses.components(separatedBy: "\"").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            byName[head[1]] = Room(name: head[1], floor: floor, uses: names)
        }
        for declaration in body.components(separatedBy: "door(").dropFirst() {
            let head = declaration.components(separatedBy: "\"")
            if head.count > 1 { byName[head[1]] = Room(name: head[1], floor: 0, uses: []) }
        }
        for declaration in body.components(separatedBy: " library(\"").dropFirst() {
            let line = declaration.components(separatedBy: "\n").first ?? ""
            let uses = line.components(separatedBy: "uses: [").dropFirst().first?.components(separatedBy: "]").first ?? ""
            let names = uses.components(separatedBy: "\"").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            libraries.append(Room(name: String(line.prefix { $0 != "\"" }), floor: 0, uses: names))
        }
        for name in ["CCRC32C", "CWebAssets"] { byName[name] = Room(name: name, floor: 0, uses: []) }
        byName["obstack"] = Room(name: "obstack", floor: 9, uses: ["Server", "Bytes", "Platform", "MetricModel", "MetricFormats", "MetricStore", "PromQL", "TraceModel", "OTLP"])
    }
}
