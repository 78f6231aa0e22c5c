import Bytes
import OTLP
import Platform
import Testing
import TraceModel

/// Jaeger's fixtures, which stand beside the checkout where they were fetched.
enum Conformance {
    private static let folder: String = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return root + "/../shared/conformance/jaeger"
    }()

    static let isPresent = (try? Disk().status(folder)) != nil
    static let absent: Comment = "the conformance data is not at ../shared/conformance"

    static func json(_ name: String) throws -> JSONValue { try JSONParser.parse(bytes(name)) }

    static func bytes(_ name: String) throws -> [UInt8] {
        try #require(try Disk().contents("\(folder)/\(name)"), "\(name) is missing from the conformance data")
    }

    /// The names of the traces that there are, without `.json`.
    static let traceNames: [String] = {
        guard let names = try? Disk().list(folder + "/traces") else { return [] }
        return names.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    }()

    static func trace(_ name: String) throws -> [ResourceSpans] { try OTLPTraces.decode(json: bytes("traces/\(name).json")) }
}
