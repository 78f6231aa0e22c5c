import TraceModel

/// A span in memory: what searches look at first stands here, the rest in its blob (`SpanBlob`). 64 bytes.
struct SpanRow: BitwiseCopyable {
    var spanID: UInt64
    var parentSpanID: UInt64
    var startUnixNano: UInt64
    var endUnixNano: UInt64
    // SAFETY: `blobCount` bytes in the arena of the set that the row belongs to, which lives as long as the set.
    var blobStart: UnsafePointer<UInt8>
    var blobCount: UInt32
    /// A string's number.
    var name: UInt32
    /// A scope's number: resource and instrumentation scope together.
    var scope: UInt32
    /// A trace's number.
    var trace: UInt32
    /// The span of the same trace that came before, as its row plus one; 0 when this was the first.
    var previous: UInt32
    var kind: UInt8
    var status: UInt8

    var blob: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: blobStart, count: Int(blobCount)) }
    var durationNanos: UInt64 { endUnixNano >= startUnixNano ? endUnixNano - startUnixNano : 0 }
}

/// A trace id where only plain values may stand.
struct TraceKey: BitwiseCopyable, Hashable {
    var high: UInt64
    var low: UInt64

    init(_ id: TraceID) {
        high = id.high
        low = id.low
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    var id: TraceID { TraceID(high: high, low: low) }

    static func < (a: TraceKey, b: TraceKey) -> Bool { a.high == b.high ? a.low < b.low : a.high < b.high }
}

/// What a span stands under: its resource and its instrumentation scope.
struct SpanScope: Hashable, Sendable {
    var resource: Resource
    var resourceSchemaURL: String
    var scope: InstrumentationScope
    var scopeSchemaURL: String
}
