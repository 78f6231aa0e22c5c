/// What templates and alerts need of Go's `net/url`, and upstream's links (`util/strutil/strconv.go`).
enum GoURL {
    /// `url.QueryEscape`.
    static func escaped(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "~"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): out += "+"
            default: out += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }

    /// The page that shows an expression as a table.
    static func tableLink(_ expr: String) -> String { "/graph?g0.expr=\(escaped(expr))&g0.tab=1" }
    /// The page that draws an expression.
    static func graphLink(_ expr: String) -> String { "/graph?g0.expr=\(escaped(expr))&g0.tab=0" }

    /// The path of an absolute URL.
    static func path(_ url: String) -> String {
        guard let scheme = url.range(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        guard let slash = rest.firstIndex(of: "/") else { return "" }
        return String(rest[slash...].prefix { $0 != "?" && $0 != "#" })
    }
}

extension StringProtocol {
    /// Where `other` first stands.
    func range(of other: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            start = index(after: start)
        }
        return nil
    }
}
