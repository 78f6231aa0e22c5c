import Bytes

/// Names of OTLP metrics in Prometheus's manner.
///
/// Source: prometheus/otlptranslator `metric_namer.go`; OpenTelemetry specification, "Prometheus and OpenMetrics compatibility".
struct MetricNamer {
    /// What the suffix depends on.
    enum Kind { case gauge, monotonicSum, nonMonotonicSum, histogram, exponentialHistogram, summary, unknown }

    let escapes: Bool
    let addsSuffixes: Bool

    /// Appends the name to `out`; false when no valid name comes of it, and what was appended is then of no use.
    func append(_ name: UnsafeBufferPointer<UInt8>, _ unit: UnsafeBufferPointer<UInt8>, _ kind: Kind, to out: inout ByteWriter) -> Bool {
        let start = out.count
        if !escapes {
            out.append(utf8: unescaped(String(decoding: name, as: UTF8.self), String(decoding: unit, as: UTF8.self), kind))
            return out.count > start
        }
        if addsSuffixes { appendWithSuffixes(name, unit, kind, to: &out) } else { appendPlain(name, to: &out) }
        return out.withBytes { bytes in
            let made = UnsafeBufferPointer(rebasing: bytes[start...])
            return !made.isEmpty && (made.elementsEqual(name) || made.contains { $0 != UInt8(ascii: "_") })
        }
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"): true
        default: false
        }
    }

    private func appendWithSuffixes(_ name: UnsafeBufferPointer<UInt8>, _ unit: UnsafeBufferPointer<UInt8>, _ kind: Kind, to out: inout ByteWriter) {
        let start = out.count
        let isRatio = kind == .gauge && unit.count == 1 && unit[0] == UInt8(ascii: "1")
        var main = ""
        var per = ""
        if !unit.isEmpty {
            let words = UnitNamer(String(decoding: unit, as: UTF8.self))
            main = UnitNamer.cleaned(words.main)
            per = UnitNamer.cleaned(words.per)
            if per == "per_" { per = "" } else if per.hasSuffix("_") { per.removeLast() }
        }

        func append(token: UnsafeBufferPointer<UInt8>) {
            if kind == .monotonicSum, token.equals("total") { return }
            if isRatio, token.equals("ratio") { return }
            Self.append(token, to: &out, startingAt: start)
        }
        var hasMain = false
        forEachToken(of: name, keepsUnderscores: false) { token in
            hasMain = hasMain || main.utf8.elementsEqual(token)
            append(token: token)
        }
        if hasMain { main = "" } else if !per.isEmpty, main.hasSuffix("_") { main.removeLast() }
        if !main.isEmpty { main.withUTF8 { append(token: $0) } }
        if !per.isEmpty { per.withUTF8 { append(token: $0) } }
        if kind == .monotonicSum { out.append(out.count > start ? "_total" : "total") }
        if isRatio { out.append(out.count > start ? "_ratio" : "ratio") }
    }

    private func appendPlain(_ name: UnsafeBufferPointer<UInt8>, to out: inout ByteWriter) {
        let start = out.count
        forEachToken(of: name, keepsUnderscores: true) { Self.append($0, to: &out, startingAt: start) }
    }

    /// Puts an underscore between tokens, and before a digit that the name would begin with.
    private static func append(_ token: UnsafeBufferPointer<UInt8>, to out: inout ByteWriter, startingAt start: Int) {
        if out.count > start || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(token[0]) { out.append(UInt8(ascii: "_")) }
        out.append(token)
    }

    private func forEachToken(of name: UnsafeBufferPointer<UInt8>, keepsUnderscores: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var from = 0
        for index in 0...name.count {
            if index < name.count, Self.isNameByte(name[index]) || keepsUnderscores && name[index] == UInt8(ascii: "_") { continue }
            if index > from { body(UnsafeBufferPointer(rebasing: name[from..<index])) }
            from = index + 1
        }
    }

    /// Names kept in UTF-8: a suffix that stands already moves to its place instead of standing twice.
    private func unescaped(_ name: String, _ unit: String, _ kind: Kind) -> String {
        guard addsSuffixes else { return name }
        var name = name
        var suffixes: [String] = []
        if kind == .gauge, unit == "1" { suffixes.append("ratio") }
        if kind == .monotonicSum { suffixes.append("total") }
        let words = UnitNamer(unit)
        if !words.per.isEmpty { suffixes.append(words.per) }
        for suffix in suffixes where name.hasSuffix(suffix) && name.utf8.count > suffix.utf8.count + 1 {
            name = String(decoding: name.utf8.dropLast(suffix.utf8.count + 1), as: UTF8.self)
        }
        if !words.main.isEmpty, !name.hasSuffix(words.main) { name += "_" + words.main }
        for suffix in suffixes.reversed() { name += "_" + suffix }
        return name
    }
}

extension UnsafeBufferPointer<UInt8> {
    func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
