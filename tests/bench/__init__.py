"""Speed, side by side with a reference in one process, and of a slider's frame: make bench.

One file a topic; every size is an argument, so that tests/test_bench.py runs each part in small.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter, sleep

__all__ = ["compare", "repeat", "seconds"]


def seconds(call: Callable[[], object]) -> float:
    """The time of one call in its steady state.

    The pause lets the other library's threads fall asleep, for they spin a while after
    their work; the untimed call wakes our own, which takes milliseconds.
    """
    sleep(0.1)
    call()
    start = perf_counter()
    call()
    return perf_counter() - start


def compare(
    name: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    goal: float,
    rounds: int = 15,
) -> None:
    """Time both alternately; print the medians and the ratio ours / theirs."""
    times = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    a, b = (median(column) for column in zip(*times, strict=True))
    print(f"{name}: {a * 1e3:.2f} ms against {b * 1e3:.2f} ms, ratio {a / b:.3g} (goal <= {goal})")


def repeat(call: Callable[[], object], times: int = 20) -> Callable[[], None]:
    """For calls so short that one of them cannot be timed."""

    def calls() -> None:
        for _ in range(times):
            call()

    return calls
