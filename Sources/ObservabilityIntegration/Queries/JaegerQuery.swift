#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A trace as Jaeger's API has it.
public struct JaegerTrace: Sendable, Equatable, Decodable {
    /// A value of a span's or a process's tag.
    public enum Value: Sendable, Equatable, CustomStringConvertible {
        case text(String)
        case flag(Bool)
        case number(Double)

        public var description: String {
            switch self {
            case .text(let text): text
            case .flag(let flag): "\(flag)"
            case .number(let number): TextExposition.number(number)
            }
        }
    }

    /// What a span stands below, or is linked to.
    public struct Reference: Sendable, Equatable, Decodable {
        /// `CHILD_OF` or `FOLLOWS_FROM`.
        public let refType: String
        public let traceID: String
        public let spanID: String
    }

    public struct Span: Sendable, Equatable {
        public let traceID: String
        public let spanID: String
        public let operationName: String
        public let references: [Reference]
        public let startTime: Date
        public let duration: Duration
        public let tags: [String: Value]
        /// Which of the trace's `processes` it ran in.
        public let processID: String
    }

    public struct Process: Sendable, Equatable {
        public let serviceName: String
        public let tags: [String: Value]
    }

    public let traceID: String
    public let spans: [Span]
    public let processes: [String: Process]
}

/// Searches traces, the newest first.
///
/// - Parameters:
///   - service: The application, as it was named to `initializeObservability`.
///   - operation: A span's name, such as `workflow.execute`.
///   - limit: How many traces at most.
///   - tags: Attributes that one span of the trace must have.
///   - startTime: Since when; without it, and without `endTime`, the last hour is searched.
///   - url: Where Jaeger's API is; without it `JAEGER_URL`, or port `JAEGER_PORT` (16686) of localhost.
/// - Throws: `ObservabilityError.noAnswer` where nobody answers, `.unknownAnswer` where it is not the stack, `.refused` in Jaeger's words, `CancellationError`.
public func queryJaegerTraces(
    service: String, operation: String? = nil, limit: Int = 20, tags: [String: String] = [:], startTime: Date? = nil, endTime: Date? = nil,
    minDuration: Duration? = nil, maxDuration: Duration? = nil, url: String? = nil, timeout: Duration = .seconds(30)
) async throws -> [JaegerTrace] {
    let base = StackQuestion.base(url, url: "JAEGER_URL", port: "JAEGER_PORT", portDefault: 16_686)
    var question = StackQuestion(url: "\(base)/api/traces", timeout: timeout)
    question.parameters = [("service", service), ("limit", "\(limit)"), ("lookback", "1h")]
    if let operation { question.parameters.append(("operation", operation)) }
    if !tags.isEmpty {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        question.parameters.append(("tags", String(decoding: try encoder.encode(tags), as: UTF8.self)))
    }
    if startTime != nil || endTime != nil {
        let end = endTime ?? Date()
        for (name, moment) in [("start", startTime ?? end.addingTimeInterval(-3_600)), ("end", end)] {
            question.parameters.append((name, "\(Int64((moment.timeIntervalSince1970 * 1e6).rounded()))"))
        }
    }
    if let minDuration { question.parameters.append(("minDuration", "\(minDuration.microseconds)us")) }
    if let maxDuration { question.parameters.append(("maxDuration", "\(maxDuration.microseconds)us")) }
    return try await question.answer(as: JaegerAnswer.self).data ?? []
}

private struct JaegerAnswer: Decodable, Sendable {
    let data: [JaegerTrace]?
}

extension Duration {
    fileprivate var microseconds: Int64 { Int64((seconds * 1e6).rounded()) }
}

/// `{"key": …, "type": …, "value": …}`
private struct Tag: Decodable {
    private enum Key: String, CodingKey { case key, value }

    let key: String
    let value: JaegerTrace.Value

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        key = try fields.decode(String.self, forKey: .key)
        if let flag = try? fields.decode(Bool.self, forKey: .value) {
            value = .flag(flag)
        } else if let number = try? fields.decode(Double.self, forKey: .value) {
            value = .number(number)
        } else {
            value = .text(try fields.decode(String.self, forKey: .value))
        }
    }

    static func dictionary(_ tags: [Tag]?) -> [String: JaegerTrace.Value] { Dictionary((tags ?? []).map { ($0.key, $0.value) }) { first, _ in first } }
}

extension JaegerTrace.Span: Decodable {
    private enum Key: String, CodingKey { case traceID, spanID, operationName, references, startTime, duration, tags, processID }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        traceID = try fields.decode(String.self, forKey: .traceID)
        spanID = try fields.decode(String.self, forKey: .spanID)
        operationName = try fields.decode(String.self, forKey: .operationName)
        references = try fields.decodeIfPresent([JaegerTrace.Reference].self, forKey: .references) ?? []
        startTime = Date(timeIntervalSince1970: try fields.decode(Double.self, forKey: .startTime) / 1e6)
        duration = .microseconds(try fields.decode(Int64.self, forKey: .duration))
        tags = Tag.dictionary(try fields.decodeIfPresent([Tag].self, forKey: .tags))
        processID = try fields.decode(String.self, forKey: .processID)
    }
}

extension JaegerTrace.Process: Decodable {
    private enum Key: String, CodingKey { case serviceName, tags }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        serviceName = try fields.decode(String.self, forKey: .serviceName)
        tags = Tag.dictionary(try fields.decodeIfPresent([Tag].self, forKey: .tags))
    }
}
