import Acquisition
import MetricModel
import Testing

@Suite("Relabeling")
struct RelabelTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let rules: [RelabelRule.Options]
        let input: [String: String]
        /// Nil where the set is dropped.
        let output: [String: String]?

        init(_ name: String, _ input: [String: String], _ output: [String: String]?, _ rules: RelabelRule.Options...) {
            testDescription = name
            self.rules = rules
            self.input = input
            self.output = output
        }
    }

    static func rule(
        _ action: RelabelRule.Action = .replace, from: [String]? = nil, _ regex: String? = nil, to target: String = "", replacement: String? = nil, separator: String = ";", modulus: UInt64 = 0
    ) -> RelabelRule.Options {
        var options = RelabelRule.Options()
        options.action = action
        options.sourceLabels = from
        options.separator = separator
        options.targetLabel = target
        options.modulus = modulus
        if let regex { options.regex = regex }
        if let replacement { options.replacement = replacement }
        return options
    }

    static let cases = [
        Case("replace takes groups", ["a": "foo", "b": "bar"], ["a": "foo", "b": "bar", "d": "ooo-f-foo"], rule(from: ["a"], "(f)(.*)", to: "d", replacement: "o${2}-$1-${1}$2")),
        Case("replace joins sources", ["a": "foo", "b": "bar"], ["a": "foo", "b": "bar", "c": "foo/bar"], rule(from: ["a", "b"], to: "c", separator: "/")),
        Case("no match replaces nothing", ["a": "foo"], ["a": "foo"], rule(from: ["a"], "x", to: "a", replacement: "y")),
        Case("an empty replacement removes", ["a": "foo"], [:], rule(from: ["a"], "foo", to: "a", replacement: "")),
        Case("a constant without source", ["a": "foo"], ["a": "foo", "c": "static"], rule(to: "c", replacement: "static")),
        Case("the target may be a group", ["a": "foo:bar"], ["a": "foo:bar", "foo": "bar"], rule(from: ["a"], "(.*):(.*)", to: "$1", replacement: "$2")),
        Case("a target that expands to nothing is left", ["a": "foo"], ["a": "foo"], rule(from: ["a"], "(x?)foo", to: "$1", replacement: "y")),
        Case("groups by name", ["a": "h:80"], ["a": "h:80", "p": "80"], rule(from: ["a"], "(?P<h>.*):(?P<port>\\d+)", to: "p", replacement: "${port}")),
        Case("a name runs as far as it can", ["a": "foo"], ["a": "foo"], rule(from: ["a"], "(.*)", to: "c", replacement: "$1x")),
        Case("dollars stay dollars", ["a": "foo"], ["a": "foo", "c": "$foo$-$"], rule(from: ["a"], "(.*)", to: "c", replacement: "$$$1$-$")),
        Case("anchored at both ends", ["a": "foobar"], nil, rule(.keep, from: ["a"], "foo")),
        Case("a dot matches newlines", ["a": "f\no"], ["a": "f\no"], rule(.keep, from: ["a"], "f.o")),
        Case("keep keeps", ["a": "foo"], ["a": "foo"], rule(.keep, from: ["a"], "f|foo")),
        Case("drop drops", ["a": "foo"], nil, rule(.drop, from: ["a"], ".*o.*")),
        Case("drop lets others be", ["a": "foo"], ["a": "foo"], rule(.drop, from: ["a"], "f")),
        Case("an absent label is empty", ["a": "foo"], nil, rule(.drop, from: ["b"], "")),
        Case("keepequal", ["a": "x", "b": "x"], ["a": "x", "b": "x"], rule(.keepequal, from: ["a"], to: "b")),
        Case("keepequal drops", ["a": "x", "b": "y"], nil, rule(.keepequal, from: ["a"], to: "b")),
        Case("dropequal drops", ["a": "x", "b": "x"], nil, rule(.dropequal, from: ["a"], to: "b")),
        Case("dropequal", ["a": "x", "b": "y"], ["a": "x", "b": "y"], rule(.dropequal, from: ["a"], to: "b")),
        // The values of upstream's own test (`relabel_test.go`).
        Case("hashmod", ["a": "foo", "b": "bar", "c": "baz"], ["a": "foo", "b": "bar", "c": "baz", "d": "976"], rule(.hashmod, from: ["c"], to: "d", modulus: 1000)),
        Case("hashmod over lines", ["a": "foo\nbar"], ["a": "foo\nbar", "b": "734"], rule(.hashmod, from: ["a"], to: "b", modulus: 1000)),
        Case("labelmap", ["__meta_x": "1", "__meta_y": "2", "z": "3"], ["__meta_x": "1", "__meta_y": "2", "z": "3", "x": "1", "y": "2"], rule(.labelmap, "__meta_(.+)")),
        Case("labelmap with a template", ["a1": "1"], ["a1": "1", "b_1": "1"], rule(.labelmap, "a(\\d)", replacement: "b_${1}")),
        Case("labeldrop", ["a": "1", "b1": "2", "b2": "3"], ["a": "1"], rule(.labeldrop, "b.*")),
        Case("labelkeep", ["a": "1", "b1": "2", "b2": "3"], ["b1": "2", "b2": "3"], rule(.labelkeep, "b.*")),
        Case("lowercase", ["a": "FoO Ä"], ["a": "FoO Ä", "b": "foo ä"], rule(.lowercase, from: ["a"], to: "b")),
        Case("uppercase", ["a": "FoO ä"], ["a": "FOO Ä"], rule(.uppercase, from: ["a"], to: "a")),
        Case("rules follow one another", ["a": "1"], ["b": "1"], rule(from: ["a"], to: "b"), rule(.labeldrop, "a"), rule(.keep, from: ["a", "b"], ";1")),
    ]

    @Test("every action does what upstream's does", arguments: cases)
    func applies(_ test: Case) throws {
        var set = LabelSet(test.input.map { ($0.key, $0.value) })
        let isKept = RelabelRule.apply(try test.rules.map { try RelabelRule($0) }, to: &set)
        #expect(isKept == (test.output != nil))
        if let output = test.output { #expect(set.labels == Labels(output.map { ($0.key, $0.value) })) }
    }

    @Test("rules that cannot work are refused when they are read", arguments: [
        rule(from: ["a"]), rule(.hashmod, from: ["a"], to: "b"), rule(.lowercase, from: ["a"]), rule(.keepequal, from: ["a"]), rule(.keepequal, from: ["a"], "x", to: "b"),
        rule(.dropequal, from: ["a"], to: "b", replacement: "x"), rule(.labeldrop, from: ["a"], "x"), rule(.labelkeep, "x", to: "b"), rule(.labeldrop, "x", replacement: "y"),
        rule(.uppercase, from: ["a"], to: "b", replacement: "x"), rule(.labelmap, "x", replacement: ""), rule(from: ["a"], "(", to: "b"),
    ])
    func refused(options: RelabelRule.Options) { #expect(throws: AcquisitionError.self) { try RelabelRule(options) } }

    @Test("legacy names bind targets, with and without variables", arguments: [
        ("a_b1", true), ("a.b", false), ("1a", false), ("${1}_x", true), ("$1x", true), ("${1", false), ("$", false), ("a-$1", false), ("x${name}y", true),
    ] as [(String, Bool)])
    func legacyNames(target: String, isValid: Bool) {
        #expect(((try? RelabelRule(Self.rule(from: ["a"], to: target), names: .legacy)) != nil) == isValid)
        #expect((try? RelabelRule(Self.rule(from: ["a"], to: target), names: .utf8)) != nil)
    }
}
