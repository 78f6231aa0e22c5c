"""What travels with a workflow's data."""

from __future__ import annotations

import copy
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from observability_integration.tracing import AttributeValue, new_trace_id, span_id_of, trace_id_of


@dataclass
class WorkflowContext:
    """Says which request a workflow works for, and carries its state.

    Executions with one context belong to one trace. `trace_id` may be any text, such as `req-123`: 32 hexadecimal digits are the
    trace's id themselves, for other text it is made from the text, always the same; without one it is random.

        context = WorkflowContext(trace_id="req-123")
        result = await workflow.execute(data, context)
        print(context.trace_id_hex)  # look it up at http://localhost:16686/trace/<id>
    """

    workflow_id: str | None = None
    session_id: str | None = None
    player_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    trace_id: str | None = None
    span_id: str | None = None
    """With a `trace_id` of 32 hexadecimal digits: the 16 of the caller's span, under which the workflow's is put."""
    parent_span_id: str | None = None
    trace_flags: int = 1

    correlation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    causation_id: str | None = None
    baggage: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    start_time: float = field(default_factory=time.time)
    checkpoints: list[tuple[str, float]] = field(default_factory=list)

    _random_trace_id: bytes | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def root(cls, workflow_id: str, **fields: Any) -> WorkflowContext:
        """The context of a new workflow."""
        return cls(workflow_id=workflow_id, **fields)

    @classmethod
    def child(cls, parent: WorkflowContext, step_name: str | None = None) -> WorkflowContext:
        """A context for a step of `parent`'s workflow: `create_child_context` with a name of its own."""
        context = parent.create_child_context()
        if step_name is not None:
            context.workflow_id = step_name
        return context

    def create_child_context(self) -> WorkflowContext:
        """A context of the same trace with copies of `metadata` and `state`, so that what runs beside it is not disturbed."""
        child = WorkflowContext(
            workflow_id=self.workflow_id, session_id=self.session_id, player_id=self.player_id,
            metadata=_copied(self.metadata), state=_copied(self.state),
            trace_id=self.trace_id, parent_span_id=self.span_id, trace_flags=self.trace_flags,
            correlation_id=self.correlation_id, causation_id=self.correlation_id,
            baggage=dict(self.baggage), tags=dict(self.tags))
        child._random_trace_id = self._trace() if self.trace_id is None else None
        return child

    @property
    def trace_id_hex(self) -> str:
        """The id under which Jaeger has the trace."""
        return self._trace().hex()

    def checkpoint(self, name: str) -> None:
        """Notes that a point was reached, and when."""
        self.checkpoints.append((name, time.time()))

    def elapsed_ms(self) -> float:
        """Milliseconds since the context was made."""
        return (time.time() - self.start_time) * 1000

    def to_otel_context(self) -> dict[str, Any]:
        """The identifiers as span attributes."""
        return {
            "workflow.id": self.workflow_id or "unknown",
            "workflow.session_id": self.session_id or "unknown",
            "workflow.player_id": self.player_id or "unknown",
            "workflow.correlation_id": self.correlation_id,
            "workflow.elapsed_ms": self.elapsed_ms(),
        }

    def _trace(self) -> bytes:
        """The 16 bytes of the trace's id."""
        if self.trace_id is not None:
            return trace_id_of(self.trace_id)
        if self._random_trace_id is None:
            self._random_trace_id = new_trace_id()
        return self._random_trace_id

    def _remote_parent(self) -> bytes:
        """The 8 bytes of the caller's span; none where the trace is not the caller's own."""
        return span_id_of(self.span_id) if self.trace_id is not None and trace_id_of(self.trace_id).hex() == self.trace_id.lower() else b""

    def _root_attributes(self) -> dict[str, AttributeValue]:
        """What the workflow's span says of the context: its free-form id, and what else was given."""
        given = {
            "workflow.id": self.trace_id, "workflow.context_id": self.workflow_id,
            "workflow.session_id": self.session_id, "workflow.player_id": self.player_id,
        }
        return {**{f"workflow.tag.{key}": str(value) for key, value in self.tags.items()}, **{key: str(value) for key, value in given.items() if value is not None}}


def _copied(values: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(values) if values else {}
