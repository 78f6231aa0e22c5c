import Bytes
import Platform

/// Asks a target for its metrics and unpacks the answer.
struct ScrapeFetch: Sendable {
    struct Exposition: Sendable {
        let body: [UInt8]
        let contentType: String
    }

    enum Failure: Error, Equatable {
        case cancelled
        case bodyTooLarge
        case other(String)

        var description: String {
            switch self {
            case .cancelled: "context canceled"
            case .bodyTooLarge: "body size limit exceeded"
            case .other(let reason): reason
            }
        }
    }

    let transport: any ScrapeTransport
    let files: any FileSystem
    let blocking: BlockingPool
    let userAgent: String

    func callAsFunction(_ target: Target, _ config: ScrapeConfig) async throws(Failure) -> Exposition {
        var headers = [
            ("Accept", ScrapeProtocol.acceptHeader(config.protocols, escaping: config.nameEscaping)),
            ("Accept-Encoding", config.requestsCompression ? "gzip" : "identity"), ("User-Agent", userAgent),
            ("X-Prometheus-Scrape-Timeout-Seconds", Self.seconds(target.timeout.millis)),
        ]
        if let credentials = try await authorization(config.http.authorization) { headers.append(("Authorization", credentials)) }
        for header in config.http.headers { headers.append((header.name, try await text(header.value))) }
        let request = ScrapeRequest(
            url: target.url.text, headers: headers.map { (name: $0.0, value: $0.1) }, timeoutNanos: target.timeout.nanos, bodyBytesMax: config.bodyBytesBound,
            followsRedirects: config.http.followsRedirects, tls: config.http.tls, proxy: config.http.proxy)
        let response: ScrapeResponse
        do throws(ScrapeFailure) { response = try await transport.fetch(request) } catch {
            switch error {
            case .timeout: throw .other("Get \"\(request.url)\": context deadline exceeded")
            case .bodyTooLarge: throw .bodyTooLarge
            case .connection(let reason): throw .other("Get \"\(request.url)\": \(reason)")
            case .cancelled: throw .cancelled
            }
        }
        guard response.status == 200 else { throw .other("server returned HTTP status \(response.status) \(response.reason)") }
        return Exposition(body: try unpacked(response, limit: request.bodyBytesMax), contentType: response.contentType)
    }

    private func unpacked(_ response: ScrapeResponse, limit: Int) throws(Failure) -> [UInt8] {
        guard response.contentEncoding.lowercased() == "gzip" else {
            if response.body.count > limit { throw .bodyTooLarge }
            return response.body
        }
        do throws(ByteError) { return try Compression.gzip.decompress(response.body, limit: limit) } catch {
            if case .tooLarge = error { throw .bodyTooLarge }
            throw .other("\(error)")
        }
    }

    private func authorization(_ authorization: ScrapeHTTPOptions.Authorization) async throws(Failure) -> String? {
        switch authorization {
        case .none: return nil
        case .basic(let username, let password): return "Basic " + Base64.encode(Array("\(try await text(username)):\(try await text(password))".utf8))
        case .credentials(let type, let credentials): return "\(type) \(try await text(credentials))"
        }
    }

    private func text(_ secret: ScrapeHTTPOptions.Secret) async throws(Failure) -> String {
        switch secret {
        case .inline(let text): return text
        case .file(let path):
            let files = files
            let content: [UInt8]?
            do throws(PlatformError) { content = try await blocking.run { () throws(PlatformError) in try files.contents(path) } } catch {
                throw .other("unable to read the credentials file \(path): \(error)")
            }
            guard let content else { throw .other("unable to read the credentials file \(path): there is no such file") }
            let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
            let trimmed = content.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
            return String(decoding: trimmed, as: UTF8.self)
        }
    }

    /// `10`, `0.5`.
    private static func seconds(_ millis: Int64) -> String { millis % 1000 == 0 ? String(millis / 1000) : "\(Double(millis) / 1000)" }
}
