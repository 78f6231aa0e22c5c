/// A stylesheet of the pages without what only its readers need.
package enum StyleSheet {
    /// Takes out comments, indentation and the white space around braces, semicolons and commas; strings and `url(…)` stay as they are.
    /// A space before a colon stays (it is a descendant in a selector), one after it goes.
    package static func stripped(_ source: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(source.count)
        var at = 0
        var spaced = false
        func byte(_ index: Int) -> UInt8? { index < source.count ? source[index] : nil }
        func put(_ range: Range<Int>) {
            if spaced, let last = output.last, !Self.swallowsSpaceAfter(last), !Self.swallowsSpaceBefore(source[range.lowerBound]) { output.append(UInt8(ascii: " ")) }
            if source[range.lowerBound] == UInt8(ascii: "}"), output.last == UInt8(ascii: ";") { output.removeLast() }
            spaced = false
            output.append(contentsOf: source[range])
        }
        while at < source.count {
            let start = at
            switch source[at] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                spaced = true
                at += 1
            case UInt8(ascii: "/") where byte(at + 1) == UInt8(ascii: "*"):
                at += 2
                while at < source.count, !(source[at] == UInt8(ascii: "*") && byte(at + 1) == UInt8(ascii: "/")) { at += 1 }
                at = min(at + 2, source.count)
                spaced = true
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                at += 1
                while let next = byte(at), next != source[start] { at += next == UInt8(ascii: "\\") ? 2 : 1 }
                at = min(at + 1, source.count)
                put(start..<at)
            case UInt8(ascii: "u") where source[at...].starts(with: "url(".utf8):
                while let next = byte(at), next != UInt8(ascii: ")") {
                    // A quoted address may hold a parenthesis.
                    if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") {
                        at += 1
                        while let inside = byte(at), inside != next { at += 1 }
                    }
                    at += 1
                }
                at = min(at + 1, source.count)
                put(start..<at)
            default:
                at += 1
                put(start..<at)
            }
        }
        return output
    }

    private static func swallowsSpaceAfter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "("), UInt8(ascii: ">"): true
        default: false
        }
    }

    private static func swallowsSpaceBefore(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: ")"), UInt8(ascii: ">"): true
        default: false
        }
    }
}
