import Bytes
import MetricFormats
import Testing

@Suite("OpenMetrics, by its own test cases", .enabled(if: Conformance.isPresent, "no shared conformance data beside the package"))
struct OpenMetricsConformanceTests {
    @Test("the strict verdict agrees with the case", arguments: Conformance.names(in: "openmetrics"))
    func verdict(name: String) throws {
        let expectation = try JSONParser.parse(Conformance.bytes("openmetrics/\(name)/test.json"))
        let shouldParse = expectation["shouldParse"] == .bool(true)
        let body = try Conformance.bytes("openmetrics/\(name)/metrics")
        do throws(MetricFormatError) {
            try OpenMetricsRules.check(body)
            #expect(shouldParse, "accepted what must be refused")
        } catch {
            #expect(!shouldParse, "refused what must be accepted: \(error)")
        }
    }

    @Test("real scrapes parse completely", arguments: [
        ("alltypes.237mfs.prom.txt", ExpositionParser.Dialect.text), ("alltypes.237mfs.nometa.prom.txt", .text), ("alltypes.5mfs.om.txt", .openMetrics),
        ("1histogram.om.txt", .openMetrics),
    ])
    func realScrapes(file: String, dialect: ExpositionParser.Dialect) throws {
        let body = try Conformance.bytes("exposition/\(file)")
        let lines = body.split(separator: UInt8(ascii: "\n")).filter { $0.first != UInt8(ascii: "#") }.count
        let read = try Exposition.read(body, dialect)
        #expect(read.series.count == lines)
        #expect(read.series.count > 10)
    }
}
