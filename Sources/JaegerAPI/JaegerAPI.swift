import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import OTLP
import Platform
import TraceModel
import TraceQuery
import TraceStore

/// The routes of Jaeger's query service on 16686: HTTP API v1, which scripts, Grafana and Jaeger's page up to 2.9 speak.
///
/// Errors are thrown as `SurfaceError`; the door's envelope is `JaegerEnvelope`. Source: `cmd/jaeger/internal/extension/jaegerquery`,
/// and for the routes that 2.10 gave up its parent of commit 639eefe04.
package struct JaegerAPI: Sendable {
    /// How traces are shown.
    package struct Options: Sendable {
        /// The farthest that spans of another host are moved to lie within their parent; 0, Jaeger's default, moves none.
        package var clockSkewNanosMax: Int64
        package init(clockSkewNanosMax: Int64 = 0) { self.clockSkewNanosMax = clockSkewNanosMax }
    }

    let reader: any TraceReader
    let pool: BlockingPool
    let clock: any TimeSource
    let limits: BodyLimits
    let options: Options

    /// - Parameter pool: where reads run, which may block on the disk.
    package init(reader: any TraceReader, pool: BlockingPool, clock: any TimeSource = SystemClock(), limits: BodyLimits = BodyLimits(), options: Options = Options()) {
        self.reader = reader
        self.pool = pool
        self.clock = clock
        self.limits = limits
        self.options = options
    }

    package func addRoutes(to router: some RouterMethods<SurfaceContext>) {
        router.get("/api/services", use: services)
        router.get("/api/services/:service/operations", use: operationNames)
        router.get("/api/operations", use: operations)
        router.get("/api/traces", use: search)
        router.get("/api/traces/:traceID", use: trace)
        router.get("/api/dependencies", use: dependencies)
        router.post("/api/transform", use: transform)
    }

    /// Runs a read off the cooperative pool and tells of its failure as the API does.
    func read<T: Sendable>(_ body: @escaping @Sendable (any TraceReader) throws(TraceStoreError) -> T) async throws -> T {
        let reader = reader
        do throws(TraceStoreError) {
            return try await pool.run { () throws(TraceStoreError) -> T in try body(reader) }
        } catch {
            switch error {
            case .unsearchable: throw SurfaceError(.badRequest, error.description)
            case .closed: throw SurfaceError(.serviceUnavailable, error.description, headers: [.retryAfter: "1"])
            default: throw SurfaceError(.internalServerError, error.description)
            }
        }
    }

    /// Answers with JSON, laid out for reading when `prettyPrint` says so.
    func answer(_ body: [UInt8], _ form: FormParameters, _ request: Request) -> Response {
        let isPretty = switch form["prettyPrint"] {
        case nil, "", "false": false
        default: true
        }
        return .json(isPretty ? JSONIndent.indent(body) : body, for: request)
    }
}
