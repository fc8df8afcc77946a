"""Speed against a reference, side by side in one process: run `python tests/benchmark.py`."""

from collections.abc import Callable
from statistics import median
from time import perf_counter, sleep

import torch
from sklearn.decomposition import PCA

from course_utils import ppca


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
    print(f"{name}: {a * 1e3:.2f} ms against {b * 1e3:.2f} ms, ratio {a / b:.2f} (goal <= {goal})")


def fit_against_sklearn() -> None:
    x = torch.randn(20_000, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rival = PCA(10, svd_solver="covariance_eigh")
    array = x.numpy()
    compare(
        "ppca.fit, N=20000 D=64 H=10, against scikit-learn's PCA",
        lambda: ppca.fit(x, 10),
        lambda: rival.fit(array),
        goal=1.5,
    )


if __name__ == "__main__":
    torch.set_num_threads(2)
    fit_against_sklearn()
