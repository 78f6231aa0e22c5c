/// A template of Go's text/template with upstream's functions, parsed once and run with data.
package struct Template: Sendable {
    let name: String
    let text: String
    let nodes: [TemplateNode]
    let definitions: [String: [TemplateNode]]

    /// Throws what is wrong with the text, in Go's words.
    package init(_ text: String, name: String) throws(TemplateError) {
        self.name = name
        self.text = text
        (nodes, definitions) = try TemplateParser.parse(text, name: name)
    }

    /// What stands in front of every template of a rule, so that `$labels` and `$value` are known.
    private static let alertVariables = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

    /// A template of an alert's label or annotation.
    package init(alert name: String, _ text: String) throws(TemplateError) { try self.init(Self.alertVariables + text, name: "__alert_" + name) }

    /// Where a byte of the text stands, as Go says it: the line from 1, and how many bytes stand before it in that line.
    func location(_ position: Int) -> String {
        let before = text.utf8.prefix(position)
        let line = 1 + before.count { $0 == UInt8(ascii: "\n") }
        let column = before.lastIndex(of: UInt8(ascii: "\n")).map { before.distance(from: $0, to: before.endIndex) - 1 } ?? position
        return "\(name):\(line):\(column)"
    }
}
