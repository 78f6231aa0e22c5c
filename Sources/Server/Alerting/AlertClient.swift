import Alerting
import AsyncHTTPClient
import Bytes
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Platform
import Synchronization

/// Posts alerts over HTTP and HTTPS. Secrets that stand in files are read for every request.
final class AlertClient: AlertTransport {
    /// What makes two receivers need clients of their own.
    private struct Profile: Hashable {
        var followsRedirects: Bool
        var tls: DeliveryHTTP.TLS?
    }

    private let eventLoopGroup: any EventLoopGroup
    private let files: any FileSystem
    private let pool: BlockingPool
    private let clients = Mutex<[Profile: HTTPClient]>([:])
    private static let redirectsMax = 10
    /// What is kept of an answer, for messages.
    private static let answerBytesMax = 512

    init(eventLoopGroup: any EventLoopGroup, files: any FileSystem, pool: BlockingPool) {
        self.eventLoopGroup = eventLoopGroup
        self.files = files
        self.pool = pool
    }

    func post(_ request: AlertRequest) async throws(AlertTransportFailure) -> AlertResponse {
        var outgoing = HTTPClientRequest(url: try await text(request.url))
        outgoing.method = .POST
        outgoing.headers.add(name: "Content-Type", value: "application/json")
        outgoing.headers.add(name: "User-Agent", value: request.userAgent)
        if let authorization = try await authorization(request.http.authorization) { outgoing.headers.add(name: "Authorization", value: authorization) }
        outgoing.body = .bytes(ByteBuffer(bytes: request.body))
        let deadline = NIODeadline.now() + .milliseconds(request.timeoutMillis)
        do {
            let client = try client(for: Profile(followsRedirects: request.http.followsRedirects, tls: request.http.tls))
            let response = try await client.execute(outgoing, deadline: deadline)
            return AlertResponse(status: Int(response.status.code), body: await beginning(of: response.body, before: deadline))
        } catch is CancellationError {
            throw .cancelled
        } catch let error as HTTPClientError {
            switch error {
            case .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout: throw .timeout
            case .cancelled: throw .cancelled
            case .invalidURL, .emptyHost, .emptyScheme: throw .unusable("the address cannot be used: \(error.description)")
            default: throw .connection(error.description)
            }
        } catch let error as NIOConnectionError {
            throw .connection(ScrapeClient.reason(error))
        } catch {
            throw .connection("\(error)")
        }
    }

    /// The first bytes of an answer; nothing when they do not come in time. What follows is not waited for.
    private func beginning(of body: HTTPClientResponse.Body, before deadline: NIODeadline) async -> String {
        await withTaskGroup(of: [UInt8].self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                do {
                    for try await buffer in body {
                        bytes += buffer.readableBytesView.prefix(Self.answerBytesMax - bytes.count)
                        if bytes.count >= Self.answerBytesMax { break }
                    }
                } catch {
                    return bytes
                }
                return bytes
            }
            group.addTask {
                try? await Task.sleep(nanoseconds: UInt64(max(0, (deadline - .now()).nanoseconds)))
                return []
            }
            defer { group.cancelAll() }
            var text = String(decoding: await group.next() ?? [], as: UTF8.self)
            while text.last?.isWhitespace == true { text.removeLast() }
            return text
        }
    }

    private func authorization(_ authorization: DeliveryHTTP.Authorization) async throws(AlertTransportFailure) -> String? {
        switch authorization {
        case .none: nil
        case .basic(let username, let password): "Basic " + Base64.encode(Array("\(username):\(try await text(password))".utf8))
        case .credentials(let type, let credentials): "\(type) \(try await text(credentials))"
        }
    }

    private func text(_ secret: DeliveryHTTP.Secret) async throws(AlertTransportFailure) -> String {
        guard case .file(let path) = secret else {
            if case .inline(let text) = secret { return text }
            return ""
        }
        let files = files
        let content: [UInt8]?
        do throws(PlatformError) { content = try await pool.run { () throws(PlatformError) in try files.contents(path) } } catch { throw .unusable("unable to read \(path): \(error)") }
        guard let content else { throw .unusable("unable to read \(path): there is no such file") }
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        return String(decoding: content.drop(while: isBlank).reversed().drop(while: isBlank).reversed(), as: UTF8.self)
    }

    private func client(for profile: Profile) throws -> HTTPClient {
        try clients.withLock { clients in
            if let client = clients[profile] { return client }
            var configuration = HTTPClient.Configuration()
            configuration.redirectConfiguration = profile.followsRedirects ? .follow(max: Self.redirectsMax, allowCycles: false) : .disallow
            configuration.httpVersion = .http1Only
            // Whether and when to try again is decided elsewhere.
            configuration.connectionPool.retryConnectionEstablishment = false
            if let options = profile.tls {
                var tls = TLSConfiguration.makeClientConfiguration()
                if let file = options.caFile { tls.trustRoots = .file(file) }
                if let file = options.certificateFile { tls.certificateChain = try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) } }
                if let file = options.keyFile { tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: file, format: .pem)) }
                if options.skipsVerification { tls.certificateVerification = .none }
                configuration.tlsConfiguration = tls
            }
            let client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
            clients[profile] = client
            return client
        }
    }

    func shutdown() async {
        let all = clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in all { try? await client.shutdown() }
    }
}
