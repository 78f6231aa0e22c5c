import Bytes
import HTTPSurface
import TraceModel

/// The envelope of v1 answers (`structuredResponse` of `http_handler.go`).
struct JaegerAnswer {
    struct Failure {
        var code = 0
        var message: String
        var traceID: TraceID?
    }

    var total = 0
    var failures: [Failure] = []

    /// The answer's bytes; `data` writes the member `data`.
    func encode(capacity: Int = 4096, _ data: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(capacity: capacity)
        json.object { json in
            json.key("data")
            data(&json)
            json.member("total", total)
            json.member("limit", 0)
            json.member("offset", 0)
            json.key("errors")
            guard !failures.isEmpty else { return json.null() }
            json.array { json in
                for failure in failures {
                    json.object { json in
                        if failure.code != 0 { json.member("code", failure.code) }
                        json.member("msg", failure.message)
                        if let traceID = failure.traceID { json.member("traceID", traceID.jaegerText) }
                    }
                }
            }
        }
        return json.finish()
    }
}

/// Jaeger's way to tell of an error: the v1 envelope without data, sent as text, as Go's `http.Error` does.
package struct JaegerEnvelope: ErrorEnvelope {
    package init() {}

    package func encode(_ error: SurfaceError) -> (contentType: String, body: [UInt8]) {
        let answer = JaegerAnswer(failures: [JaegerAnswer.Failure(code: error.status.code, message: error.message)])
        return ("text/plain; charset=utf-8", answer.encode { $0.null() } + [UInt8(ascii: "\n")])
    }
}
