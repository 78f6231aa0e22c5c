import ObservabilityIntegration
import Testbed
import Testing
import Tracing
import WorkflowPrimitives

@Suite("The context of a workflow", .ownWaitingThread)
struct ContextTests {
    @Test("an id of any form names one trace")
    func traces() {
        #expect(WorkflowContext(traceID: "req-123").traceIDHex == "4e4af1e8fe818e12e32bac7236e10825")
        #expect(WorkflowContext(traceID: "0AF7651916cd43dd8448eb211c80319c").traceIDHex == "0af7651916cd43dd8448eb211c80319c")
        let context = WorkflowContext()
        #expect(context.traceIDHex == context.traceIDHex)
        #expect(context.createChildContext().traceIDHex == context.traceIDHex)
        #expect(WorkflowContext().traceIDHex != context.traceIDHex)
    }

    @Test("a child has copies of what may change, and says whose it is")
    func children() {
        let root = WorkflowContext(workflowID: "summaries", metadata: ["a": 1], state: ["list": [1]], traceID: "t", spanID: "s", baggage: ["b": "1"], tags: ["env": "test"])
        let child = root.createChildContext(workflowID: "one")
        child.withState { $0["list"] = [1, 2] }
        #expect(root.state["list"] as? [Int] == [1])
        #expect((child.workflowID, child.traceID, child.causationID, child.parentSpanID) == ("one", "t", root.correlationID, "s"))
        #expect((child.baggage, child.tags) == (root.baggage, root.tags))
        #expect(child.metadata["a"] as? Int == 1)
        #expect(root.createChildContext().workflowID == "summaries")
        #expect(root.correlationID.count == 36)
        child.checkpoint("here")
        #expect(child.checkpoints.map(\.name) == ["here"])
        #expect(root.checkpoints.isEmpty)
        #expect(child.elapsed >= .zero)
    }

    @Test("a caller's header puts the workflow under its span, and the running span is what the next is told")
    func headers() async throws {
        let observed = try Observed()
        defer { observed.close() }
        let told = try await observed.run {
            try await LambdaPrimitive<Int, String?>(name: "step") { _ in WorkflowContext.currentTraceparent }
                .execute(1, WorkflowContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        }
        let spans = try observed.spans()
        let (root, step) = (try #require(spans.first { $0.name == "workflow.execute" }), try #require(spans.first { $0.name == "primitive.step" }))
        #expect((root.traceID, root.parentID) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"))
        #expect(told == "00-0af7651916cd43dd8448eb211c80319c-\(step.spanID)-01")
        #expect(WorkflowContext.currentTraceparent == nil)
        #expect(WorkflowContext(traceparent: "nonsense").traceID == nil)
    }

    @Test("in a request that is traced already the workflow is below it; one with an id of its own is linked to it")
    func nested() async throws {
        let observed = try Observed()
        defer { observed.close() }
        let step = LambdaPrimitive<Int, Int>(name: "step") { $0 }
        try await observed.run {
            try await StackTracer().withSpan("request") { _ in
                _ = try await step.execute(1, WorkflowContext())
                _ = try await step.execute(1, WorkflowContext(traceID: "req-1"))
            }
        }
        let spans = try observed.spans()
        let request = try #require(spans.first { $0.name == "request" })
        #expect(tree(spans, below: request.spanID) == "workflow.execute(primitive.step)")
        let other = try #require(spans.first { $0.name == "workflow.execute" && $0.parentID.isEmpty })
        #expect(other.traceID == WorkflowContext(traceID: "req-1").traceIDHex)
        #expect(other.links.map(\.spanID) == [request.spanID])
    }
}
