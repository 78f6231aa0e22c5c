import Acquisition
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Fetches expositions over HTTP and HTTPS. Connections to a target are kept between scrapes.
final class ScrapeClient: ScrapeTransport {
    /// What makes two targets need clients of their own.
    private struct Profile: Hashable {
        var followsRedirects: Bool
        var tls: ScrapeHTTPOptions.TLS?
    }

    private let eventLoopGroup: any EventLoopGroup
    private let clients = Mutex<[Profile: HTTPClient]>([:])
    private static let redirectsMax = 10

    init(eventLoopGroup: any EventLoopGroup) { self.eventLoopGroup = eventLoopGroup }

    func fetch(_ request: ScrapeRequest) async throws(ScrapeFailure) -> ScrapeResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        let deadline = NIODeadline.now() + .nanoseconds(Int64(clamping: request.timeoutNanos))
        do {
            let client = try client(for: Profile(followsRedirects: request.followsRedirects, tls: request.tls))
            let response = try await client.execute(outgoing, deadline: deadline)
            let body = try await collect(response.body, upTo: request.bodyBytesMax, before: deadline)
            return ScrapeResponse(
                status: Int(response.status.code), reason: response.status.reasonPhrase, contentType: response.headers.first(name: "Content-Type") ?? "",
                contentEncoding: response.headers.first(name: "Content-Encoding") ?? "", body: body)
        } catch let failure as ScrapeFailure {
            throw failure
        } catch is CancellationError {
            throw .cancelled
        } catch let error as HTTPClientError {
            switch error {
            case .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout: throw .timeout
            case .cancelled: throw .cancelled
            default: throw .connection(error.description)
            }
        } catch is NIOTooManyBytesError {
            throw .bodyTooLarge
        } catch let error as NIOConnectionError {
            throw .connection(Self.reason(error))
        } catch {
            throw .connection("\(error)")
        }
    }

    /// Why no connection came about, in the words that Prometheus has for it: `dial tcp 127.0.0.1:9464: connect: connection refused`.
    static func reason(_ error: NIOConnectionError) -> String {
        if error.dnsAError != nil, error.dnsAAAAError != nil || error.connectionErrors.isEmpty { return "dial tcp: lookup \(error.host): no such host" }
        guard let failure = error.connectionErrors.last, let cause = failure.error as? IOError, let words = strerror(cause.errnoCode) else { return error.description }
        let address = failure.target.ipAddress.map { "\($0.contains(":") ? "[\($0)]" : $0):\(error.port)" } ?? "\(error.host):\(error.port)"
        return "dial tcp \(address): connect: \(String(cString: words).lowercased())"
    }

    /// The deadline of `execute` ends with the head, so the body is raced against it here.
    private func collect(_ body: HTTPClientResponse.Body, upTo limit: Int, before deadline: NIODeadline) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { Array(try await body.collect(upTo: limit).readableBytesView) }
            group.addTask {
                try await Task.sleep(nanoseconds: UInt64(max(0, (deadline - .now()).nanoseconds)))
                throw ScrapeFailure.timeout
            }
            defer { group.cancelAll() }
            guard let bytes = try await group.next() else { throw ScrapeFailure.cancelled }
            return bytes
        }
    }

    private func client(for profile: Profile) throws -> HTTPClient {
        try clients.withLock { clients in
            if let client = clients[profile] { return client }
            var configuration = HTTPClient.Configuration()
            configuration.redirectConfiguration = profile.followsRedirects ? .follow(max: Self.redirectsMax, allowCycles: false) : .disallow
            configuration.httpVersion = .http1Only
            // A refused connection is the answer; the next scrape is the retry.
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.tlsConfiguration = try profile.tls.map(Self.tls)
            let client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
            clients[profile] = client
            return client
        }
    }

    private static func tls(_ options: ScrapeHTTPOptions.TLS) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let file = options.caFile { configuration.trustRoots = .file(file) }
        if let file = options.certificateFile {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
        }
        if let file = options.keyFile { configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: file, format: .pem)) }
        if options.skipsVerification { configuration.certificateVerification = .none }
        return configuration
    }

    func shutdown() async {
        let all = clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in all { try? await client.shutdown() }
    }
}
