/// What a pattern says when it says something simple, so that most patterns of real queries need no automaton.
///
/// As in Prometheus (`model/labels/regexp.go`) literals, alternations of literals, prefixes, suffixes and `contains` are told apart.
extension LabelPattern {
    enum Shape: Equatable {
        /// Exactly one of these.
        case literals([String])
        /// `.*`
        case anything
        /// `.+`
        case nonEmpty
        /// Text before and after, and whether anything, or at least one character, lies between or around.
        case affix(prefix: [UInt8], suffix: [UInt8], restMin: Int)
        /// `.*text.*`
        case contains([UInt8])
        case general
    }

    /// The texts that match, when they are few and named; nil when the pattern says more.
    package var literals: [String]? { if case .literals(let texts) = shape { texts } else { nil } }

    /// Reads the shape of a pattern that is known to compile.
    static func shape(of source: String) -> Shape {
        let body = stripGroup(Array(source.utf8))
        if let branches = split(body) {
            var literals: [String] = []
            for branch in branches {
                guard let text = literal(branch) else { return branches.count == 1 ? single(branch) : .general }
                literals.append(String(decoding: text, as: UTF8.self))
            }
            return .literals(literals)
        }
        return .general
    }

    /// Takes one pair of parentheses off that encloses everything.
    private static func stripGroup(_ source: [UInt8]) -> ArraySlice<UInt8> {
        var body = source[...]
        guard body.first == UInt8(ascii: "("), body.last == UInt8(ascii: ")"), !body.dropFirst().contains(UInt8(ascii: "(")) else { return body }
        guard body.firstIndex(of: UInt8(ascii: ")")) == body.endIndex - 1 else { return body }
        if body.count >= 2, body[body.endIndex - 2] == UInt8(ascii: "\\") { return body }
        body = body.dropFirst().dropLast()
        if body.starts(with: "?:".utf8) { return body.dropFirst(2) }
        return body.first == UInt8(ascii: "?") ? source[...] : body
    }

    /// The branches of an alternation; nil when there are parentheses or brackets, within which a bar means something else.
    private static func split(_ body: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var branches: [ArraySlice<UInt8>] = []
        var start = body.startIndex
        var index = body.startIndex
        while index < body.endIndex {
            switch body[index] {
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"): return nil
            case UInt8(ascii: "|"):
                branches.append(body[start..<index])
                start = index + 1
            default: break
            }
            index += 1
        }
        guard index == body.endIndex else { return nil }
        return branches + [body[start...]]
    }

    /// The text that a branch stands for, when it has no operators.
    private static func literal(_ branch: ArraySlice<UInt8>) -> [UInt8]? {
        var text: [UInt8] = []
        var index = branch.startIndex
        while index < branch.endIndex {
            let byte = branch[index]
            switch byte {
            case UInt8(ascii: "\\"):
                index += 1
                guard index < branch.endIndex, isPunctuation(branch[index]) else { return nil }
                text.append(branch[index])
            case _ where isOperator(byte): return nil
            default: text.append(byte)
            }
            index += 1
        }
        return text
    }

    private static func isPunctuation(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }

    private static func isOperator(_ byte: UInt8) -> Bool { ".*+?^$|()[]{}".utf8.contains(byte) }

    /// One branch: text with one `.*` or `.+` in it, or text between two `.*`.
    private static func single(_ branch: ArraySlice<UInt8>) -> Shape {
        var pieces: [(text: ArraySlice<UInt8>, restMin: Int)] = []
        var start = branch.startIndex
        var index = branch.startIndex
        while index < branch.endIndex {
            if branch[index] == UInt8(ascii: "\\") {
                index += 2
                continue
            }
            if branch[index] == UInt8(ascii: "."), index + 1 < branch.endIndex, branch[index + 1] == UInt8(ascii: "*") || branch[index + 1] == UInt8(ascii: "+") {
                // `.*?` and `.*+` are other operators.
                if index + 2 < branch.endIndex, "?*+{".utf8.contains(branch[index + 2]) { return .general }
                pieces.append((branch[start..<index], branch[index + 1] == UInt8(ascii: "+") ? 1 : 0))
                index += 2
                start = index
                continue
            }
            index += 1
        }
        guard start <= branch.endIndex, let last = literal(branch[start...]) else { return .general }
        guard let first = pieces.first, let prefix = literal(first.text) else { return .general }
        if pieces.count == 1 {
            if prefix.isEmpty, last.isEmpty { return first.restMin == 0 ? .anything : .nonEmpty }
            return .affix(prefix: prefix, suffix: last, restMin: first.restMin)
        }
        guard pieces.count == 2, prefix.isEmpty, last.isEmpty, first.restMin == 0, pieces[1].restMin == 0, let middle = literal(pieces[1].text) else { return .general }
        return middle.isEmpty ? .anything : .contains(middle)
    }
}

extension LabelPattern.Shape {
    /// The verdict on a text; nil when only the automaton can tell.
    func verdict(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
        switch self {
        case .general: nil
        case .anything: true
        case .nonEmpty: !text.isEmpty
        case .literals(let texts): texts.contains { $0.utf8.elementsEqual(text) }
        case .affix(let prefix, let suffix, let restMin):
            text.count >= prefix.count + suffix.count + restMin && text.starts(with: prefix) && text.suffix(suffix.count).elementsEqual(suffix)
        case .contains(let part): Self.contains(text, part)
        }
    }

    private static func contains(_ text: UnsafeBufferPointer<UInt8>, _ part: [UInt8]) -> Bool {
        guard let first = part.first, text.count >= part.count else { return part.isEmpty }
        for start in 0...(text.count - part.count) where text[start] == first {
            if UnsafeBufferPointer(rebasing: text[start..<start + part.count]).elementsEqual(part) { return true }
        }
        return false
    }
}
