import HTTPTypes
import Hummingbird

/// A refusal on its way to a client, before the door's envelope gives it the shape that the door's clients expect.
package struct SurfaceError: Error, Sendable, CustomStringConvertible {
    package var status: HTTPResponse.Status
    /// One sentence: what was wrong, where, and what would be right.
    package var message: String
    package var headers: HTTPFields

    package init(_ status: HTTPResponse.Status, _ message: String, headers: HTTPFields = [:]) {
        self.status = status
        self.message = message
        self.headers = headers
    }

    package var description: String { "\(status.code): \(message)" }
}
