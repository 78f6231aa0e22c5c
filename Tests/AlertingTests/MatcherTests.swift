import Alerting
import MetricModel
import Testing

struct MatcherTests {
    @Test("both syntaxes are read, sorted and written as upstream writes them", arguments: [
        (["severity=\"critical\""], "{severity=\"critical\"}"),
        (["severity=critical"], "{severity=\"critical\"}"),
        (["{foo = \"bar\", dings != \"bums\", }"], "{dings!=\"bums\",foo=\"bar\"}"),
        (["a=~\"x|y\"", "b!~z.*"], "{a=~\"x|y\",b!~\"z.*\"}"),
        (["quote=\"She said: \\\"Hi, all\\\"\""], "{quote=\"She said: \\\"Hi, all\\\"\"}"),
        (["foo="], "{foo=\"\"}"),
        (["a=\\d"], "{a=\"\\\\d\"}"),
        (["\"with space\"=\"🙂\""], "{\"with space\"=\"🙂\"}"),
        (["grün=ja"], "{grün=\"ja\"}"),
        (["{}"], "{}"),
        ([], "{}"),
        (["b=1,a=2"], "{a=\"2\",b=\"1\"}"),
    ])
    func reads(lines: [String], text: String) throws { #expect(try AlertMatchers(lines: lines).description == text) }

    @Test("what is no matcher is refused with a reason", arguments: ["", "foo", "=bar", "foo=\"bar", "a=b c=\"d\"e\"", "foo=~\"(\"", "foo==\"bar\"x\""])
    func refuses(line: String) {
        // An empty line holds no matcher, which upstream takes.
        if line.isEmpty { #expect(throws: Never.self) { try AlertMatchers(lines: [line]) } } else { #expect(throws: AlertingError.self) { try AlertMatchers(lines: [line]) } }
    }

    @Test("a label that is not there is the empty string")
    func absentLabel() throws {
        let labels = Labels(["a": "1"])
        #expect(try AlertMatchers(lines: ["b=\"\""]).matches(labels))
        #expect(try AlertMatchers(lines: ["b!=x", "a=~\"[0-9]\""]).matches(labels))
        #expect(try !AlertMatchers(lines: ["b=~\".+\""]).matches(labels))
    }

    @Test("fingerprints are Prometheus's")
    func fingerprints() {
        // From prometheus/common's model.LabelSet.Fingerprint, as Alertmanager's API shows them.
        #expect(Fixture.alert([:]).fingerprintText == "cbf29ce484222325")
        #expect(Fixture.alert(["alertname": "Up"]).fingerprintText == Self.fnv("alertname\u{0}Up\u{0}"))
        #expect(Fixture.alert(["b": "2", "a": "1"]).fingerprintText == Self.fnv("a\u{0}1\u{0}b\u{0}2\u{0}"))
    }

    /// FNV-1a in which NUL stands for the byte that separates.
    private static func fnv(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1 == 0 ? 0xFF : $1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
