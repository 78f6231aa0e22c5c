import Hummingbird
import PrometheusAPI
import Testing

/// A request that is begun on its connection's event loop keeps others waiting until it goes elsewhere.
@Suite("Where requests are begun")
struct QueryBeginningTests {
    @Test("short queries are begun on the loop, long ones and everything else are not", arguments: [
        (HTTPRequest.Method.get, "/api/v1/query?query=up", nil, true), (.get, "/api/v1/query_range?query=up&start=0&end=1&step=1", nil, true), (.post, "/api/v1/query", "8", true),
        (.post, "/api/v1/query_range?x=1", "4096", true), (.post, "/api/v1/query", "4097", false), (.post, "/api/v1/query", nil, false), (.post, "/api/v1/query", "many", false),
        (.get, "/api/v1/query?query=" + String(repeating: "1+", count: 4_000) + "1", nil, false), (.get, "/api/v1/query_exemplars?query=up", nil, false), (.post, "/api/v1/write", "8", false),
        (.get, "/metrics", nil, false),
    ] as [(HTTPRequest.Method, String, String?, Bool)])
    func begun(_ method: HTTPRequest.Method, _ path: String, _ length: String?, _ onLoop: Bool) {
        var request = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path)
        request.headerFields[.contentLength] = length
        #expect(PrometheusAPI.goesElsewhere(request) == onLoop)
    }
}
