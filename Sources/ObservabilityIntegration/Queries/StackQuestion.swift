#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A question to one of the stack's APIs: a GET whose answer is JSON.
struct StackQuestion: Sendable {
    /// Bytes of an answer; a longer one is an error.
    static let answerMax = 256 << 20

    /// Where the API is: what the caller says, or a variable of the environment, or a port of this machine.
    static func base(_ given: String?, url: String, port: String, portDefault: Int, _ environment: [String: String] = ObservabilitySettings.environment()) -> String {
        var base = given ?? environment[url] ?? "http://localhost:\(environment[port] ?? "\(portDefault)")"
        while base.hasSuffix("/") { base.removeLast() }
        return base
    }

    private struct Refusal: Decodable {
        struct Entry: Decodable { let msg: String }
        let error: String?
        let errors: [Entry]?
    }

    let url: String
    var parameters: [(String, String)] = []
    let timeout: Duration

    /// Asks, on a thread of its own; a task that is cancelled ends it.
    func answer<T: Decodable & Sendable>(as type: T.Type) async throws -> T {
        let query = parameters.map { "\($0.percentEncoded)=\($1.percentEncoded)" }.joined(separator: "&")
        guard let address = HTTPAddress("\(url)?\(query)") else {
            throw ObservabilityError.invalidSetting(name: "the URL", value: url, expected: "like http://localhost:9090")
        }
        let connection = HTTPConnection(address, bodyMax: Self.answerMax)
        let request = "GET \(address.path) HTTP/1.1\r\nHost: \(address.authority)\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
        let seconds = timeout.seconds
        let result = await withTaskCancellationHandler {
            await BackgroundThread.run { () -> Result<HTTPConnection.Answer, TCPSocket.Failure> in
                Result { () throws(TCPSocket.Failure) in try connection.exchange(Array(request.utf8), timeoutSeconds: seconds) }
            }
        } onCancel: {
            connection.cancel()
        }
        try Task.checkCancellation()
        switch result {
        case .failure(let failure): throw ObservabilityError.noAnswer(url: url, reason: failure.description)
        case .success(let answer): return try decode(answer)
        }
    }

    private func decode<T: Decodable>(_ answer: HTTPConnection.Answer) throws -> T {
        let data = Data(answer.body)
        guard answer.status == 200 else {
            let refusal = try? JSONDecoder().decode(Refusal.self, from: data)
            let words = refusal?.error ?? refusal?.errors?.map(\.msg).joined(separator: "; ")
            throw ObservabilityError.refused(url: url, status: answer.status, reason: words ?? answer.excerpt)
        }
        do {
            return try JSONDecoder().decode(T.self, from: data)
        } catch {
            throw ObservabilityError.unknownAnswer(url: url)
        }
    }

    /// Seconds since 1970, as the APIs take them.
    static func seconds(_ date: Date) -> String { TextExposition.number(date.timeIntervalSince1970) }
}
