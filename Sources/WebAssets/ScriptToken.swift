/// One token of a script: a place in its bytes, and what stood before it.
struct ScriptToken {
    enum Kind {
        /// A name, a keyword, a private name with its `#`, or a number.
        case word
        case string
        /// A run of a template literal: from its backtick or the `}` of a substitution to the next `${` or the closing backtick.
        case template
        case regex
        /// One byte, except `++` and `--`.
        case punctuator
    }

    var kind: Kind
    var range: Range<Int>
    /// Whether a line ended between the token before and this one, which is where JavaScript may put a semicolon of its own.
    var startsLine: Bool
    /// Whether anything stood between them: `1 .toFixed` is two tokens more than `1.5`.
    var standsApart: Bool
    /// How many braces, brackets and parentheses are open around it.
    var depth: Int
    /// Whether it is the parenthesis behind the head of an `if`, `while` or `for`.
    var closesHead: Bool
}

/// What a script may not be, with the byte where that shows.
package enum ScriptError: Error, CustomStringConvertible, Equatable {
    case unterminated(String, offset: Int)
    case unsupported(String, offset: Int)

    package var description: String {
        switch self {
        case .unterminated(let what, let offset): "a \(what) that starts at byte \(offset) has no end"
        case .unsupported(let what, let offset): "\(what) at byte \(offset)"
        }
    }
}
