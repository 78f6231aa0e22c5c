import AsyncHTTPClient
import Bytes
import NIOCore
import Server

/// One question to a server that speaks Prometheus's API.
struct QueryClient {
    /// What an answer may be at most.
    private static let answerBytesMax = 512 << 20

    private let base: String
    private let access: ClientAccess

    init(server: String, access: ClientAccess) {
        base = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.access = access
    }

    /// The body of a successful answer.
    func ask(_ path: String, _ parameters: [(String, String)]) async throws(QueryFailure) -> [UInt8] {
        guard base.hasPrefix("http://") || base.hasPrefix("https://") else { throw .unreachable(server: base, reason: "this is not a URL such as http://localhost:9090") }
        let url = base + path
        let client: HTTPClient
        let headers: [(name: String, value: String)]
        do {
            var configuration = try access.clientConfiguration(.enabled(limit: .size(Self.answerBytesMax)))
            configuration.timeout = .init(connect: .seconds(5))
            headers = try access.headers()
            client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        } catch {
            throw .unreachable(server: base, reason: "\(error)")
        }
        let outcome: Result<(status: UInt, body: [UInt8]), any Error>
        do {
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            request.headers.add(name: "User-Agent", value: "obstack-query")
            for header in headers { request.headers.add(name: header.name, value: header.value) }
            request.body = .bytes(ByteBuffer(string: parameters.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")))
            // The server bounds the query; a client that gives up first would not learn why.
            let response = try await client.execute(request, timeout: .hours(24))
            outcome = .success((response.status.code, [UInt8](buffer: try await response.body.collect(upTo: Self.answerBytesMax))))
        } catch {
            outcome = .failure(error)
        }
        try? await client.shutdown()
        switch outcome {
        case .failure(let error): throw .unreachable(server: base, reason: DemoExporter.reason(error))
        case .success(let answer) where answer.status == 200: return answer.body
        case .success(let answer):
            if answer.status == 401 { throw .unintelligible(url: url, reason: "it wants a password: give one with --http.config.file") }
            guard let document = try? JSONParser.parse(answer.body), let type = document["errorType"]?.string, let reason = document["error"]?.string else {
                throw .unintelligible(url: url, reason: "status \(answer.status)")
            }
            throw .refused(type: type, reason: reason)
        }
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
