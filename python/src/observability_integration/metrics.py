"""Counters, gauges and histograms of one process, and the registry that is asked for all of them.

Instruments may be used from any thread. Labels are bounded: a family holds `MAX_SERIES` label sets, and what comes after
is counted under the label value `other`, so that a name made of user input cannot fill the memory.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic, Literal, Protocol, TypeVar

from .native_histogram import NativeBuckets, NativeHistogram

DURATION_BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of a duration's classic buckets; `+Inf` follows."""

MAX_SERIES = 2_000
"""Label sets that one family holds."""

OVERFLOW_LABEL = "other"

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True)
class HistogramPoint:
    """One histogram at one moment: `bounds` and, one longer, `cumulative_counts`, the last for `+Inf`; and its native buckets."""

    count: int
    sum: float
    bounds: Sequence[float]
    cumulative_counts: Sequence[int]
    native: NativeBuckets


Point = float | HistogramPoint


@dataclass(frozen=True)
class FamilySnapshot:
    """All series of one name at one moment, as an exposition writes them. `points` are label values with what was measured."""

    name: str
    help: str
    kind: Kind
    label_names: tuple[str, ...]
    points: list[tuple[tuple[str, ...], Point]]


class Counter:
    """A number that only grows."""

    kind: Kind = "counter"
    __slots__ = ("_lock", "_value")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """Adds `amount`, which is not negative."""
        with self._lock:
            self._value += amount

    def point(self) -> float:
        """The number now."""
        return self._value


class Gauge:
    """A number that goes up and down."""

    kind: Kind = "gauge"
    __slots__ = ("_lock", "_value")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value = 0.0

    def set(self, value: float) -> None:
        """Makes `value` the number."""
        self._value = value

    def add(self, amount: float) -> None:
        """Adds `amount`, of either sign."""
        with self._lock:
            self._value += amount

    def point(self) -> float:
        """The number now."""
        return self._value


class Histogram:
    """Durations in seconds, counted in classic and in native buckets at once."""

    kind: Kind = "histogram"
    __slots__ = ("_bounds", "_counts", "_lock", "_native", "_sum")

    def __init__(self, bounds: Sequence[float] = DURATION_BOUNDS_SECONDS) -> None:
        self._lock = threading.Lock()
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._native = NativeHistogram()

    def observe(self, value: float) -> None:
        """Counts one observation, which is finite and not negative."""
        with self._lock:
            self._counts[bisect_left(self._bounds, value)] += 1
            self._sum += value
            self._native.observe(value)

    def point(self) -> HistogramPoint:
        """Count, sum and buckets of one moment: they agree with one another."""
        with self._lock:
            counts, total, native = list(self._counts), self._sum, self._native.snapshot()
        cumulative = list(accumulate(counts))
        return HistogramPoint(cumulative[-1], total, self._bounds, cumulative, native)


class Instrument(Protocol):
    """What a family holds one of for each label set."""

    kind: Kind

    def point(self) -> Point: ...


InstrumentT = TypeVar("InstrumentT", bound=Instrument)


class Family(Generic[InstrumentT]):
    """All instruments of one name, one for each set of label values."""

    def __init__(self, name: str, help: str, label_names: tuple[str, ...], make: Callable[[], InstrumentT], max_series: int = MAX_SERIES) -> None:
        self.name = name
        self.help = help
        self.label_names = label_names
        self._make = make
        self._max_series = max_series
        self._lock = threading.Lock()
        self._instruments: dict[tuple[str, ...], InstrumentT] = {}

    def labels(self, *values: str) -> InstrumentT:
        """The instrument of these label values, in the order of `label_names`; made when it is asked for first."""
        instrument = self._instruments.get(values)
        if instrument is not None:
            return instrument
        if len(values) != len(self.label_names):
            raise ValueError(f"{self.name} has the labels {self.label_names}, and was given {len(values)} values")
        with self._lock:
            if values not in self._instruments and len(self._instruments) >= self._max_series:
                values = (OVERFLOW_LABEL,) * len(values)
            return self._instruments.setdefault(values, self._make())

    def items(self) -> list[tuple[tuple[str, ...], InstrumentT]]:
        """Label values and instruments, as they stand now."""
        with self._lock:
            return list(self._instruments.items())

    def snapshot(self) -> FamilySnapshot:
        """What every instrument says now."""
        return FamilySnapshot(self.name, self.help, self._make().kind, self.label_names, [(values, made.point()) for values, made in self.items()])


class Registry:
    """The families of one process, in the order in which they were registered."""

    def __init__(self) -> None:
        self._collectors: list[Callable[[], FamilySnapshot]] = []

    def counter(self, name: str, help: str, *label_names: str) -> Family[Counter]:
        """Registers a family of counters."""
        return self._add(Family(name, help, label_names, Counter))

    def gauge(self, name: str, help: str, *label_names: str) -> Family[Gauge]:
        """Registers a family of gauges."""
        return self._add(Family(name, help, label_names, Gauge))

    def histogram(self, name: str, help: str, *label_names: str) -> Family[Histogram]:
        """Registers a family of histograms over `DURATION_BOUNDS_SECONDS`."""
        return self._add(Family(name, help, label_names, Histogram))

    def register(self, collector: Callable[[], FamilySnapshot]) -> None:
        """Registers what is computed when it is asked for. The collector is called on the server's threads."""
        self._collectors.append(collector)

    def collect(self) -> Iterable[FamilySnapshot]:
        """Every family that has at least one series."""
        for collector in self._collectors:
            snapshot = collector()
            if snapshot.points:
                yield snapshot

    def _add(self, family: Family[InstrumentT]) -> Family[InstrumentT]:
        self.register(family.snapshot)
        return family
