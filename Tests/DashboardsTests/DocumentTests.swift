import Bytes
import Dashboards
import Testing

struct DocumentTests {
    @Test("a document that cannot be a dashboard is refused with the key that is wrong", arguments: [
        ("[]", "(document)"), ("{}", "title"), (#"{"title": 7}"#, "title"), (#"{"title": "  "}"#, "title"), (#"{"title": "x", "uid": "a b"}"#, "uid"),
        (#"{"title": "x", "uid": "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddd"}"#, "uid"), (#"{"title": "x", "tags": "y"}"#, "tags"), (#"{"title": "x", "tags": ["a", 1]}"#, "tags[1]"),
        (#"{"title": "x", "panels": {}}"#, "panels"), (#"{"title": "x", "panels": [{"type": "stat"}, 3]}"#, "panels[1]"), (#"{"title": "x", "panels": [{"title": "y"}]}"#, "panels[0].type"),
        (#"{"title": "x", "panels": [{"type": "stat", "targets": "up"}]}"#, "panels[0].targets"),
        (#"{"title": "x", "panels": [{"type": "stat", "gridPos": {"h": "8"}}]}"#, "panels[0].gridPos.h"),
        (#"{"title": "x", "panels": [{"type": "row", "panels": [{"type": 1}]}]}"#, "panels[0].panels[0].type"), (#"{"title": "x", "rows": [{"panels": [{}]}]}"#, "rows[0].panels[0].type"),
        (#"{"title": "x", "templating": {"list": [{"name": "job", "type": "query"}, {"type": "query"}]}}"#, "templating.list[1].name"), (#"{"title": "x", "time": "now"}"#, "time"),
        (#"{"dashboard": {"title": ""}}"#, "title"), ("{\n\"title\": \"x\",\n}", "line 3"),
    ])
    func refused(text: String, key: String) {
        let error = #expect(throws: DashboardsError.self) { try DashboardDocument(bytes: Array(text.utf8), file: "a.json") }
        guard case .invalidDocument("a.json", let found, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == key)
    }

    @Test("dashboards old and wrapped are taken", arguments: [
        #"{"title": "x"}"#, #"{"dashboard": {"title": "x", "uid": null, "id": null}, "overwrite": true}"#, #"{"title": "x", "rows": [{"panels": [{"type": "graph"}]}]}"#,
        #"{"title": " x ", "refresh": false, "panels": null}"#, "\u{FEFF}{\"title\": \"x\"}",
    ])
    func taken(text: String) throws { #expect(try DashboardDocument(bytes: Array(text.utf8), file: "a.json").title == "x") }

    @Test("a slug is what Grafana's URLs end in", arguments: [
        ("TTA.dev Workflows", "tta-dev-workflows"), ("  01 - System  Overview! ", "01-system-overview"), ("日本", "-"), ("a_b", "a_b"),
    ])
    func slugs(title: String, slug: String) { #expect(DashboardDocument.slug(of: title) == slug) }
}
