import Bytes
import MetricFormats
import MetricModel
import Testbed
import Testing

struct ProtobufExpositionTests {
    typealias Histogram = ProtobufFamily.Histogram

    /// An exposition read to its end: families as `name kind help unit`, series as `labels value @time # exemplars`, native histograms as `labels {…}`.
    private static func read(_ body: [UInt8], native: Bool = true, classic: Bool = false, keyBytesMax: Int = 1 << 30) throws -> [String] {
        var options = ProtobufExpositionParser.Options()
        (options.ignoresNativeHistograms, options.keepsClassicHistograms, options.keyBytesMax) = (!native, classic, keyBytesMax)
        return try body.withUnsafeBufferPointer { bytes in
            var parser = ProtobufExpositionParser(bytes, options: options)
            var lines: [String] = []
            var keys: Set<[UInt8]> = []
            while let entry = try parser.next() {
                guard entry != .family else {
                    let texts = [parser.help, parser.unit].map { String(decoding: $0, as: UTF8.self) }
                    lines.append("\(String(decoding: parser.family, as: UTF8.self)) \(parser.kind) '\(texts[0])' '\(texts[1])'")
                    continue
                }
                #expect(parser.key.first == 0)
                #expect(keys.insert(parser.key).inserted, "two series have one key")
                var line = "\(Labels(try parser.labels()))"
                line += entry == .histogram ? " \(try #require(parser.histogram))" : " \(parser.value)"
                if entry == .histogram, parser.histogram?.counterReset == .gauge { line += " gauge" }
                if let timestamp = parser.timestamp { line += " @\(timestamp)" }
                let exemplars = try parser.exemplars(at: 77)
                #expect(exemplars.isEmpty || parser.hasExemplars)
                for exemplar in exemplars { line += " # \(exemplar.labels) \(exemplar.value) @\(exemplar.timestamp)\(exemplar.hasTimestamp ? "" : " not told")" }
                lines.append(line)
            }
            return lines
        }
    }

    private static func family(_ name: String, _ kind: ProtobufFamily.Kind, _ values: ProtobufFamily.Value...) -> [UInt8] {
        var family = ProtobufFamily(name, kind)
        for (index, value) in values.enumerated() { family.add(values.count == 1 ? [] : [("i", "\(index)")], value) }
        return family.delimited
    }

    /// Five observations in native buckets, and the same in classic ones.
    private static let both = Histogram {
        ($0.count, $0.sum, $0.schema, $0.zeroThreshold, $0.zeroCount) = (5, 8.5, 0, 0.001, 1)
        $0.positive = .init(spans: [(0, 2), (3, 1)], deltas: [1, 0, 0])
        $0.negative = .init(spans: [(1, 1)], deltas: [1])
        $0.buckets = [.init(0.5, 2), .init(2, 3)]
    }

    @Test("every type becomes the series that the text format has; bounds are written as OpenMetrics writes numbers")
    func types() throws {
        var requests = ProtobufFamily("requests_total", .counter, help: "How many.", unit: "requests")
        requests.add([("path", "/a"), ("code", "200")], .counter(3), at: 1_000)
        requests.add([("path", "/\"ü"), ("code", "500")], .counter(4, .init([("trace_id", "t")], 0.5, at: 1_234)), at: -5)
        var level = ProtobufFamily("level", .gauge, help: "Ünicode.")
        level.add([], .gauge(-0.5))
        var summary = ProtobufFamily("took", .summary)
        summary.add([("a", "b")], .summary(count: 4, sum: 1.5, quantiles: [(0.5, 0.1), (1, 0.9)]))
        summary.add([("a", "c")], .summary(count: 0, sum: 0, quantiles: []))
        let body = requests.delimited + level.delimited + summary.delimited + Self.family("old", .untyped, .untyped(.infinity)) + ProtobufFamily("empty", .gauge).delimited
            + Self.family("classic", .histogram, .histogram(Histogram { ($0.count, $0.sum, $0.buckets) = (3, 2, [.init(1, 1), .init(.infinity, 3)]) }))
            // A value of another type than the family's is none.
            + Self.family("odd", .counter, .gauge(7))
        #expect(try Self.read(body) == [
            "requests_total counter 'How many.' 'requests'", #"requests_total{code="200", path="/a"} 3.0 @1000"#,
            #"requests_total{code="500", path="/\"ü"} 4.0 @-5 # {trace_id="t"} 0.5 @1234"#,
            "level gauge 'Ünicode.' ''", "level -0.5",
            "took summary '' ''", #"took_count{a="b"} 4.0"#, #"took_sum{a="b"} 1.5"#, #"took{a="b", quantile="0.5"} 0.1"#, #"took{a="b", quantile="1.0"} 0.9"#,
            #"took_count{a="c"} 0.0"#, #"took_sum{a="c"} 0.0"#,
            "old unknown '' ''", "old inf",
            "classic histogram '' ''", "classic_count 3.0", "classic_sum 2.0", #"classic_bucket{le="1.0"} 1.0"#, #"classic_bucket{le="+Inf"} 3.0"#,
            "odd counter '' ''", "odd 0.0",
        ])
    }

    @Test("a histogram with both is native, or classic, or both, as the options ask", arguments: [(true, false), (true, true), (false, false), (false, true)])
    func bothHistograms(native: Bool, classic: Bool) throws {
        let lines = try Self.read(Self.family("h", .histogram, .histogram(Self.both)), native: native, classic: classic)
        let nativeLine = "h {count:5, sum:8.5, [-2,-1):1, [-0.001,0.001]:1, (0.5,1]:1, (1,2]:1, (16,32]:1}"
        let classicLines = ["h_count 5.0", "h_sum 8.5", #"h_bucket{le="0.5"} 2.0"#, #"h_bucket{le="2.0"} 3.0"#, #"h_bucket{le="+Inf"} 5.0"#]
        #expect(lines.dropFirst() == (native ? [nativeLine] : []) + (classic || !native ? classicLines : []))
    }

    @Test("native histograms lose their empty buckets; repeated numbers may come packed or one by one", arguments: [true, false])
    func integers(isPacked: Bool) throws {
        let body = Self.family("h", .gaugeHistogram, .histogram(Histogram {
            ($0.count, $0.sum, $0.isPacked) = (6, 1, isPacked)
            $0.positive = .init(spans: [(-2, 3), (0, 1), (2, 2)], deltas: [0, 2, -2, 1, -1, 3])
        }))
        #expect(try Self.read(body).dropFirst() == ["h {count:6, sum:1, (0.25,0.5]:2, (1,2]:1, (16,32]:3} gauge"])
    }

    @Test("counts of doubles make a histogram of doubles; counts and spans decide whether it is native at all")
    func doubles() throws {
        let body = Self.family(
            "h", .histogram,
            .histogram(Histogram {
                ($0.countFloat, $0.zeroCountFloat, $0.zeroThreshold) = (3.5, 0.5, 1)
                $0.positive = .init(spans: [(1, 2)], counts: [1.25, 1.75])
            }),
            // A span of no buckets says that it is native, although nothing was observed.
            .histogram(Histogram { $0.positive.spans = [(0, 0)] }),
            // Nothing says so: it is classic, with counts of doubles.
            .histogram(Histogram { ($0.countFloat, $0.sum, $0.buckets) = (2.5, 1, [.init(1, 0, float: 0.5)]) }))
        #expect(try Self.read(body).dropFirst() == [
            #"h{i="0"} {count:3.5, sum:0, [-1,1]:0.5, (1,2]:1.25, (2,4]:1.75}"#, #"h{i="1"} {count:0, sum:0}"#,
            #"h_count{i="2"} 2.5"#, #"h_sum{i="2"} 1.0"#, #"h_bucket{i="2", le="1.0"} 0.5"#, #"h_bucket{i="2", le="+Inf"} 2.5"#,
        ])
    }

    @Test("exemplars: one a classic bucket, with the sample's time where it has none; all that have a time of a native histogram, its own before its buckets'")
    func exemplars() throws {
        let at = { (trace: String, value: Double, time: Int64?) in ProtobufFamily.Exemplar([("t", trace)], value, at: time) }
        var own = Self.both
        own.exemplars = [at("late", 3, 900), at("none", 1, nil), at("early", 2, 800), at("early, less", 1, 800)]
        own.buckets[0].exemplar = at("bucket", 0.1, 700)
        var borrowed = Self.both
        borrowed.buckets[0].exemplar = at("timeless", 0.1, nil)
        borrowed.buckets[1].exemplar = at("second", 0.6, 650)
        let lines = try Self.read(Self.family("h", .histogram, .histogram(own), .histogram(borrowed)), classic: true)
        func found(_ name: String) -> [Substring] { lines.filter { $0.hasPrefix(name) }.flatMap { $0.split(separator: " # ").dropFirst() } }
        #expect(found(#"h{i="0"}"#) == [#"{t="early, less"} 1.0 @800"#, #"{t="early"} 2.0 @800"#, #"{t="late"} 3.0 @900"#])
        #expect(found(#"h_bucket{i="0""#) == [#"{t="bucket"} 0.1 @700"#])
        #expect(found(#"h{i="1"}"#) == [#"{t="second"} 0.6 @650"#])
        #expect(found(#"h_bucket{i="1""#) == [#"{t="timeless"} 0.1 @77 not told"#, #"{t="second"} 0.6 @650"#])
        #expect(found("h_sum") + found("h_count") == [])
    }

    @Test("what is no exposition is refused with what is wrong", arguments: [
        (ProtobufFamily("", .gauge), "is not a metric name"), (ProtobufFamily("m", kind: 6), "metric type 6 of \"m\" does not exist"),
    ])
    func families(family: ProtobufFamily, reason: String) throws {
        var family = family
        family.add([], .gauge(1))
        let error = #expect(throws: MetricFormatError.self) { try Self.read(family.delimited) }
        #expect("\(try #require(error))".contains(reason), "\(String(describing: error))")
    }

    @Test("labels without a name, named twice, or in the way of a bound are refused", arguments: [
        ([("", "x")], "invalid label name"), ([("a", "1"), ("a", "2")], "label name \"a\" is not unique"), ([("__name__", "x")], "label name \"__name__\" is not unique"),
        ([("le", "1")], "label name \"le\" is not unique"),
    ])
    func labels(labels: [(String, String)], reason: String) throws {
        var family = ProtobufFamily("m", .histogram)
        family.add(labels, .histogram(Histogram { $0.count = 1 }))
        let error = #expect(throws: MetricFormatError.self) { try Self.read(family.delimited) }
        #expect("\(try #require(error))".contains(reason), "\(String(describing: error))")
    }

    @Test("text that is not UTF-8, spans without their buckets, fields laid out wrongly and groups are refused", arguments: [
        ([0x0A, 1, 0xFF, 0x22, 0], "is not a metric name"),
        ([0x0A, 1, 0x6D, 0x12, 1, 0xFF, 0x22, 0], "the help of metric \"m\" is not UTF-8"),
        ([0x0A, 1, 0x6D, 0x22, 8, 0x0A, 6, 0x0A, 1, 0x61, 0x12, 1, 0xFF], "the value of label \"a\" is not UTF-8"),
        // Four thousand million buckets announced, one there.
        ([0x0A, 1, 0x6D, 0x18, 4, 0x22, 13, 0x3A, 11, 0x62, 6, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x6A, 1, 2], "positive side: spans require 4294967295 buckets, have 1"),
        ([0x08, 1], "field 1 is laid out"), ([0x0A, 1, 0x6D, 0x18, 1, 0x22, 3, 0x12, 1, 0x08], "field 1 is laid out"), ([0x0B], "tag 11 does not exist"),
    ] as [([UInt8], String)])
    func bytes(message: [UInt8], reason: String) throws {
        let error = #expect(throws: MetricFormatError.self) { try Self.read([UInt8(message.count)] + message) }
        #expect("\(try #require(error))".contains(reason), "\(String(describing: error))")
    }

    @Test("a body that ends early is an error, wherever it ends but between families")
    func truncated() throws {
        let families = [Self.family("a", .counter, .counter(1), .counter(2)), Self.family("h", .histogram, .histogram(Self.both)), Self.family("s", .summary, .summary(count: 1, sum: 2, quantiles: [(0.5, 1)]))]
        let whole = families.reduce([], +)
        let ends = [0, families[0].count, families[0].count + families[1].count, whole.count]
        for length in 0...whole.count {
            let part = Array(whole[..<length])
            if ends.contains(length) { _ = try Self.read(part) } else { #expect(throws: MetricFormatError.self) { try Self.read(part) } }
        }
    }

    @Test("bytes changed at random are read or refused, and never more is made of them than was asked for")
    func hostile() {
        var random = SeededGenerator(11)
        let whole = Self.family("a", .counter, .counter(1, .init([("t", "x")], 1)), .counter(2)) + Self.family("h", .histogram, .histogram(Self.both), .histogram(Self.both))
        var refused = 0
        for _ in 0..<4_000 {
            var body = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) { body[Int.random(in: body.indices, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            body.withUnsafeBufferPointer { bytes in
                var options = ProtobufExpositionParser.Options()
                options.keepsClassicHistograms = true
                var parser = ProtobufExpositionParser(bytes, options: options)
                var entries = 0
                do {
                    while try parser.next() != nil {
                        entries += 1
                        _ = try? parser.labels()
                        _ = try? parser.exemplars(at: 1)
                    }
                } catch { refused += 1 }
                #expect(entries < body.count)
            }
        }
        #expect(refused > 500)
    }

    @Test("a long name with many series is bounded by what the series are together")
    func amplification() throws {
        var family = ProtobufFamily(String(repeating: "n", count: 1_000), .histogram)
        family.add([], .histogram(Histogram { $0.buckets = (0..<100).map { ProtobufFamily.Bucket(Double($0), 1) } }))
        #expect(try Self.read(family.delimited, keyBytesMax: 1 << 20).count == 104)
        let error = #expect(throws: MetricFormatError.self) { try Self.read(family.delimited, keyBytesMax: 50_000) }
        #expect("\(try #require(error))".contains("more than 50000 bytes"))
    }
}
