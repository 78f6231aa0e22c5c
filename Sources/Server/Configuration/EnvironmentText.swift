import Glibc

/// Text in which `$NAME` and `${NAME}` stand for environment variables and `$$` for a dollar sign, as in Prometheus's external labels
/// (Go's `os.Expand`).
enum EnvironmentText {
    static func expanded(_ text: String, readsBareNames: Bool = true, _ variable: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }) -> String {
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
            } else if !readsBareNames {
                out += "$"
            } else {
                let name = rest.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
                out += name.isEmpty ? "$" : variable(String(name)) ?? ""
                rest = rest.dropFirst(name.count)
            }
        }
        return out + rest
    }

    /// The collector's way: `${NAME}`, `${env:NAME}`, `${env:NAME:-otherwise}` and `$$`; a dollar sign alone is one
    /// (opentelemetry-collector `confmap/expand.go`, `confmap/provider/envprovider`).
    static func expandedForCollector(_ text: String) -> String {
        expanded(text, readsBareNames: false) { reference in
            let name = reference.hasPrefix("env:") ? reference.dropFirst(4) : reference[...]
            guard let split = name.firstRange(of: ":-") else { return getenv(String(name)).map { String(cString: $0) } }
            return getenv(String(name[..<split.lowerBound])).map { String(cString: $0) } ?? String(name[split.upperBound...])
        }
    }
}
