import Glibc

/// Text in which `$NAME` and `${NAME}` stand for environment variables and `$$` for a dollar sign, as in Prometheus's external labels
/// (Go's `os.Expand`).
enum EnvironmentText {
    static func expanded(_ text: String, _ variable: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }) -> String {
        var out = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            out += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                out += "$"
                rest = rest.dropFirst()
            } else if rest.first == "{", let end = rest.firstIndex(of: "}") {
                out += variable(String(rest[rest.index(after: rest.startIndex)..<end])) ?? ""
                rest = rest[rest.index(after: end)...]
            } else {
                let name = rest.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
                out += name.isEmpty ? "$" : variable(String(name)) ?? ""
                rest = rest.dropFirst(name.count)
            }
        }
        return out + rest
    }
}
