import Glibc

/// Names of files with `*`, `?` and `[…]`.
enum FilePattern {
    /// The files that match, sorted; none where nothing does.
    static func files(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0 else { return [] }
        // SAFETY: `glob` succeeded, so `gl_pathv` holds `gl_pathc` strings until `globfree`.
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
    }

    /// A path as upstream joins it: relative to a folder, without `.` and `..` where they can be left out (Go's `filepath.Join`).
    static func joined(_ folder: String, _ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : folder + "/" + path
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else if part != ".." || !whole.hasPrefix("/") { parts.append(part) }
        }
        let joined = parts.joined(separator: "/")
        return whole.hasPrefix("/") ? "/" + joined : joined.isEmpty ? "." : joined
    }
}
