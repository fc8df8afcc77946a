"""PPCA and EM beside scikit-learn."""

import warnings
from functools import partial

import torch
from sklearn.decomposition import PCA, FactorAnalysis
from torch import Tensor

from bench import compare, seconds
from course_utils import em, ppca


def gaussian(num_points: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(num_points, 64, dtype=torch.float64, generator=generator)


def ppca_fit(num_points: int = 20_000, rounds: int = 15) -> None:
    x = gaussian(num_points)
    rival = PCA(10, svd_solver="covariance_eigh")
    array = x.numpy()
    compare(
        f"ppca.fit, N={num_points} D=64 H=10, against scikit-learn's PCA",
        lambda: ppca.fit(x, 10),
        lambda: rival.fit(array),
        goal=1.5,
        rounds=rounds,
    )


def em_fit(num_points: int = 20_000, rounds: int = 3) -> None:
    x = gaussian(num_points)
    array = x.numpy()

    def theirs() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged is the point
            FactorAnalysis(10, max_iter=100, tol=0.0, svd_method="lapack").fit(array)

    compare(
        f"em.fit, 100 steps, N={num_points} D=64 H=10, against scikit-learn's FactorAnalysis",
        lambda: em.fit(x, 10, 100),
        theirs,
        goal=0.02,
        rounds=rounds,
    )


def em_scaling(numbers: tuple[int, ...] = (1000, 1_000_000), rounds: int = 5) -> None:
    """The time of a step must not grow with N."""
    for num_points in numbers:
        x = torch.randn(num_points, 16, generator=torch.Generator().manual_seed(0))
        long, short = (
            min(seconds(partial(em.fit, x, 4, steps)) for _ in range(rounds)) for steps in (300, 0)
        )
        print(f"em.fit, N={num_points}: {(long - short) / 300 * 1e6:.0f} µs a step after one pass")
