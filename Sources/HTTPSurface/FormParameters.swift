import HTTPTypes
import Hummingbird

/// Parameters of a request: those of the URL and, for a form body, those of the body first, as Go's `Request.Form` has them.
package struct FormParameters: Sendable {
    package var pairs: [(name: String, value: String)]

    /// Reads the query string and, for POST and PUT with `application/x-www-form-urlencoded`, the body.
    package init(_ request: Request, limits: BodyLimits) async throws {
        pairs = []
        if request.method == .post || request.method == .put, request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true {
            pairs += Self.parse(try await request.decodedBody(limits))
        }
        pairs += Self.parse(Array((request.uri.query ?? "").utf8))
    }

    /// Reads a query string.
    package init(query: String) { pairs = Self.parse(Array(query.utf8)) }

    /// The first value under `name`; nil when absent, "" when given without a value.
    package subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    package func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    private static func parse(_ bytes: [UInt8]) -> [(name: String, value: String)] {
        bytes.split(separator: UInt8(ascii: "&")).map { pair in
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return (PercentEncoding.decode(pair, plusIsSpace: true), "") }
            return (PercentEncoding.decode(pair[..<equals], plusIsSpace: true), PercentEncoding.decode(pair[(equals + 1)...], plusIsSpace: true))
        }
    }
}
