import Bytes
import Synchronization
import TraceModel

/// The spans that arrived between two seals, in memory, numbered and searchable. They stand in the log as well.
///
/// Writers enter before they write to the log and leave after their spans are in, so that a generation can be sealed once it is
/// retired and everyone has left.
final class Generation: Sendable {
    private struct State: ~Copyable {
        var strings = StringTable()
        var blobs = ByteArena()
        var rows = StableVector<SpanRow>()
        var traces = TraceTable()
        var scopes: [SpanScope] = []
        /// Scope numbers by their blobs' bytes, which tell apart what `String` and `Double` hold equal.
        var scopeNumbers: [[UInt8]: UInt32] = [:]
        var scopeBlobs = StableVector<StringEntry>()
        var scratch = ByteWriter(capacity: 4096)
        var operations: [String: Set<TraceOperation>] = [:]
        /// When the first batch arrived; nil while empty.
        var firstArrivalNanos: Int64?

        var byteCount: Int { strings.byteCount + blobs.byteCount + rows.byteCount + traces.byteCount + scopes.count * 512 }
    }

    private let state = Mutex(State())
    private let byteCountNow = Atomic<Int>(0)
    private let writers = Atomic<Int>(0)

    private let numberNow = Atomic<UInt64>(0)
    private let logSegmentNow = Atomic<Int>(-1)

    /// Counts up from a store's beginning; stands in every log record. 0 until `begin`.
    var number: UInt64 { numberNow.load(ordering: .relaxed) }
    /// The segment of the log before which no later generation has written; nil while that is not known.
    var logSegment: Int? {
        let segment = logSegmentNow.load(ordering: .relaxed)
        return segment < 0 ? nil : segment
    }

    /// Gives the generation its number, before anybody writes to it.
    func begin(number: UInt64, logSegment: Int? = nil) {
        numberNow.store(number, ordering: .relaxed)
        if let logSegment { self.note(logSegment: logSegment) }
    }

    func note(logSegment: Int) { logSegmentNow.store(logSegment, ordering: .relaxed) }

    /// Memory held, in bytes.
    var byteCount: Int { byteCountNow.load(ordering: .relaxed) }
    var spanCount: Int { state.withLock { $0.rows.count } }
    var traceCount: Int { state.withLock { $0.traces.count } }
    var firstArrivalNanos: Int64? { state.withLock { $0.firstArrivalNanos } }

    /// Says that a write is under way. To be called under the lock that guards which generation is active.
    func enter() { writers.add(1, ordering: .relaxed) }
    func leave() { writers.subtract(1, ordering: .releasing) }
    /// Whether all who entered have left; once retired, it stays so.
    var isQuiet: Bool { writers.load(ordering: .acquiring) == 0 }

    func insert(_ batch: [ResourceSpans], arrivalNanos: Int64) {
        let bytes = state.withLock { state in
            if state.firstArrivalNanos == nil { state.firstArrivalNanos = arrivalNanos }
            for group in batch {
                for scopeSpans in group.scopes where !scopeSpans.spans.isEmpty {
                    let scope = SpanScope(
                        resource: group.resource, resourceSchemaURL: group.schemaURL, scope: scopeSpans.scope, scopeSchemaURL: scopeSpans.schemaURL)
                    Self.insert(scopeSpans.spans, under: scope, &state)
                }
            }
            return state.byteCount
        }
        byteCountNow.store(bytes, ordering: .relaxed)
    }

    private static func insert(_ spans: [Span], under scope: SpanScope, _ state: inout State) {
        state.scratch.removeAll()
        SpanBlob.write(scope, into: &state.scratch, &state.strings)
        let identity = state.scratch.array()
        let scopeNumber = state.scopeNumbers[identity] ?? UInt32(state.scopes.count)
        if Int(scopeNumber) == state.scopes.count {
            state.scopes.append(scope)
            state.scopeNumbers[identity] = scopeNumber
            let blobs = state.blobs
            let blob = state.scratch.withBytes { blobs.append($0) }
            guard let start = blob.baseAddress else { preconditionFailure("an arena's run has an address") }
            state.scopeBlobs.append(StringEntry(start: start, count: UInt32(blob.count)))
        }
        let service = scope.resource.serviceNameOrPlaceholder
        var operations = state.operations.removeValue(forKey: service) ?? []
        for span in spans {
            state.scratch.removeAll()
            SpanBlob.write(span, into: &state.scratch, &state.strings)
            let blobs = state.blobs
            let blob = state.scratch.withBytes { blobs.append($0) }
            guard let blobStart = blob.baseAddress else { preconditionFailure("an arena's run has an address") }
            let trace = state.traces.intern(TraceKey(span.traceID))
            var record = state.traces[trace]
            state.rows.append(SpanRow(
                spanID: span.spanID.value, parentSpanID: span.parentSpanID.value, startUnixNano: span.startUnixNano, endUnixNano: span.endUnixNano,
                blobStart: blobStart, blobCount: UInt32(blob.count), name: state.strings.intern(span.name), scope: scopeNumber, trace: trace,
                previous: record.lastRow, kind: span.kind.rawValue, status: span.status.code.rawValue))
            record.lastRow = UInt32(state.rows.count)
            record.spanCount += 1
            state.traces[trace] = record
            let operation = TraceOperation(name: span.nameOrPlaceholder, kind: span.kind)
            if operations.count < TraceStoreOptions.operationsPerServiceMax { operations.insert(operation) }
        }
        state.operations[service] = operations
    }

    /// The spans there are now.
    func snapshot() -> SpanSet { state.withLock { Self.set($0) } }

    /// The spans there are now, and the numbers of `terms` among their strings.
    func snapshot(numbering terms: [String]) -> (set: SpanSet, numbers: [UInt32?]) {
        state.withLock { state in
            var numbers: [UInt32?] = []
            for term in terms { numbers.append(state.strings.find(term)) }
            return (Self.set(state), numbers)
        }
    }

    /// The spans of one trace, as rows of the set; nil when there are none.
    func rows(of id: TraceID, max: Int) -> (set: SpanSet, rows: [Int], total: Int)? {
        state.withLock { state in
            guard let trace = state.traces.find(TraceKey(id)) else { return nil }
            let record = state.traces[trace]
            var rows: [Int] = []
            var next = record.lastRow
            while next != 0 {
                rows.append(Int(next - 1))
                next = state.rows[Int(next - 1)].previous
            }
            // The newest stand first; of a trace that is too large the oldest are kept.
            return (Self.set(state), rows.suffix(max).reversed(), rows.count)
        }
    }

    var services: [String] { state.withLock { Array($0.operations.keys) } }
    var operations: [String: Set<TraceOperation>] { state.withLock { $0.operations } }
    func operations(of service: String) -> Set<TraceOperation> { state.withLock { $0.operations[service] ?? [] } }

    private static func set(_ state: borrowing State) -> SpanSet {
        SpanSet(
            rows: state.rows.prefix, strings: StringEntries(entries: state.strings.entries.prefix), scopes: state.scopes,
            scopeBlobs: state.scopeBlobs.prefix, traces: state.traces.keys.prefix,
            arenas: [state.blobs, state.strings.arena])
    }
}
