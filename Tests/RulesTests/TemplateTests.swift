import MetricModel
import PromQL
import Rules
import Testing

/// Upstream's table of templates (template/template_test.go), without those in HTML, and what Go's text/template says of the language itself.
@Suite("Templates")
struct TemplateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var output: String
        var input = TemplateValue.none
        var answer: [InstantSample] = []

        var testDescription: String { text }
    }

    private static func sample(_ labels: Labels, _ value: Double) -> InstantSample { InstantSample(labels: labels, timeMillis: 0, value: value) }
    private static let histogram = NativeHistogram(sum: 10, counts: .float(.init(count: 3, zeroCount: 0, positive: [], negative: [])))
    private static func list(_ values: [Double]) -> TemplateValue { .list(values.map { .float($0) }) }
    private static func ints(_ values: [Int64]) -> TemplateValue { .list(values.map { .int($0) }) }
    private static func uints(_ values: [UInt64]) -> TemplateValue { .list(values.map { .uint($0) }) }
    private static func texts(_ values: [String]) -> TemplateValue { .list(values.map { .string($0) }) }
    private static let one = [sample(["__name__": "metric", "instance": "a"], 11)]
    private static let two = [sample(["__name__": "metric", "instance": "b"], 21), sample(["__name__": "metric", "instance": "a"], 11)]

    private static func expand(_ test: Case) async throws -> String {
        let template: Template
        do { template = try Template(test.text, name: "test") } catch { return "error parsing template test: \(error)" }
        do {
            return try await TemplateExecution.run(template, test.input, .init(externalURL: "http://testhost:9090/path/prefix", atMillis: 1_353_755_652_000)) { _ in
                test.answer.map { TemplateValue($0) }
            }
        } catch {
            return "error executing template test: \(error)"
        }
    }

    static let values: [Case] = [
        Case(text: "plain text", output: "plain text"),
        Case(text: "{{ 1 }}", output: "1"),
        Case(text: "{{ . | value }}", output: histogram.description, input: .sample([:], .histogram(histogram))),
        Case(text: "{{ \"<b>\" }}", output: "<b>"),
        Case(text: "{{define \"x\"}}{{.arg0}} {{.arg1}}{{end}}{{template \"x\" (args 1 \"2\")}}", output: "1 2"),
        Case(text: "{{ query \"1.5\" | first | value }}", output: "1.5", answer: [sample([:], 1.5)]),
        Case(text: "{{ query \"metric{instance='a'}\" | first | value }}", output: "11", answer: one),
        Case(text: "{{ query \"metric\" | first | label \"instance\" }}", output: "a", answer: one),
        Case(text: "{{ query \"metric\" | first | strvalue }}", output: "a", answer: [sample(["__value__": "a"], 11)]),
        Case(text: "{{ query \"metric\" | first | label \"foo\" }}", output: "", answer: one),
        Case(text: "{{ $x := query \"metric\" | first }}{{ $x.Labels.foo }}", output: "", answer: one),
        Case(text: "{{ range query \"metric\" | sortByLabel \"instance\" }}{{.Labels.instance}}:{{.Value}}: {{end}}", output: "a:11: b:21: ", answer: two),
        Case(text: "{{ \"foo.example.com\" | stripPort }}", output: "foo.example.com"),
        Case(text: "{{ \"foo.example.com:12345\" | stripPort }}", output: "foo.example.com"),
        Case(text: "{{ \"192.0.2.1\" | stripPort }}", output: "192.0.2.1"),
        Case(text: "{{ \"192.0.2.1:12345\" | stripPort }}", output: "192.0.2.1"),
        Case(text: "{{ \"2001:0DB8::1\" | stripPort }}", output: "2001:0DB8::1"),
        Case(text: "{{ \"[2001:0DB8::1]:12345\" | stripPort }}", output: "2001:0DB8::1"),
        Case(text: "{{ \"[2001:0DB8::1]::12345\" | stripPort }}", output: "[2001:0DB8::1]::12345"),
        Case(text: "{{ .Foo }}", output: "<no value>"),
        Case(text: "{{ reReplaceAll \"(a)b\" \"x$1\" \"ab\" }}", output: "xa"),
        Case(text: "{{ range . }}{{ humanize . }}:{{ end }}", output: "0:1:1.235M:120m:", input: list([0, 1, 1_234_567, 0.12])),
        Case(text: "{{ range . }}{{ humanize . }}:{{ end }}", output: "0:1:1.235M:120m:", input: texts(["0.0", "1.0", "1234567.0", ".12"])),
        Case(text: "{{ range . }}{{ humanize . }}:{{ end }}", output: "0:-1:1:1.235M:9.223E:", input: ints([0, -1, 1, 1_234_567, .max])),
        Case(text: "{{ range . }}{{ humanize . }}:{{ end }}", output: "0:1:1.235M:18.45E:", input: uints([0, 1, 1_234_567, .max])),
        Case(text: "{{ range . }}{{ humanize1024 . }}:{{ end }}", output: "0:1:1Mi:0.12:", input: list([0, 1, 1_048_576, 0.12])),
        Case(text: "{{ range . }}{{ humanize1024 . }}:{{ end }}", output: "0:1:1Mi:0.12:", input: texts(["0.0", "1.0", "1048576.0", ".12"])),
        Case(text: "{{ range . }}{{ humanize1024 . }}:{{ end }}", output: "0:-1:1:1.177Mi:8Ei:", input: ints([0, -1, 1, 1_234_567, .max])),
        Case(text: "{{ range . }}{{ humanize1024 . }}:{{ end }}", output: "0:1:1.177Mi:16Ei:", input: uints([0, 1, 1_234_567, .max])),
        Case(
            text: "{{ range . }}{{ humanizeDuration . }}:{{ end }}", output: "0s:1s:1m 0s:1h 0m 0s:1d 0h 0m 0s:1d 1h 0m 0s:-2d 3h 4m 5s:14m 59s:",
            input: list([0, 1, 60, 3_600, 86_400, 90_000, -(86_400 * 2 + 3_600 * 3 + 60 * 4 + 5), 899.99])),
        Case(text: "{{ range . }}{{ humanizeDuration . }}:{{ end }}", output: "0s:1s:1m 0s:1h 0m 0s:1d 0h 0m 0s:", input: texts(["0", "1", "60", "3600", "86400"])),
        Case(
            text: "{{ range . }}{{ humanizeDuration . }}:{{ end }}", output: "100ms:100us:123.5ms:1m 0s:1m 0s:1.234s:12.35s:",
            input: list([0.1, 0.0001, 0.12345, 60.1, 60.5, 1.2345, 12.345])),
        Case(text: "{{ range . }}{{ humanizeDuration . }}:{{ end }}", output: "0s:-1s:1s:14d 6h 56m 7s:", input: ints([0, -1, 1, 1_234_567])),
        Case(
            text: "{{ range . }}{{ humanize . }}:{{ humanize1024 . }}:{{ humanizeDuration . }}:{{humanizeTimestamp .}}:{{ end }}",
            output: "+Inf:+Inf:+Inf:+Inf:-Inf:-Inf:-Inf:-Inf:NaN:NaN:NaN:NaN:", input: list([.infinity, -.infinity, .nan])),
        Case(
            text: "{{ range . }}{{ humanize . }}:{{ humanize1024 . }}:{{ humanizeDuration . }}:{{humanizeTimestamp .}}:{{ end }}",
            output: "+Inf:+Inf:+Inf:+Inf:-Inf:-Inf:-Inf:-Inf:NaN:NaN:NaN:NaN:", input: texts(["+Inf", "-Inf", "NaN"])),
        Case(
            text: "{{ -0.22222 | humanizePercentage }}:{{ 0.0 | humanizePercentage }}:{{ 0.1234567 | humanizePercentage }}:{{ 1.23456 | humanizePercentage }}",
            output: "-22.22%:0%:12.35%:123.5%"),
        Case(text: "{{ range . }}{{ humanizePercentage . }}:{{ end }}", output: "0%:-100%:100%:1.235e+08%:9.223e+20%:", input: ints([0, -1, 1, 1_234_567, .max])),
        Case(
            text: "{{ range . }}{{ humanizeTimestamp . }}:{{ end }}",
            output: "1970-01-01 00:00:00 +0000 UTC:1969-12-31 23:59:59 +0000 UTC:1970-01-01 00:00:01 +0000 UTC:1970-01-15 06:56:07 +0000 UTC:2262-04-11 23:47:16 +0000 UTC:",
            input: ints([0, -1, 1, 1_234_567, 9_223_372_036])),
        Case(text: "{{ 1435065584.128 | humanizeTimestamp }}", output: "2015-06-23 13:19:44.128 +0000 UTC"),
        Case(text: "{{ \"1435065584.128\" | humanizeTimestamp }}", output: "2015-06-23 13:19:44.128 +0000 UTC"),
        Case(text: "{{ (1435065584.128 | toTime).Format \"2006\" }}", output: "2015"),
        Case(text: "{{ (1800 | toDuration).String }}", output: "30m0s"),
        Case(text: "{{ now }}", output: "1.353755652e+09"),
        Case(text: "{{ (now | toTime).Format \"Mon Jan 2 15:04:05 2006\" }}", output: "Sat Nov 24 11:14:12 2012"),
        Case(text: "{{ (\"-30m\" | parseDuration | toDuration | (now | toTime).Add).UnixMilli }}", output: "1353753852000"),
        Case(text: "{{ \"aa bb CC\" | title }}", output: "Aa Bb CC"),
        Case(text: "{{ \"aa bb CC\" | toUpper }}", output: "AA BB CC"),
        Case(text: "{{ \"aA bB CC\" | toLower }}", output: "aa bb cc"),
        Case(text: "{{ match \"a+\" \"aa\" }} {{ match \"a+\" \"b\" }}", output: "true false"),
        Case(text: "{{ graphLink \"up\" }}", output: "/graph?g0.expr=up&g0.tab=0"),
        Case(text: "{{ tableLink \"up == 0\" }}", output: "/graph?g0.expr=up+%3D%3D+0&g0.tab=1"),
        Case(text: "{{ pathPrefix }}", output: "/path/prefix"),
        Case(text: "{{ externalURL }}", output: "http://testhost:9090/path/prefix"),
        Case(text: "{{ printf \"%0.2f\" (parseDuration \"1h2m10ms\") }}", output: "3720.01"),
        Case(text: "{{ printf \"%0.2f\" (parseDuration \"-1h2m10ms\") }}", output: "-3720.01"),
        Case(text: "{{ \"foo.example.com\" | stripDomain }}", output: "foo"),
        Case(text: "{{ \"foo.example.com:12345\" | stripDomain }}", output: "foo:12345"),
        Case(text: "{{ \"192.0.2.1:12345\" | stripDomain }}", output: "192.0.2.1:12345"),
        Case(text: "{{ \"2001:0DB8::1\" | stripDomain }}", output: "2001:0DB8::1"),
        Case(text: "{{ \"[2001:0DB8::1]:12345\" | stripDomain }}", output: "[2001:0DB8::1]:12345"),
        Case(text: "{{ \"[2001:0DB8::1]::12345\" | stripDomain }}", output: "[2001:0DB8::1]::12345"),
    ]

    /// By Go's own documentation and sources.
    static let grammar: [Case] = [
        Case(text: "a {{- 1 -}} b {{/* nothing */}}{{- /* nothing */ -}} c", output: "a1b c"),
        Case(text: "{{ if . }}yes{{ else }}no{{ end }}", output: "no", input: .int(0)),
        Case(text: "{{ if eq . 1 }}one{{ else if eq . 2 }}two{{ else }}many{{ end }}", output: "two", input: .int(2)),
        Case(text: "{{ with .b }}{{ . }}{{ $.a }}{{ else }}none{{ end }}", output: "21", input: .map(["a": .int(1), "b": .int(2)])),
        Case(text: "{{ range $i, $e := . }}{{ $i }}={{ $e }} {{ end }}", output: "0=x 1=y ", input: texts(["x", "y"])),
        Case(text: "{{ range $name, $value := . }}{{ $name }}={{ $value }} {{ end }}", output: "a=1 b=2 ", input: .labels(["b": "2", "a": "1"])),
        Case(text: "{{ range . }}{{ . }}{{ else }}empty{{ end }}", output: "empty", input: .list([])),
        Case(text: "{{ range . }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ if eq . 4 }}{{ break }}{{ end }}{{ . }}{{ end }}", output: "13", input: ints([1, 2, 3, 4, 5])),
        Case(text: "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 3 }}{{ end }}{{ $x }}", output: "2"),
        Case(text: "{{ and 1 0 2 }} {{ or 0 \"\" 3 }} {{ not 0 }} {{ and true (or false 1) }}", output: "0 3 true 1"),
        Case(text: "{{ lt 1 2 }} {{ le 2 2 }} {{ gt 1.5 2.5 }} {{ ge \"b\" \"a\" }} {{ ne \"a\" \"b\" }} {{ eq 1 2 3 1 }}", output: "true true false true true true"),
        Case(text: "{{ len \"äb\" }} {{ len . }} {{ index . \"a\" }} {{ index . \"none\" }}", output: "3 1 x ", input: .labels(["a": "x"])),
        Case(text: "{{ print 1 2 \"a\" 3 }}|{{ println \"a\" 1 }}|{{ slice \"abcdef\" 1 3 }}", output: "1 2a3|a 1\n|bc"),
        Case(text: "{{ printf \"%d %s %q %v %5.1f|%-4d|%04d %x %t %%\" 1 \"a\" \"b\" 1.5 2.25 7 42 255 true }}", output: "1 a \"b\" 1.5   2.2|7   |0042 ff true %"),
        Case(text: "{{ printf \"%d %s\" 1.5 2 }} {{ printf \"%s\" }}", output: "%!d(float64=1.5) %!s(int=2) %!s(MISSING)"),
        Case(text: "{{ printf \"%.3g %g %e %v\" 1234567.0 1234567.0 1.5 0.00001 }}", output: "1.23e+06 1.234567e+06 1.500000e+00 1e-05"),
        Case(text: "{{ 0x1F }} {{ 1_000 }} {{ 1e3 }} {{ 'a' }} {{ `raw\\n` }} {{ \"\\u00e9\\t\\x41\" }}", output: "31 1000 1000 97 raw\\n é\tA"),
        Case(text: "{{ . }}", output: "map[a:1 b:2]", input: .labels(["b": "2", "a": "1"])),
        Case(text: "{{ html \"<a>\" }} {{ urlquery \"a b&c\" }} {{ urlQueryEscape \"ä\" }}", output: "&lt;a&gt; a+b%26c %C3%A4"),
        Case(text: "{{ reReplaceAll \"^a\" \"x\" \"aaa\" }} {{ reReplaceAll \"\" \"-\" \"ab\" }} {{ reReplaceAll \"b*\" \"X\" \"abbc\" }} {{ reReplaceAll \"(?P<n>.)\" \"${n}$n.\" \"ab\" }}", output: "xaa -a-b- XaXcX aa.bb."),
        Case(text: "{{ block \"b\" . }}[{{ . }}]{{ end }}{{ template \"b\" 2 }}", output: "[1][2]", input: .int(1)),
        Case(text: "{{ (toTime 1e9).Year }} {{ (toTime 0).Weekday }} {{ toTime 1.5 }} {{ (toTime 0).Format \"02/01/06 03:04PM .000 MST Z07:00\" }}", output: "2001 Thursday 1970-01-01 00:00:01.5 +0000 UTC 01/01/70 12:00AM .000 UTC Z"),
        Case(text: "{{ toDuration 0.0015 }} {{ toDuration 90.5 }} {{ toDuration 1e-6 }} {{ (toDuration 5400).Hours }}", output: "1.5ms 1m30.5s 1µs 1.5"),
        Case(text: "{{ 123456.0 }} {{ 1234567.0 }} {{ 1e21 }} {{ 0.0001 }} {{ 0.00001 }} {{ -0.5 }}", output: "123456 1.234567e+06 1e+21 0.0001 1e-05 -0.5"),
    ]

    @Test("upstream's templates expand to upstream's texts", arguments: values)
    func value(test: Case) async throws { #expect(try await Self.expand(test) == test.output) }

    @Test("the language is Go's", arguments: grammar)
    func language(test: Case) async throws { #expect(try await Self.expand(test) == test.output) }

    static let errors: [Case] = [
        Case(text: "{{\u{A0}}}", output: "error parsing template test: template: test:1: unrecognized character in action: U+00A0"),
        Case(text: "{{", output: "error parsing template test: template: test:1: unclosed action"),
        Case(text: "{{ query \"missing\" | first }}", output: "error executing template test: template: test:1:21: executing \"test\" at <first>: error calling first: first() called on vector with no elements"),
        Case(text: "{{ (query \"missing\").banana }}", output: "error executing template test: template: test:1:10: executing \"test\" at <\"missing\">: can't evaluate field banana in type template.queryResult"),
        Case(text: "{{ humanize \"one\" }}", output: "error executing template test: template: test:1:3: executing \"test\" at <humanize \"one\">: error calling humanize: strconv.ParseFloat: parsing \"one\": invalid syntax"),
        Case(text: "{{ \"one\" | humanizePercentage }}", output: "error executing template test: template: test:1:11: executing \"test\" at <humanizePercentage>: error calling humanizePercentage: strconv.ParseFloat: parsing \"one\": invalid syntax"),
        Case(
            text: "{{ range . }}{{ humanizeTimestamp . }}:{{ end }}",
            output: "error executing template test: template: test:1:16: executing \"test\" at <humanizeTimestamp .>: error calling humanizeTimestamp: -9.223372036854776e+18 cannot be represented as a nanoseconds timestamp since it overflows int64",
            input: ints([.min])),
        Case(text: "{{ foo }}", output: "error parsing template test: template: test:1: function \"foo\" not defined"),
        Case(text: "a\n{{ $x }}", output: "error parsing template test: template: test:2: undefined variable \"$x\""),
        Case(text: "{{ if 1 }}", output: "error parsing template test: template: test:1: unexpected EOF"),
        Case(text: "{{ end }}", output: "error parsing template test: template: test:1: unexpected {{end}}"),
        Case(text: "{{ }}", output: "error parsing template test: template: test:1: missing value for command"),
        Case(text: "{{ \"a }}", output: "error parsing template test: template: test:1: unterminated quoted string"),
        Case(text: "{{ break }}", output: "error parsing template test: template: test:1: {{break}} outside {{range}}"),
        Case(text: "{{ gt 1.5 1 }}", output: "error executing template test: template: test:1:3: executing \"test\" at <gt 1.5 1>: error calling gt: incompatible types for comparison"),
        Case(text: "{{ template \"none\" }}", output: "error executing template test: template: test:1:12: executing \"test\" at <{{template \"none\"}}>: template \"none\" not defined"),
    ]

    @Test("what is wrong is said as Go says it, with its place", arguments: errors)
    func error(test: Case) async throws { #expect(try await Self.expand(test) == test.output) }

    @Test("a template that calls itself, or nests too deep, ends with an error")
    func bounds() async throws {
        let endless = try await Self.expand(Case(text: "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}", output: ""))
        #expect(endless.contains("exceeded maximum template depth"))
        let deep = try await Self.expand(Case(text: "{{ " + String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000) + " }}", output: ""))
        #expect(deep.contains("nested more than"))
        let loop = try await Self.expand(Case(text: "{{ range 1000000 }}{{ range 1000000 }}{{ end }}{{ end }}", output: ""))
        #expect(loop.contains("steps"))
    }
}
