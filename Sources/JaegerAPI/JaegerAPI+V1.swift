import Bytes
import HTTPSurface
import Hummingbird
import OTLP
import TraceModel
import TraceQuery
import TraceStore

extension JaegerAPI {
    /// A part of the path without its percent-encoding, as Go's `url.QueryUnescape` reads it.
    private static func decoded(_ part: String) -> String {
        FormParameters(query: "part=" + part.split(separator: "&", omittingEmptySubsequences: false).joined(separator: "%26"))["part"] ?? ""
    }

    @Sendable func services(_ request: Request, _ context: SurfaceContext) async throws -> Response {
        let services = try await read { (reader) throws(TraceStoreError) in try reader.services() }
        return answer(
            JaegerAnswer(total: services.count).encode { $0.strings(services, orNull: false) }, FormParameters(query: request.uri.query ?? ""), request)
    }

    @Sendable func operationNames(_ request: Request, _ context: SurfaceContext) async throws -> Response {
        let service = Self.decoded(try context.parameters.require("service"))
        let operations = try await read { (reader) throws(TraceStoreError) in try reader.operations(service: service, kind: nil) }
        var names: [String] = []
        for operation in operations where names.last != operation.name { names.append(operation.name) }
        return answer(
            JaegerAnswer(total: names.count).encode { $0.strings(names, orNull: true) }, FormParameters(query: request.uri.query ?? ""), request)
    }

    @Sendable func operations(_ request: Request, _ context: SurfaceContext) async throws -> Response {
        let form = FormParameters(query: request.uri.query ?? "")
        guard let service = form["service"], !service.isEmpty else { throw SurfaceError(.badRequest, "parameter 'service' is required") }
        var kind: Span.Kind?
        if let text = form["spanKind"], !text.isEmpty {
            guard let known = Span.Kind(text: text) ?? (text.lowercased() == "unspecified" ? .unspecified : nil) else {
                return answer(JaegerAnswer().encode { $0.array { _ in } }, form, request)
            }
            kind = known
        }
        let operations = try await read { [kind] (reader) throws(TraceStoreError) in try reader.operations(service: service, kind: kind) }
        let body = JaegerAnswer(total: operations.count).encode { json in
            json.array { json in
                for operation in operations {
                    json.object { json in
                        json.member("name", operation.name)
                        json.member("spanKind", operation.kind.text)
                    }
                }
            }
        }
        return answer(body, form, request)
    }

    @Sendable func search(_ request: Request, _ context: SurfaceContext) async throws -> Response {
        let form = FormParameters(query: request.uri.query ?? "")
        let parameters = try SearchParameters(form, nowUnixNano: clock.unixNanos)
        let clockSkewNanosMax = options.clockSkewNanosMax
        let body = try await read { (reader) throws(TraceStoreError) in
            var result = JaegerAnswer()
            var traces: [Trace] = []
            if parameters.traceIDs.isEmpty {
                traces = try reader.find(parameters.search)
            } else {
                for id in parameters.traceIDs {
                    if let trace = try reader.trace(id) { traces.append(trace) } else { result.failures.append(.init(message: "trace not found", traceID: id)) }
                }
            }
            return Self.encode(traces, isRaw: parameters.isRaw, clockSkewNanosMax: clockSkewNanosMax, result)
        }
        return answer(body, form, request)
    }

    @Sendable func trace(_ request: Request, _ context: SurfaceContext) async throws -> Response {
        let form = FormParameters(query: request.uri.query ?? "")
        let text = Self.decoded(try context.parameters.require("traceID"))
        guard let id = TraceIDText.parse(text) else { throw SurfaceError(.badRequest, TraceIDText.refusal(text)) }
        // A time window only helps a store to find the trace; ours needs none.
        _ = try (SearchParameters.time(form, "start", nanosPerUnit: 1000), SearchParameters.time(form, "end", nanosPerUnit: 1000))
        let isRaw = try SearchParameters.bool(form, "raw")
        let clockSkewNanosMax = options.clockSkewNanosMax
        let body = try await read { (reader) throws(TraceStoreError) in
            try reader.trace(id).map { Self.encode([$0], isRaw: isRaw, clockSkewNanosMax: clockSkewNanosMax, JaegerAnswer()) }
        }
        guard let body else { throw SurfaceError(.notFound, "trace not found") }
        return answer(body, form, request)
    }

    private static func encode(_ traces: [Trace], isRaw: Bool, clockSkewNanosMax: Int64, _ result: JaegerAnswer) -> [UInt8] {
        result.encode(capacity: 64 << 10) { json in
            json.array { json in
                for trace in traces {
                    let shown = isRaw ? AdjustedTrace(trace) : AdjustedTrace.standard(trace, clockSkewNanosMax: clockSkewNanosMax)
                    JaegerTrace(shown).write(into: &json)
                }
            }
        }
    }

    @Sendable func dependencies(_ request: Request, _ context: SurfaceContext) async throws -> Response {
        let form = FormParameters(query: request.uri.query ?? "")
        let end = try SearchParameters.time(form, "endTs", nanosPerUnit: 1_000_000) ?? clock.unixNanos
        var lookback = SearchParameters.dependencyLookbackMillisDefault * 1_000_000
        if let given = try SearchParameters.time(form, "lookback", nanosPerUnit: 1_000_000) { lookback = given }
        let service = form["service"] ?? ""
        let range: ClosedRange<UInt64> = lookback < 0 || end < 0 ? UInt64.max ... UInt64.max : UInt64(max(end - lookback, 0)) ... UInt64(end)
        let links = try await read { (reader) throws(TraceStoreError) in try reader.dependencies(startUnixNano: range) }
        let body = JaegerAnswer().encode { json in
            json.array { json in
                for link in links where service.isEmpty || link.parent == service || link.child == service {
                    json.object { json in
                        json.member("parent", link.parent)
                        json.member("child", link.child)
                        json.member("callCount", link.callCount)
                    }
                }
            }
        }
        return answer(body, form, request)
    }

    /// Shows an OTLP JSON body as the API shows stored traces, nothing adjusted and nothing stored.
    @Sendable func transform(_ request: Request, _ context: SurfaceContext) async throws -> Response {
        let body = try await request.decodedBody(limits)
        let batch: [ResourceSpans]
        do throws(OTLPError) {
            batch = try OTLPTraces.decode(json: body)
        } catch {
            throw SurfaceError(.badRequest, "cannot unmarshal OTLP : \(error)")
        }
        return answer(Self.transformed(batch), FormParameters(query: request.uri.query ?? ""), request)
    }

    private static func transformed(_ batch: [ResourceSpans]) -> [UInt8] {
        var order: [TraceID] = []
        var spans: [TraceID: [JaegerTrace.Span]] = [:]
        let whole = JaegerTrace(AdjustedTrace(Trace(id: TraceID(high: 0, low: 0), resourceSpans: batch)), fillingNames: false)
        for span in whole.spans {
            if spans[span.traceID] == nil { order.append(span.traceID) }
            spans[span.traceID, default: []].append(span)
        }
        return JaegerAnswer().encode(capacity: 64 << 10) { json in
            json.array { json in for id in order { JaegerTrace(spans: spans[id] ?? []).write(into: &json) } }
        }
    }
}
