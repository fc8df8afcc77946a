"""Contenders in turn, round by round: how long each takes, and how far from the truth it ends.

Seconds are of the processor: all run on one thread, so on a quiet machine they are the clock's.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from math import log
from statistics import linear_regression, median, quantiles
from time import process_time
from typing import Any

import torch

__all__ = [
    "Contender",
    "Growth",
    "Measure",
    "Race",
    "Row",
    "grow",
    "measured",
    "off_the_clock",
    "race",
    "seconds",
]


@dataclass(frozen=True)
class Contender:
    """name: of a library or a method. start: prepares, off the clock, and gives what is timed,
    whose result is judged, unless it is None. goal: the largest ratio ours / its that we want.
    setting: how it is used. package: what must be installed for it.
    """

    name: str
    start: Callable[[], Callable[[], Any]]
    setting: str = ""
    goal: float | None = 1.0
    package: str = ""

    @property
    def installed(self) -> bool:
        return not self.package or find_spec(self.package) is not None

    @property
    def label(self) -> str:
        """Its name, with a library's version."""
        names = {"pyro": "pyro-ppl", "sklearn": "scikit-learn"}
        if not self.package or not self.installed:
            return self.name
        return f"{self.name} {version(names.get(self.package, self.package))}"


@dataclass(frozen=True)
class Race:
    """Ours beside one rival's: medians over the rounds; of the ratio the quartiles, too.

    truth: what the errors are. Without the rival's package all its numbers are None; a rival that
    learns nothing has no error.
    """

    task: str
    rival: str
    seconds: float
    their_seconds: float | None
    ratio: float | None
    quartiles: tuple[float, float] | None
    goal: float | None
    truth: str
    error: float
    their_error: float | None
    rounds: int
    setting: str
    part: str = ""


@dataclass(frozen=True)
class Growth:
    """Seconds as a size grows, and the slope of their logarithm in its logarithm."""

    task: str
    size: str
    sizes: list[int]
    seconds: dict[str, list[float]]
    slopes: dict[str, float]
    part: str = ""


@dataclass(frozen=True)
class Measure:
    """A quantity without a rival: median and quartiles, and the most it is meant to be.

    value: None where something is not installed.
    """

    task: str
    value: float | None
    unit: str
    quartiles: tuple[float, float] | None = None
    limit: float | None = None
    part: str = ""


Row = Race | Growth | Measure


@dataclass
class _Score:
    seconds: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)


_off = [0.0]  # seconds that do not count


@contextmanager
def off_the_clock() -> Iterator[None]:
    """What is done inside does not count in `seconds`."""
    start = process_time()
    yield
    _off[0] += process_time() - start


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """Of one call, in which no garbage is collected, and its result."""
    gc.disable()
    _off[0] = 0.0
    try:
        start = process_time()
        result = call()
        return process_time() - start - _off[0], result
    finally:
        gc.enable()


def race(
    task: str,
    ours: Contender,
    *rivals: Contender,
    truth: str,
    judge: Callable[[Any], float],
    rounds: int,
    warm_up: bool = True,
) -> list[Race]:
    """One row a rival, from rounds in which all take part in turn, each round from its own seed.

    judge: the error of what a contender returns, in the unit that truth names.
    warm_up: a round before the first, not counted, in which libraries load and caches fill.
    """
    able = [ours, *(rival for rival in rivals if rival.installed)]
    scores = {contender.name: _Score() for contender in able}
    for k in range(-1 if warm_up else 0, rounds):
        for contender in able if k % 2 else reversed(able):
            torch.manual_seed(k + 1)
            time, result = seconds(contender.start())
            if k >= 0:
                scores[contender.name].seconds.append(time)
                if result is not None:
                    scores[contender.name].errors.append(judge(result))
    our = scores[ours.name]
    rows = []
    for rival in rivals:
        their = scores.get(rival.name)
        ratios = [a / b for a, b in zip(our.seconds, their.seconds, strict=True)] if their else []
        rows.append(
            Race(
                task,
                rival.label,
                median(our.seconds),
                median(their.seconds) if their else None,
                median(ratios) if their else None,
                quartiles(ratios) if their else None,
                rival.goal,
                truth,
                median(our.errors),
                median(their.errors) if their and their.errors else None,
                rounds,
                rival.setting,
            )
        )
    return rows


def grow(
    task: str,
    size: str,
    sizes: Sequence[int],
    contenders: Callable[[int], dict[str, Callable[[], Any]]],
    rounds: int,
) -> Growth:
    """contenders: what is timed at a size, by name; the least of the rounds counts."""
    columns: dict[str, list[float]] = {}
    for value in sizes:
        calls = contenders(value)
        for call in calls.values():
            call()
        times = [{name: seconds(call)[0] for name, call in calls.items()} for _ in range(rounds)]
        for name in calls:
            columns.setdefault(name, []).append(min(time[name] for time in times))
    logs = [log(value) for value in sizes]
    slopes = {
        name: linear_regression(logs, [log(time) for time in column]).slope
        for name, column in columns.items()
    }
    return Growth(task, size, list(sizes), columns, slopes)


def measured(task: str, values: Sequence[float], unit: str, limit: float | None = None) -> Measure:
    """The median of some values, and their quartiles."""
    return Measure(task, median(values), unit, quartiles(values), limit)


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """The lower and the upper one; of a single value, that value."""
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high
