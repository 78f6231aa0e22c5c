import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JaegerAPI
import NIOCore
import Platform
import TraceModel
import TraceStore

/// Jaeger's port over a store on a simulated disk, without a socket.
final class Door: Sendable {
    struct Answer {
        var status: HTTPResponse.Status
        var bytes: [UInt8]
        var contentType: String
        var text: String { String(decoding: bytes, as: UTF8.self) }
        func json() throws -> JSONValue { try JSONParser.parse(bytes) }
    }

    static let nowMillis: Int64 = 1_700_000_000_000
    let store: TraceStore
    let clock = ManualClock(unixMillis: nowMillis)
    private let pool: BlockingPool
    private let application: Application<RouterResponder<SurfaceContext>>

    init() throws {
        store = try TraceStore.open("/traces", on: SimulatedDisk(), clock: clock).store
        pool = try BlockingPool(threads: 1)
        let router = SurfaceRouter.make(envelope: JaegerEnvelope())
        JaegerAPI(reader: store, pool: pool, clock: clock).addRoutes(to: router)
        SurfaceRouter.closeMethods(of: router)
        application = Application(router: router)
    }

    /// Opens a door for as long as `body` runs.
    static func with<R>(_ body: (Door) async throws -> R) async throws -> R {
        let door = try Door()
        do {
            let result = try await body(door)
            await door.close()
            return result
        } catch {
            await door.close()
            throw error
        }
    }

    private func close() async {
        await store.close()
        pool.close()
    }

    func get(_ uri: String) async throws -> Answer { try await send(.get, uri, []) }
    func post(_ uri: String, _ body: [UInt8]) async throws -> Answer { try await send(.post, uri, body) }

    func send(_ method: HTTPRequest.Method, _ uri: String, _ body: [UInt8]) async throws -> Answer {
        try await application.test(.router) { client in
            try await client.execute(uri: uri, method: method, body: ByteBuffer(bytes: body)) { response in
                Answer(status: response.status, bytes: Array(response.body.readableBytesView), contentType: response.headers[.contentType] ?? "")
            }
        }
    }
}
