import AsyncHTTPClient
import Bytes
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Posts to one URL over HTTP or HTTPS and keeps the connections.
package final class RemoteHTTPClient: RemoteTransport {
    private let options: RemoteHTTPOptions
    private let client: HTTPClient
    private static let redirectsMax = 10
    private static let messageBytesMax = 64 << 10
    private static let secretBytesMax = 64 << 10

    /// Throws when a certificate or key cannot be read.
    package init(_ options: RemoteHTTPOptions, eventLoopGroup: any EventLoopGroup) throws {
        self.options = options
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = options.followsRedirects ? .follow(max: Self.redirectsMax, allowCycles: false) : .disallow
        configuration.httpVersion = .http1Only
        // Whoever sends knows when to try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.tlsConfiguration = try options.tls.map(Self.configuration)
        client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
    }

    static func configuration(_ options: RemoteHTTPOptions.TLS) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let file = options.caFile { configuration.trustRoots = .file(file) }
        if let file = options.certificateFile { configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) } }
        if let file = options.keyFile { configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: file, format: .pem)) }
        if options.skipsVerification { configuration.certificateVerification = .none }
        return configuration
    }

    package func post(_ body: [UInt8], _ headers: [RemoteHTTPOptions.Header]) async -> RemoteAnswer {
        var request = HTTPClientRequest(url: options.url)
        request.method = .POST
        for header in headers + options.headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        request.body = .bytes(body)
        let deadline = NIODeadline.now() + .milliseconds(options.timeoutMillis)
        do {
            if let authorization = try authorization { request.headers.replaceOrAdd(name: "Authorization", value: authorization) }
            let response = try await client.execute(request, deadline: deadline)
            let message = (try? await collect(response.body, before: deadline)) ?? ""
            let retryAfter = response.headers.first(name: "Retry-After").flatMap(Double.init)
            return .answered(status: Int(response.status.code), message: message, retryAfterSeconds: retryAfter)
        } catch is CancellationError {
            return .cancelled
        } catch let error as HTTPClientError where error == .cancelled {
            return .cancelled
        } catch let failure as SecretFailure {
            return .failed(failure.reason)
        } catch let error as NIOConnectionError {
            return .failed(Self.reason(error))
        } catch let error as IOError {
            return .failed(strerror(error.errnoCode).map { String(cString: $0).lowercased() } ?? error.description)
        } catch {
            return .failed("\(error)")
        }
    }

    /// The deadline of `execute` ends with the head, so the body is raced against it here.
    private func collect(_ body: HTTPClientResponse.Body, before deadline: NIODeadline) async throws -> String {
        try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask { String(buffer: try await body.collect(upTo: Self.messageBytesMax)) }
            group.addTask {
                try await Task.sleep(nanoseconds: UInt64(max(0, (deadline - .now()).nanoseconds)))
                return ""
            }
            defer { group.cancelAll() }
            return try await group.next() ?? ""
        }
    }

    private struct SecretFailure: Error { let reason: String }

    private var authorization: String? {
        get throws {
            switch options.authorization {
            case .none: nil
            case .basic(let username, let password): "Basic " + Base64.encode(Array("\(username):\(try Self.text(password))".utf8))
            case .credentials(let type, let secret): "\(type) \(try Self.text(secret))"
            }
        }
    }

    /// A small file, read as often as it is needed, so that who changes it need not reload.
    private static func text(_ secret: RemoteHTTPOptions.Secret) throws -> String {
        switch secret {
        case .inline(let text): return text
        case .file(let path):
            guard let file = fopen(path, "r") else { throw SecretFailure(reason: "\(path) cannot be read: \(String(cString: strerror(errno)))") }
            defer { fclose(file) }
            var buffer = [UInt8](repeating: 0, count: secretBytesMax)
            let count = fread(&buffer, 1, buffer.count, file)
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        }
    }

    /// Why no connection came about, in the words that Prometheus has for it.
    static func reason(_ error: NIOConnectionError) -> String {
        if error.dnsAError != nil, error.dnsAAAAError != nil || error.connectionErrors.isEmpty { return "dial tcp: lookup \(error.host): no such host" }
        guard let failure = error.connectionErrors.last, let cause = failure.error as? IOError, let words = strerror(cause.errnoCode) else { return error.description }
        let address = failure.target.ipAddress.map { "\($0.contains(":") ? "[\($0)]" : $0):\(error.port)" } ?? "\(error.host):\(error.port)"
        return "dial tcp \(address): connect: \(String(cString: words).lowercased())"
    }

    package func close() async { try? await client.shutdown() }
}
