import Acquisition
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Platform
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
        var proxy: ScrapeHTTPOptions.Proxy?
        /// The target's host where its certificate is for another name: connections to that name lead there.
        var connectsTo: String?
    }

    /// A client with the files' stamps it was made from. Retired, it goes when its last request is done.
    private final class Entry: Sendable {
        let client: HTTPClient
        let stamps: [FileStamp?]
        private let use = Mutex((count: 0, isRetired: false))

        init(_ client: HTTPClient, stamps: [FileStamp?]) {
            self.client = client
            self.stamps = stamps
        }

        /// false when it is going already.
        func enter() -> Bool {
            use.withLock { use in
                if !use.isRetired { use.count += 1 }
                return !use.isRetired
            }
        }

        func leave() {
            let isLast = use.withLock { use in
                use.count -= 1
                return use.isRetired && use.count == 0
            }
            if isLast { end() }
        }

        func retire() {
            let isLast = use.withLock { use in
                use.isRetired = true
                return use.count == 0
            }
            if isLast { end() }
        }

        private func end() { Task { [client] in try? await client.shutdown() } }
    }

    private let eventLoopGroup: any EventLoopGroup
    private let pool: BlockingPool
    private let entries = Mutex<[Profile: Entry]>([:])
    private static let redirectsMax = 10

    init(eventLoopGroup: any EventLoopGroup, pool: BlockingPool) {
        self.eventLoopGroup = eventLoopGroup
        self.pool = pool
    }

    func fetch(_ request: ScrapeRequest) async throws(ScrapeFailure) -> ScrapeResponse {
        let deadline = NIODeadline.now() + .nanoseconds(Int64(clamping: request.timeoutNanos))
        var profile = Profile(followsRedirects: request.followsRedirects, tls: request.tls, proxy: request.proxy)
        var outgoing = HTTPClientRequest(url: request.url)
        if let name = request.tls?.serverName, let (url, authority) = Self.renamed(request.url, to: name) {
            profile.connectsTo = Self.host(of: authority)
            outgoing.url = url
            outgoing.headers.add(name: "Host", value: String(authority))
        }
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        do {
            let entry = try await entry(for: profile)
            defer { entry.leave() }
            let response = try await entry.client.execute(outgoing, deadline: deadline)
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
        } catch let error as NIOSSLError {
            throw .connection(TLSFailure.sentence(error))
        } catch let error as NIOSSLExtraError {
            throw .connection(TLSFailure.sentence(error))
        } catch {
            throw .connection("\(error)")
        }
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

    /// The client of a profile, a new one where a file of its TLS has changed since.
    private func entry(for profile: Profile) async throws -> Entry {
        let files = profile.tls?.files ?? []
        if files.isEmpty, let known = entries.withLock({ $0[profile] }), known.enter() { return known }
        let made = try await pool.run { () throws -> Entry in
            let stamps = FileStamp.of(files)
            if let known = self.entries.withLock({ $0[profile] }), known.stamps == stamps, known.enter() { return known }
            let made = Entry(try self.make(profile), stamps: stamps)
            _ = made.enter()
            let before = self.entries.withLock { $0.updateValue(made, forKey: profile) }
            before?.retire()
            return made
        }
        return made
    }

    private func make(_ profile: Profile) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = profile.followsRedirects ? .follow(max: Self.redirectsMax, allowCycles: false) : .disallow
        configuration.httpVersion = .http1Only
        // A refused connection is the answer; the next scrape is the retry.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.tlsConfiguration = try profile.tls?.clientConfiguration()
        configuration.proxy = profile.proxy?.forClient
        if let host = profile.connectsTo, let name = profile.tls?.serverName { configuration.dnsOverride = [name: host] }
        return HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
    }

    func shutdown() async {
        let all = entries.withLock { entries in
            defer { entries = [:] }
            return Array(entries.values)
        }
        for entry in all { try? await entry.client.shutdown() }
    }
}
