import Glibc
import Server

/// The environment as a dictionary.
func processEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var cursor = environ
    while let entry = cursor.pointee {
        let text = String(cString: entry)
        if let equals = text.firstIndex(of: "=") { variables[String(text[..<equals])] = String(text[text.index(after: equals)...]) }
        cursor += 1
    }
    return variables
}

/// One line on standard error.
func complain(_ sentence: String) {
    StandardStream.error.write("obstack: \(sentence)\n")
}
