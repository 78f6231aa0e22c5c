/// What is wrong with a template, in the words of Go's text/template.
package struct TemplateError: Error, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
