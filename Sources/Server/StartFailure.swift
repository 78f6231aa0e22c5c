/// Why the stack did not start, in one line for a person; the process exits with 1.
package struct StartFailure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
