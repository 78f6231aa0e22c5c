import ObservabilityIntegration
import Tracing

extension WorkflowPrimitive {
    /// Executes the step: a span and the metrics of it, and of the workflow where it is the outermost. Where observability is not initialized,
    /// it only works. A task that is cancelled cancels the step.
    public func execute(_ input: Input, _ context: WorkflowContext) async throws -> Output {
        guard let session = ObservabilitySession.reporting else { return try await run(input, context) }
        let around = ServiceContext.current ?? .topLevel
        if case .local(let span)? = around.activeSpan, span.isInWorkflow { return try await executeStep(session, .local(span), around, input, context) }
        return try await executeWorkflow(session, around, input, context)
    }

    private func executeWorkflow(_ session: ObservabilitySession, _ around: ServiceContext, _ input: Input, _ context: WorkflowContext) async throws -> Output {
        let telemetry = session.telemetry
        let name = telemetry.step(primitiveType, name: name).name
        let active = around.activeSpan
        let isSameTrace = active?.traceID == context.trace
        let span = RecordedSpan(
            "workflow.execute", session: session, traceID: context.trace, parent: isSameTrace ? active : context.remoteParent.map { .remote($0) },
            fields: [RecordedSpan.Field("workflow.name", .string(name))] + context.rootFields, isInWorkflow: true)
        // A workflow that has a trace of its own is still to be found from what called it.
        if let active, !isSameTrace { span.link(to: active) }
        let label = MetricLabel("workflow", name)
        let running = telemetry.activeWorkflows.instrument(label)
        running.add(1)
        func finish(_ status: String) {
            running.add(-1)
            span.set("workflow.status", .string(status))
            telemetry.workflowDurations.instrument(label).observe(span.end())
            telemetry.workflowRequests.instrument(label, MetricLabel("status", status)).increment()
        }
        do {
            let output = try await executeStep(session, .local(span), around, input, context)
            span.update { $0.status = .ok }
            finish("success")
            return output
        } catch {
            span.record(error)
            finish("error")
            throw error
        }
    }

    private func executeStep(_ session: ObservabilitySession, _ parent: ActiveSpan, _ around: ServiceContext, _ input: Input, _ context: WorkflowContext) async throws -> Output {
        let step = session.telemetry.step(primitiveType, name: name)
        let span = RecordedSpan(step.spanName, session: session, traceID: parent.traceID, parent: parent, fields: step.fields, isInWorkflow: true)
        var within = around
        within.activeSpan = .local(span)
        do {
            let output = try await ServiceContext.withValue(within) { try await run(input, context) }
            step.duration.observe(span.end())
            step.successes.increment()
            return output
        } catch {
            // A cancelled execution has failed, too: its error is CancelledError, by which alerts can leave it out.
            span.record(error)
            session.telemetry.errors.instrument(MetricLabel("primitive", step.primitiveType), MetricLabel("name", step.name), MetricLabel("error", errorName(error))).increment()
            step.duration.observe(span.end())
            step.failures.increment()
            throw error
        }
    }

    /// Counts something that this step did in a family whose label is the step's name.
    func count(_ family: (WorkflowTelemetry) -> MetricFamily<CounterInstrument>) {
        guard let telemetry = ObservabilitySession.reporting?.telemetry else { return }
        family(telemetry).instrument(MetricLabel("name", telemetry.step(primitiveType, name: name).name)).increment()
    }
}
