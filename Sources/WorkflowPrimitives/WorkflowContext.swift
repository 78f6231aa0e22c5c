#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import ObservabilityIntegration
import Synchronization
import Tracing

/// What travels with a workflow's data: says which request a workflow works for, and carries its state. Used from any task.
///
/// Executions with one context belong to one trace. `traceID` may be any text, such as `req-123`: 32 hexadecimal digits are the trace's id
/// themselves, for other text it is made from the text, always the same and the same in Python; without one the trace is that of the span that
/// runs, or a new one.
///
///     let context = WorkflowContext(traceID: "req-123")
///     let result = try await workflow.execute(data, context)
///     print(context.traceIDHex)  // look it up at http://localhost:16686/trace/<id>
public final class WorkflowContext: Sendable {
    /// A point that was reached, and when.
    public struct Checkpoint: Sendable, Equatable {
        public let name: String
        public let time: Date
    }

    private struct Changing {
        var state: [String: any Sendable]
        var checkpoints: [Checkpoint] = []
    }

    public let workflowID: String?
    public let sessionID: String?
    public let playerID: String?
    public let metadata: [String: any Sendable]
    public let traceID: String?
    /// With a `traceID` of 32 hexadecimal digits: the 16 of the caller's span, under which the workflow's is put.
    public let spanID: String?
    public let parentSpanID: String?
    /// Bit 0 says whether the caller records its trace.
    public let traceFlags: UInt8
    public let correlationID: String
    public let causationID: String?
    public let baggage: [String: String]
    public let tags: [String: String]
    public let startTime = Date()

    let trace: TraceID
    let remoteParent: TraceParent?
    private let started = ContinuousClock.now
    private let changing: Mutex<Changing>

    public convenience init(
        workflowID: String? = nil, sessionID: String? = nil, playerID: String? = nil, metadata: [String: any Sendable] = [:], state: [String: any Sendable] = [:],
        traceID: String? = nil, spanID: String? = nil, parentSpanID: String? = nil, traceFlags: UInt8 = 1, correlationID: String? = nil, causationID: String? = nil,
        baggage: [String: String] = [:], tags: [String: String] = [:]
    ) {
        let exact = traceID.flatMap { TraceID(hex: $0) }
        let parent = exact.flatMap { exact in spanID.flatMap { SpanID(hex: $0) }.map { TraceParent(traceID: exact, spanID: $0, isSampled: traceFlags & 1 == 1) } }
        let trace = traceID.map { TraceID(naming: $0) } ?? ServiceContext.current?.activeSpan?.traceID ?? .random()
        self.init(
            workflowID: workflowID, sessionID: sessionID, playerID: playerID, metadata: metadata, state: state, traceID: traceID, spanID: spanID, parentSpanID: parentSpanID,
            traceFlags: traceFlags, correlationID: correlationID, causationID: causationID, baggage: baggage, tags: tags, trace: trace, remoteParent: parent)
    }

    /// The context of a request that came with a W3C `traceparent` header: the workflow's span is put under the caller's. A header that is none
    /// is passed over, and the trace is a new one.
    public convenience init(traceparent: String?, tracestate: String? = nil, workflowID: String? = nil, metadata: [String: any Sendable] = [:], tags: [String: String] = [:]) {
        let parent = traceparent.flatMap { TraceParent(header: $0, state: tracestate) }
        self.init(
            workflowID: workflowID, sessionID: nil, playerID: nil, metadata: metadata, state: [:], traceID: parent?.traceID.hex, spanID: parent?.spanID.hex, parentSpanID: nil,
            traceFlags: parent?.isSampled == false ? 0 : 1, correlationID: nil, causationID: nil, baggage: [:], tags: tags, trace: parent?.traceID ?? .random(), remoteParent: parent)
    }

    private init(
        workflowID: String?, sessionID: String?, playerID: String?, metadata: [String: any Sendable], state: [String: any Sendable], traceID: String?, spanID: String?,
        parentSpanID: String?, traceFlags: UInt8, correlationID: String?, causationID: String?, baggage: [String: String], tags: [String: String], trace: TraceID,
        remoteParent: TraceParent?
    ) {
        (self.workflowID, self.sessionID, self.playerID, self.metadata) = (workflowID, sessionID, playerID, metadata)
        (self.traceID, self.spanID, self.parentSpanID, self.traceFlags) = (traceID, spanID, parentSpanID, traceFlags)
        (self.correlationID, self.causationID) = (correlationID ?? UUID().uuidString.lowercased(), causationID)
        (self.baggage, self.tags, self.trace, self.remoteParent) = (baggage, tags, trace, remoteParent)
        changing = Mutex(Changing(state: state))
    }

    /// A context of the same trace with a copy of `state`, so that what runs beside it is not disturbed.
    ///
    /// - Parameter workflowID: Its own; the parent's without one.
    public func createChildContext(workflowID: String? = nil) -> WorkflowContext {
        WorkflowContext(
            workflowID: workflowID ?? self.workflowID, sessionID: sessionID, playerID: playerID, metadata: metadata, state: state, traceID: traceID, spanID: nil,
            parentSpanID: spanID, traceFlags: traceFlags, correlationID: correlationID, causationID: correlationID, baggage: baggage, tags: tags, trace: trace, remoteParent: nil)
    }

    /// The id under which Jaeger has the trace.
    public var traceIDHex: String { trace.hex }

    /// What steps wrote down for those that follow.
    public var state: [String: any Sendable] { changing.withLock { $0.state } }

    /// Reads and changes the state while nobody else does.
    public func withState<R>(_ body: (inout [String: any Sendable]) throws -> R) rethrows -> R {
        try changing.withLock { changing in
            // A copy in and out, since what a caller returns may not be tied to what the lock guards.
            var state = changing.state
            changing.state = [:]
            defer { changing.state = state }
            return try body(&state)
        }
    }

    public var checkpoints: [Checkpoint] { changing.withLock { $0.checkpoints } }

    /// Notes that a point was reached, and when.
    public func checkpoint(_ name: String) {
        let reached = Checkpoint(name: name, time: Date())
        changing.withLock { $0.checkpoints.append(reached) }
    }

    /// Since the context was made.
    public var elapsed: Duration { ContinuousClock.now - started }

    /// The W3C `traceparent` header for a request to another service: the span that runs in this task. Nil outside of workflows.
    public static var currentTraceparent: String? {
        ServiceContext.current?.activeSpan.map { TraceParent(traceID: $0.traceID, spanID: $0.spanID, isSampled: $0.isSampled).header }
    }

    /// What the workflow's span says of the context: its free-form id, and what else was given.
    var rootFields: [RecordedSpan.Field] {
        let given: KeyValuePairs<String, String?> = [
            "workflow.id": traceID, "workflow.context_id": workflowID, "workflow.session_id": sessionID, "workflow.player_id": playerID,
        ]
        return tags.map { RecordedSpan.Field("workflow.tag.\($0.key)", .string($0.value)) } + given.compactMap { pair in pair.value.map { RecordedSpan.Field(pair.key, .string($0)) } }
    }

    /// Counts one more of something under a key of the state.
    func countInState(_ key: String) {
        changing.withLock { $0.state[key] = ($0.state[key] as? Int ?? 0) + 1 }
    }

    /// Appends to a list under a key of the state, which keeps the last hundred.
    func noteInState<T: Sendable>(_ key: String, _ entry: T) {
        changing.withLock { changing in
            var list = changing.state[key] as? [T] ?? []
            list.append(entry)
            changing.state[key] = Array(list.suffix(100))
        }
    }
}
