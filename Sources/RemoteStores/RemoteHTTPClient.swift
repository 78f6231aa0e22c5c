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
    private let url: String
    /// What the receiver is told that it was asked as, where `url` says something else.
    private let authority: String?
    private static let redirectsMax = 10
    private static let messageBytesMax = 64 << 10

    /// Throws when a certificate or key cannot be read.
    package init(_ options: RemoteHTTPOptions, eventLoopGroup: any EventLoopGroup) throws {
        self.options = options
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = options.followsRedirects ? .follow(max: Self.redirectsMax, allowCycles: false) : .disallow
        configuration.httpVersion = .http1Only
        // Whoever sends knows when to try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.tlsConfiguration = try options.tls.map { try $0.clientConfiguration() }
        configuration.proxy = options.proxy.map { proxy in
            .server(host: proxy.host, port: proxy.port, authorization: proxy.credentials.map { .basic(credentials: Base64.encode(Array($0.utf8))) })
        }
        var target = (url: options.url, authority: String?.none)
        if let name = options.tls?.serverName, let renamed = Self.renamed(options.url, to: name) {
            // The certificate is checked for the name, the connection goes to where the address says.
            configuration.dnsOverride = [name: Self.host(of: renamed.authority)]
            target = (renamed.url, String(renamed.authority))
        }
        (url, authority) = target
        client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
    }

    /// An `https` URL with another name for its host, and the authority that it had; nil for every other URL.
    private static func renamed(_ url: String, to name: String) -> (url: String, authority: Substring)? {
        guard url.hasPrefix("https://") else { return nil }
        let rest = url.dropFirst("https://".count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let port = authority.hasSuffix("]") ? "" : authority.lastIndex(of: ":").map { authority[$0...] } ?? ""
        return ("https://\(name)\(port)\(rest.dropFirst(authority.count))", authority)
    }

    /// `::1` of `[::1]:443`, `node` of `node:443`.
    private static func host(of authority: Substring) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[authority.index(after: authority.startIndex)..<end]) }
        return String(authority.prefix { $0 != ":" })
    }

    package func post(_ body: [UInt8], _ headers: [RemoteHTTPOptions.Header]) async -> RemoteAnswer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        if let authority { request.headers.add(name: "Host", value: authority) }
        for header in headers + options.headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        request.body = .bytes(body)
        let deadline = NIODeadline.now() + .milliseconds(options.timeoutMillis)
        do {
            for header in options.secretHeaders { request.headers.add(name: header.name, value: try header.value.text()) }
            if let authorization = try authorization { request.headers.replaceOrAdd(name: "Authorization", value: authorization) }
            let response = try await client.execute(request, deadline: deadline)
            let message = (try? await collect(response.body, before: deadline)) ?? ""
            let retryAfter = response.headers.first(name: "Retry-After").flatMap(Double.init)
            return .answered(status: Int(response.status.code), message: message, retryAfterSeconds: retryAfter)
        } catch is CancellationError {
            return .cancelled
        } catch let error as HTTPClientError where error == .cancelled {
            return .cancelled
        } catch let failure as RemoteHTTPOptions.UnreadableSecret {
            return .failed("\(failure)")
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

    private var authorization: String? {
        get throws {
            switch options.authorization {
            case .none: nil
            case .basic(let username, let password): "Basic " + Base64.encode(Array("\(try username.text()):\(try password.text())".utf8))
            case .credentials(let type, let secret): "\(type) \(try secret.text())"
            }
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
