"""Questions to the stack from Python: PromQL to Prometheus's API, traces from Jaeger's."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

Moment = datetime | float | int | str
"""A point in time: a `datetime` (without a zone it is local time), seconds since the epoch, or text in RFC 3339."""

POINTS = 250
"""Steps that a range query has when it names none."""


class QueryError(RuntimeError):
    """A question that was not answered: nobody listens there, or the answer is an error, which is told in its own words."""


def get_prometheus_metrics(
    query: str,
    start_time: Moment | None = None,
    end_time: Moment | None = None,
    step: float | timedelta | str | None = None,
    *,
    url: str | None = None,
    timeout_seconds: float = 30.0,
) -> list[dict[str, Any]]:
    """Evaluates PromQL.

    With `start_time` it is a range query up to `end_time`, or now: each series has `values`. Without, it is an instant query at
    `end_time`, or now: each series has a `value`.

    Args:
        query: PromQL, such as `rate(primitive_requests_total[5m])`.
        step: Seconds between two values of a range query, or Prometheus's words such as `"30s"`; 250 values without it.
        url: Where Prometheus's API is; without it `PROMETHEUS_URL`, or port `PROMETHEUS_PORT` (9090) of localhost.

    Returns:
        The series as Prometheus's API has them: `{"metric": {label: value}, "values": [[seconds, "value"], …]}`. A scalar or a
        string is one series without labels.

    Raises:
        QueryError: Prometheus is not there, or refuses the query.
    """
    base = url or os.environ.get("PROMETHEUS_URL") or f"http://localhost:{os.environ.get('PROMETHEUS_PORT') or 9090}"
    if start_time is None:
        parameters = {"query": query} if end_time is None else {"query": query, "time": _seconds(end_time)}
        answer = _get(f"{base.rstrip('/')}/api/v1/query", parameters, timeout_seconds)
    else:
        start, end = _seconds(start_time), _seconds(time.time() if end_time is None else end_time)
        if isinstance(step, timedelta):
            step = step.total_seconds()
        if step is None:
            step = max(1, round((float(end) - float(start)) / POINTS))
        answer = _get(f"{base.rstrip('/')}/api/v1/query_range", {"query": query, "start": start, "end": end, "step": str(step)}, timeout_seconds)
    data = answer.get("data") or {}
    result = data.get("result") or []
    return [{"metric": {}, "value": result}] if data.get("resultType") in ("scalar", "string") else result


def query_jaeger_traces(
    service: str,
    operation: str | None = None,
    limit: int = 20,
    *,
    tags: Mapping[str, str] | None = None,
    lookback: str = "1h",
    start_time: Moment | None = None,
    end_time: Moment | None = None,
    min_duration: str | None = None,
    max_duration: str | None = None,
    url: str | None = None,
    timeout_seconds: float = 30.0,
) -> list[dict[str, Any]]:
    """Searches traces, the newest first.

    Args:
        service: The application, as it was named to `initialize_observability`.
        operation: A span's name, such as `workflow.execute`.
        limit: How many traces at most.
        tags: Attributes that one span of the trace must have.
        lookback: How far back to look where there is no `start_time`.
        min_duration: The least a span may have taken, such as `"100ms"`; `max_duration` the most.
        url: Where Jaeger's API is; without it `JAEGER_URL`, or port `JAEGER_PORT` (16686) of localhost.

    Returns:
        The traces as Jaeger's API has them: `{"traceID": …, "spans": […], "processes": {…}}`.

    Raises:
        QueryError: Jaeger is not there, or refuses the search.
    """
    base = url or os.environ.get("JAEGER_URL") or f"http://localhost:{os.environ.get('JAEGER_PORT') or 16686}"
    parameters = {"service": service, "limit": str(limit), "lookback": lookback}
    if operation is not None:
        parameters["operation"] = operation
    if tags:
        parameters["tags"] = json.dumps(dict(tags))
    if start_time is not None or end_time is not None:
        end = float(_seconds(time.time() if end_time is None else end_time))
        start = float(_seconds(end - 3600 if start_time is None else start_time))
        parameters.update(start=str(round(start * 1e6)), end=str(round(end * 1e6)))
    if min_duration is not None:
        parameters["minDuration"] = min_duration
    if max_duration is not None:
        parameters["maxDuration"] = max_duration
    return _get(f"{base.rstrip('/')}/api/traces", parameters, timeout_seconds).get("data") or []


def _seconds(moment: Moment) -> str:
    """Seconds since the epoch, as text."""
    if isinstance(moment, str):
        try:
            return repr(float(moment))
        except ValueError:
            # Until Python 3.11 `fromisoformat` does not know the Z.
            moment = datetime.fromisoformat(moment.removesuffix("Z") + "+00:00" if moment.endswith("Z") else moment)
    return repr(moment.timestamp()) if isinstance(moment, datetime) else repr(float(moment))


def _get(url: str, parameters: Mapping[str, str], timeout_seconds: float) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{url}?{urlencode(parameters)}", timeout=timeout_seconds) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise QueryError(f"{url} answers {error.code}: {_reason(error.read(65_536))}") from None
    except OSError as error:
        raise QueryError(f"nobody answers at {url} ({getattr(error, 'reason', error)}); is the stack running?") from error
    except ValueError as error:
        raise QueryError(f"{url} does not answer with JSON ({error}); is it the right port?") from error
    if not isinstance(answer, dict):
        raise QueryError(f"{url} answers with something else than its API does; is it the right port?")
    return answer


def _reason(body: bytes) -> str:
    """What an error's body says: Prometheus's `error`, Jaeger's `errors`, or the text itself."""
    text = body.decode("utf-8", "replace").strip()
    try:
        answer = json.loads(text)
        return str(answer.get("error") or "; ".join(error["msg"] for error in answer["errors"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return text[:500]
