import TraceModel

/// What one workflow will do: decided when it starts, told as its parts end.
struct WorkflowPlan {
    struct PlannedSpan {
        let service: DemoService
        var span: Span
    }

    /// One execution of a primitive.
    struct Execution {
        let primitive: DemoPrimitive
        /// By which steps of one type are told apart.
        let name: String
        let endUnixNano: UInt64
        let seconds: Double
        let failure: DemoFailure?
        /// Attempts after the first.
        var retries = 0
    }

    let workflow: String
    let startUnixNano: UInt64
    var endUnixNano: UInt64 = 0
    var spans: [PlannedSpan] = []
    var executions: [Execution] = []
    var cacheHit: Bool?
    var failure: DemoFailure?

    private let traceID: TraceID

    init(workflow: String, startUnixNano: UInt64, traceID: TraceID) {
        self.workflow = workflow
        self.startUnixNano = startUnixNano
        self.traceID = traceID
    }

    /// Starts a span under `parent` (an index into `spans`) and gives its index.
    mutating func open(
        _ service: DemoService, _ name: String, _ kind: Span.Kind, under parent: Int?, at time: UInt64, _ attributes: [Attribute] = [], using random: inout DemoRandom
    ) -> Int {
        spans.append(PlannedSpan(service: service, span: Span(
            traceID: traceID, spanID: SpanID(random.next() | 1), parentSpanID: parent.map { spans[$0].span.spanID } ?? .none, flags: 1, name: name, kind: kind,
            startUnixNano: time, endUnixNano: time, attributes: attributes)))
        return spans.count - 1
    }

    /// Ends a span; a failure is told as a status and as an exception event.
    mutating func close(_ index: Int, at time: UInt64, failure: DemoFailure? = nil) {
        spans[index].span.endUnixNano = time
        guard let failure else { return }
        spans[index].span.status = Span.Status(code: .error, message: failure.message)
        spans[index].span.events.append(Span.Event(timeUnixNano: time, name: "exception", attributes: [
            Attribute("exception.type", .string(failure.rawValue)), Attribute("exception.message", .string(failure.message)),
        ]))
    }

    mutating func note(_ index: Int, _ name: String, at time: UInt64, _ attributes: [Attribute] = []) {
        spans[index].span.events.append(Span.Event(timeUnixNano: time, name: name, attributes: attributes))
    }

    mutating func set(_ index: Int, _ key: String, _ value: AttributeValue) {
        spans[index].span.attributes.append(Attribute(key, value))
    }

    /// Starts the span of a primitive, and gives its index.
    mutating func open(_ primitive: DemoPrimitive, _ name: String, under parent: Int, at time: UInt64, _ attributes: [Attribute] = [], using random: inout DemoRandom) -> Int {
        open(.workflowAPI, "primitive.\(name)", .internal, under: parent, at: time, [
            Attribute("primitive.type", .string(primitive.rawValue)), Attribute("primitive.name", .string(name)),
        ] + attributes, using: &random)
    }

    /// Ends the span of a primitive, whose execution is counted with its duration.
    mutating func close(_ index: Int, _ primitive: DemoPrimitive, _ name: String, at time: UInt64, failure: DemoFailure? = nil, retries: Int = 0) {
        let started = spans[index].span.startUnixNano
        close(index, at: time, failure: failure)
        executions.append(Execution(primitive: primitive, name: name, endUnixNano: time, seconds: Double(time - started) / 1e9, failure: failure, retries: retries))
    }
}
