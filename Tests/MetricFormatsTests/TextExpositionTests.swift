import MetricFormats
import MetricModel
import Testing

@Suite("Text expositions, written")
struct TextExpositionTests {
    private let families = [
        MetricFamily("requests_total", .counter, "Requests\nwith a \\ and a \"quote\".", points: [
            .init("requests_total", [("path", "a\"b\\c\nd")], 1_234_567), .init("requests_total", [], 3),
        ]),
        MetricFamily("up", .unknown, "", points: [.init("up", [], 0.5)]),
        MetricFamily("my.name", .gauge, "Dotted.", points: [.init("my.name", [("a.b", "c"), ("d", "")], -.infinity)]),
    ]

    @Test("text 0.0.4 has help, type, escapes and Go's numbers")
    func text() {
        #expect(String(decoding: TextExposition.encode(families), as: UTF8.self) == #"""
            # HELP requests_total Requests\nwith a \\ and a "quote".
            # TYPE requests_total counter
            requests_total{path="a\"b\\c\nd"} 1.234567e+06
            requests_total 3
            # TYPE up untyped
            up 0.5
            # HELP "my.name" Dotted.
            # TYPE "my.name" gauge
            {"my.name","a.b"="c",d=""} -Inf

            """#)
    }

    @Test("OpenMetrics drops the counter's suffix from its family, has fractions and an end")
    func openMetrics() {
        #expect(String(decoding: TextExposition.encode(families, format: .openMetrics), as: UTF8.self) == #"""
            # HELP requests Requests\nwith a \\ and a \"quote\".
            # TYPE requests counter
            requests_total{path="a\"b\\c\nd"} 1.234567e+06
            requests_total 3.0
            # TYPE up unknown
            up 0.5
            # HELP "my.name" Dotted.
            # TYPE "my.name" gauge
            {"my.name","a.b"="c",d=""} -Inf
            # EOF

            """#)
    }

    @Test("numbers are laid out as Go's 'g' lays them out", arguments: [
        (0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (999_999, "999999"), (1_000_000, "1e+06"), (123_456_789, "1.23456789e+08"), (0.0001, "0.0001"), (0.00001, "1e-05"),
        (0.000123, "0.000123"), (1.5, "1.5"), (100_000.25, "100000.25"), (1e21, "1e+21"), (.leastNonzeroMagnitude, "5e-324"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
        (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (1_700_000_000.123, "1.700000000123e+09"), (-0.025, "-0.025"),
    ] as [(Double, String)])
    func numbers(value: Double, text: String) { #expect(ExpositionNumber.text(value) == text) }
}
