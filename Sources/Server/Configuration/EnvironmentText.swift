import Glibc

/// Texts with `$NAME` and `${NAME}` for variables of the environment (Go's `os.Expand`); `$$` is a dollar.
enum EnvironmentText {
    static func expanded(_ text: String) -> String {
        var out = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            out += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                out += "$"
                rest = rest.dropFirst()
            } else if rest.first == "{", let end = rest.firstIndex(of: "}") {
                out += value(String(rest[rest.index(after: rest.startIndex)..<end]))
                rest = rest[rest.index(after: end)...]
            } else {
                let name = rest.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
                out += name.isEmpty ? "$" : value(String(name))
                rest = rest.dropFirst(name.count)
            }
        }
        return out + rest
    }

    /// A variable that is not set is nothing.
    private static func value(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
}
