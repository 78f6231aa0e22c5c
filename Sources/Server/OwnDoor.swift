import Acquisition
import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Platform
import Synchronization

/// Scrapes over the network, but for one target: this stack's own 9090 while `web.yml` guards it. Then it is asked within the process, past
/// the gate, wherever a configuration asks for it as for an open one, so that a stack that gets a password goes on to measure itself.
final class OwnDoor: ScrapeTransport {
    typealias Routes = @Sendable (Request, SurfaceContext) async throws -> Response

    private let network: any ScrapeTransport
    private let gate: WebGate
    private let port: @Sendable () -> Int?
    private let logger: Logger
    private let routes = Mutex<Routes?>(nil)

    init(network: any ScrapeTransport, gate: WebGate, port: @escaping @Sendable () -> Int?, logger: Logger) {
        self.network = network
        self.gate = gate
        self.port = port
        self.logger = logger
    }

    /// What the door serves; the routes are made after the scrapes that they tell of.
    func attach(_ routes: @escaping Routes) { self.routes.withLock { $0 = routes } }

    func fetch(_ request: ScrapeRequest) async throws(ScrapeFailure) -> ScrapeResponse {
        guard gate.isProtected, let routes = routes.withLock({ $0 }), let path = ownPath(request), !isEquipped(request) else { return try await network.fetch(request) }
        let outcome = await withTaskGroup(of: Result<ScrapeResponse, ScrapeFailure>.self) { group in
            group.addTask { await self.ask(routes, path, request) }
            group.addTask {
                do { try await Task.sleep(nanoseconds: request.timeoutNanos) } catch { return .failure(.cancelled) }
                return .failure(.timeout)
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(.cancelled)
        }
        return try outcome.get()
    }

    /// The path and query of a URL of this machine's loopback with the door's port; nil for every other one.
    private func ownPath(_ request: ScrapeRequest) -> String? {
        guard let port = port(), let start = request.url.firstRange(of: "://")?.upperBound else { return nil }
        let rest = request.url[start...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard ["localhost:\(port)", "127.0.0.1:\(port)", "[::1]:\(port)"].contains(rest[..<slash]) else { return nil }
        return slash == rest.endIndex ? "/" : String(rest[slash...])
    }

    /// Whether the configuration brings what the gate asks for; then the request goes where everybody's go.
    private func isEquipped(_ request: ScrapeRequest) -> Bool {
        let hasTLS = gate.security == nil || request.url.hasPrefix("https://")
        return hasTLS && (!gate.wantsPassword || request.headers.contains { $0.name == "Authorization" })
    }

    private func ask(_ routes: Routes, _ path: String, _ request: ScrapeRequest) async -> Result<ScrapeResponse, ScrapeFailure> {
        var fields = HTTPFields()
        // Nothing leaves the process, so nothing is worth compressing.
        for header in request.headers where header.name != "Accept-Encoding" && header.name != "Authorization" {
            if let name = HTTPField.Name(header.name) { fields[name] = header.value }
        }
        let head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: path, headerFields: fields)
        do {
            let response = try await routes(Request(head: head, body: .init(buffer: ByteBuffer())), SurfaceContext(logger: logger))
            let body = CollectedBody(max: request.bodyBytesMax)
            try await response.body.write(body)
            return .success(ScrapeResponse(
                status: response.status.code, reason: response.status.reasonPhrase, contentType: response.headers[.contentType] ?? "",
                contentEncoding: response.headers[.contentEncoding] ?? "", body: body.bytes))
        } catch let failure as ScrapeFailure {
            return .failure(failure)
        } catch is CancellationError {
            return .failure(.cancelled)
        } catch {
            return .failure(.connection("\(error)"))
        }
    }

    /// A response's body, put together.
    private final class CollectedBody: ResponseBodyWriter, Sendable {
        private let collected = Mutex<[UInt8]>([])
        private let max: Int

        init(max: Int) { self.max = max }

        var bytes: [UInt8] { collected.withLock { $0 } }

        func write(_ buffer: ByteBuffer) async throws {
            try collected.withLock { bytes in
                guard bytes.count + buffer.readableBytes <= max else { throw ScrapeFailure.bodyTooLarge }
                bytes += buffer.readableBytesView
            }
        }

        func finish(_: HTTPFields?) async throws {}
    }
}
