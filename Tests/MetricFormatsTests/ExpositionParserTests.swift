import MetricFormats
import MetricModel
import Testing

@Suite("Text expositions, read")
struct ExpositionParserTests {
    @Test("text 0.0.4: series are read as Prometheus reads them", arguments: [
        ("a 1\n", ["a 1.0"]), ("a 1", ["a 1.0"]), ("a 1 -0\n", nil), ("  a\t 1.5e3  123 \n", ["a 1500.0 @123"]),
        ("a{} 1\n", ["a 1.0"]), ("a{b=\"c\"}1\n", [#"a{b="c"} 1.0"#]), ("a { b = \"c\" , d=\"e\", } 1\n", [#"a{b="c", d="e"} 1.0"#]), ("a{b=\"c\" d=\"e\"} 1\n", [#"a{b="c", d="e"} 1.0"#]),
        ("{\"a.b\",c=\"d\"} 1\n", [#"{"a.b", c="d"} 1.0"#]), ("{c=\"d\",\"a\"} 1\n", [#"a{c="d"} 1.0"#]), ("a{\"b.c\"=\"d\"} 1\n", [#"a{"b.c"="d"} 1.0"#]),
        ("a{b=\"\\\\\\n\\\"\\x\"} 1\n", [#"a{b="\\\n\"\\x"} 1.0"#]), ("a{b=\"x\ny\"} 1\n", [#"a{b="x\ny"} 1.0"#]), ("a{b=\"}{,=#\"} 1\n", [##"a{b="}{,=#"} 1.0"##]),
        ("a +Inf\nb -inf\nc NaN\nd infinity\n", ["a inf", "b -inf", "c nan", "d inf"]), ("a:b_c1 .5\n\n\n# x\n#y\nb 1.\n", ["a:b_c1 0.5", "b 1.0"]),
        ("a 1 9223372036854775807\n", ["a 1.0 @9223372036854775807"]), ("", []), ("\n \t\n", []), ("a{b=\"\"} 1\n", ["a 1.0"]),
        // What it refuses.
        ("a", nil), ("a \n", nil), ("a b\n", nil), ("a 0x1p3\n", nil), ("a 1_0\n", nil), ("a 1e400\n", nil), ("a -nan\n", nil), ("a 1 1.5\n", nil), ("a 1 -1\n", nil),
        ("a 1 9223372036854775808\n", nil), ("a 1 2 3\n", nil), ("a{b} 1\n", nil), ("a{b=c} 1\n", nil), ("a{=\"c\"} 1\n", nil), ("a{1=\"c\"} 1\n", nil), ("a{b=\"c\"\n", nil), ("a{b=\"c 1\n", nil),
        ("a{,} 1\n", nil), ("a{b=\"c\",,} 1\n", nil), ("{b=\"c\"} 1\n", nil), ("{} 1\n", nil), ("{\"a\",\"b\"} 1\n", nil), ("a{\"b\"} 1\n", nil), ("a{b=\"c\",b=\"d\"} 1\n", nil),
        ("a{__name__=\"c\"} 1\n", nil), ("1a 1\n", nil), ("é 1\n", nil), ("a 1\r\n", nil), ("a{b=\"x\\\ny\"} 1\n", nil), ("\u{0}a 1\n", nil), ("a{b:c=\"d\"} 1\n", nil), ("a{b=\"c\"} 1 # {} 1\n", nil),
    ] as [(String, [String]?)])
    func text(body: String, series: [String]?) { #expect((try? Exposition.read(body, .text))?.series == series, "\(Result { try Exposition.read(body, .text) })") }

    @Test("OpenMetrics: series are read as Prometheus reads them", arguments: [
        ("a 1\n# EOF\n", ["a 1.0"]), ("a 1\n# EOF", ["a 1.0"]), ("a 1 1.5\n# EOF\n", ["a 1.0 @1500"]), ("a 1 -1.0004\n# EOF\n", ["a 1.0 @-1000"]), ("a{b=\"c\",} 1\n# EOF\n", [#"a{b="c"} 1.0"#]),
        (##"a_total{b="# {"} 1 2 # {c="d",e="} 1"} 0.5 3.25"## + "\n# EOF\n", [##"a_total{b="# {"} 1.0 @2000 # {c="d", e="} 1"} 0.5 @3250"##]), ("a 1 # {} 2\n# EOF\n", ["a 1.0 # {} 2.0"]),
        ("a 1", nil), ("a 1\n", nil), ("", nil), ("\n# EOF\n", nil), ("a  1\n# EOF\n", nil), ("a\t1\n# EOF\n", nil), (" a 1\n# EOF\n", nil), ("a 1 \n# EOF\n", nil), ("a{b=\"c\"}1\n# EOF\n", nil),
        ("a{ b=\"c\"} 1\n# EOF\n", nil), ("a{b=\"x\ny\"} 1\n# EOF\n", nil), ("a 1 NaN\n# EOF\n", nil), ("a 1 1e300\n# EOF\n", nil), ("a 1\n# EOF\n\n", nil), ("a 1\n#comment\n# EOF\n", nil),
        ("a 1 # {b} 1\n# EOF\n", nil), ("a 1 # {b=\"c\"}\n# EOF\n", nil), ("a 1 # {\"b\"} 1\n# EOF\n", nil), ("a 1 # {b=\"c\"} 1 2 \n# EOF\n", nil), ("a 1 #{} 1\n# EOF\n", nil),
    ] as [(String, [String]?)])
    func openMetrics(body: String, series: [String]?) { #expect((try? Exposition.read(body, .openMetrics))?.series == series, "\(Result { try Exposition.read(body, .openMetrics) })") }

    @Test("metadata lines are read; what only looks like them is a comment", arguments: [
        ("# HELP a some \\\\ text\\nwith \\\"\n# TYPE a counter\n", ["help a some \\ text\nwith \\\"", "type a counter"]), ("# TYPE a untyped", ["type a unknown"]), ("#  TYPE\ta\tgauge\n", ["type a gauge"]),
        ("# HELP \"a.b\" x\n", ["help a.b x"]), ("# HELP a\n# HELP a   \n", ["help a ", "help a "]), ("# HELP a  x\n", ["help a  x"]), ("#HELP a x\n# HELPS a x\n# TYPE\n# UNIT a x\n#\n", Array(repeating: "comment", count: 5)),
        ("# TYPE a stateset\n", nil), ("# TYPE a meh\n", nil), ("# TYPE a counter \n", nil), ("# HELP 1 x\n", nil), ("# HELP \"a x\n", nil), ("# TYPE a\n", nil),
    ] as [(String, [String]?)])
    func metadata(body: String, entries: [String]?) { #expect((try? Exposition.read(body, .text))?.metadata == entries, "\(Result { try Exposition.read(body, .text) })") }

    @Test("bucket bounds and quantiles are written one way, under their types only")
    func normalizesBounds() throws {
        let read = try Exposition.read(
            """
            # TYPE h histogram
            h_bucket{le="1"} 1
            h_bucket{le="1e6"} 1
            h_bucket{le="0.10"} 1
            h_bucket{le="+inf",quantile="1"} 1
            # TYPE s summary
            s{quantile="1",le="1"} 1
            s{quantile="x"} 1
            # TYPE g gauge
            g{le="1",quantile="1"} 1

            """, .text)
        #expect(read.series == [
            #"h_bucket{le="1.0"} 1.0"#, #"h_bucket{le="1e+06"} 1.0"#, #"h_bucket{le="0.1"} 1.0"#, #"h_bucket{le="+Inf", quantile="1"} 1.0"#,
            #"s{le="1", quantile="1.0"} 1.0"#, #"s{quantile="x"} 1.0"#, #"g{le="1", quantile="1"} 1.0"#,
        ])
    }

    @Test("label values and help that are not UTF-8 are refused", arguments: ["a{b=\"\u{1}\"} 1\n", "# HELP a \u{1}\n"])
    func invalidUTF8(template: String) {
        let body = template.utf8.map { $0 == 1 ? 0xFF : $0 }
        #expect(throws: MetricFormatError.self) { try Exposition.read(body, .text) }
    }

    @Test("an error names its line and place")
    func place() {
        #expect(throws: MetricFormatError.malformedText(line: 3, offset: 13, reason: #"expected a value, found "x""#)) { try Exposition.read("a 1\n# foo\nbc x\n", .text) }
        #expect(throws: MetricFormatError.malformedText(line: 2, offset: 14, reason: "expected a label value in double quotes")) { try Exposition.read("a 1\na{b=\"1\",c='2'} 1\n", .text) }
    }

    @Test("NaN is the one that Prometheus stores")
    func canonicalNaN() throws {
        let body = Array("a nan\n".utf8)
        try body.withUnsafeBufferPointer { bytes in
            var parser = ExpositionParser(bytes, dialect: .text)
            _ = try parser.next()
            #expect(parser.value.bitPattern == Staleness.normalNaN.bitPattern)
        }
    }

    @Test("what is written is read back", arguments: [TextExposition.Format.text, .openMetrics])
    func roundTrip(format: TextExposition.Format) throws {
        let families = [
            MetricFamily("a_total", .counter, "Help with \\ and\nline.", points: [.init("a_total", [("x", "1\n2\"3\\4\\n")], 1e300), .init("a_total", [("é", "ü")], 0.1)]),
            MetricFamily("b.c", .gauge, "x", points: [.init("b.c", [], -3), .init("b.c", [("d.e", "}")], .nan)]),
        ]
        let read = try Exposition.read(TextExposition.encode(families, format: format), format == .text ? .text : .openMetrics)
        #expect(read.series == families.flatMap { $0.points.map { "\(Labels([(LabelName.metric, $0.name)] + $0.labels)) \($0.value.isNaN ? "nan" : "\($0.value)")" } })
        #expect(read.metadata.contains("help \(format == .text ? "a_total" : "a") Help with \\ and\nline."))
    }

    @Test("damaged expositions end in an error or in fewer series, never worse", arguments: [ExpositionParser.Dialect.text, .openMetrics])
    func damaged(dialect: ExpositionParser.Dialect) {
        var random = SplitMix(state: 7)
        let good = Array("# TYPE a histogram\n# HELP a x\na_bucket{le=\"1\",b=\"c\\n\"} 1 1 # {id=\"x\"} 2 3\na_bucket{le=\"+Inf\"} 12345.678\n{\"x.y\",z=\"1\"} NaN\n# EOF\n".utf8)
        let pieces = Array("\"\\{}=,# \n\t01x.+-\u{0}".utf8)
        for _ in 0..<20_000 {
            var body = Array(good.prefix(Int(random.next() % UInt64(good.count + 1))))
            for _ in 0..<(random.next() % 4) where !body.isEmpty { body[Int(random.next() % UInt64(body.count))] = pieces[Int(random.next() % UInt64(pieces.count))] }
            if let read = try? Exposition.read(body, dialect) { #expect(read.series.count <= body.count { $0 == UInt8(ascii: "\n") } + 1) }
        }
    }
}
