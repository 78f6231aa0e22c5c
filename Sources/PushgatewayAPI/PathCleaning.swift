/// Paths in Go's canonical form (`net/http` `cleanPath`).
enum PathCleaning {
    /// The path without empty, `.` and `..` segments; nil where it is clean already.
    static func cleaned(_ path: String) -> String? {
        guard path.contains("//") || path.contains("/.") else { return nil }
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let clean = "/" + segments.joined(separator: "/") + (path.hasSuffix("/") && !segments.isEmpty ? "/" : "")
        return clean == path ? nil : clean
    }
}
