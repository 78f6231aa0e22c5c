"""Native histograms: exponential buckets, as many as the observations need.

Source: https://prometheus.io/docs/specs/native_histograms/
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

INITIAL_SCHEMA = 3
"""Eight buckets between a power of two and the next: each is 9 % wider than the one before."""

LOWEST_SCHEMA = -4
"""The coarsest schema there is: a bucket spans sixteen powers of two."""

ZERO_THRESHOLD = 2.0**-128
"""Observations up to this one are zero."""

MAX_BUCKETS = 160
"""More of them than this, and the resolution is halved."""

# Upper bounds of the buckets between 1/2 and 1, for each schema above 0.
_FRACTION_BOUNDS = {schema: [2.0 ** (index / 2**schema - 1) for index in range(2**schema)] for schema in range(1, INITIAL_SCHEMA + 1)}


@dataclass(frozen=True)
class NativeBuckets:
    """What a native histogram held at one moment.

    `buckets` are pairs of index and count by index; the bucket at index `i` ends, inclusively, at `2 ** (i * 2 ** -schema)`.
    """

    schema: int
    zero_count: int
    buckets: list[tuple[int, int]]


class NativeHistogram:
    """Counts observations that are not negative in exponential buckets. Not thread-safe: its owner holds the lock."""

    __slots__ = ("_buckets", "_max_buckets", "_schema", "_zero_count")

    def __init__(self, max_buckets: int = MAX_BUCKETS) -> None:
        self._schema = INITIAL_SCHEMA
        self._max_buckets = max_buckets
        self._zero_count = 0
        self._buckets: dict[int, int] = {}

    def observe(self, value: float) -> None:
        """Counts one observation; when that makes a bucket too many, pairs of neighbours become one."""
        if value <= ZERO_THRESHOLD:
            self._zero_count += 1
            return
        index = bucket_index(value, self._schema)
        self._buckets[index] = self._buckets.get(index, 0) + 1
        while len(self._buckets) > self._max_buckets and self._schema > LOWEST_SCHEMA:
            self._halve_resolution()

    def snapshot(self) -> NativeBuckets:
        """The buckets as they are now, by index."""
        return NativeBuckets(self._schema, self._zero_count, sorted(self._buckets.items()))

    def _halve_resolution(self) -> None:
        wider: dict[int, int] = {}
        for index, count in self._buckets.items():
            wide = (index + 1) >> 1
            wider[wide] = wider.get(wide, 0) + count
        self._buckets = wider
        self._schema -= 1


def bucket_index(value: float, schema: int) -> int:
    """The index of the bucket that holds a positive, finite value: the least `i` with `value <= 2 ** (i * 2 ** -schema)`.

    Decided by comparing with exact bounds, never by a logarithm, which is off by one at the bounds themselves.
    """
    fraction, exponent = math.frexp(value)
    if schema > 0:
        bounds = _FRACTION_BOUNDS[schema]
        return bisect_left(bounds, fraction) + (exponent - 1) * len(bounds)
    if fraction == 0.5:
        exponent -= 1
    return (exponent + (1 << -schema) - 1) >> -schema


def spans_and_deltas(buckets: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], list[int]]:
    """Buckets as the exposition has them: spans of neighbours (offset from the end of the span before, length), and each
    count less the count before. Gaps of one or two buckets are filled with zeros, which takes less room than a new span."""
    spans: list[tuple[int, int]] = []
    deltas: list[int] = []
    following, previous = 0, 0
    for index, count in buckets:
        gap = index - following
        if not spans or gap > 2:
            spans.append((gap, 0))
        else:
            for _ in range(gap):
                deltas.append(-previous)
                previous = 0
            spans[-1] = (spans[-1][0], spans[-1][1] + gap)
        spans[-1] = (spans[-1][0], spans[-1][1] + 1)
        deltas.append(count - previous)
        previous, following = count, index + 1
    return spans, deltas
