"""PCA, PPCA and EM beside scikit-learn, and how their times grow with N, D and H."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from sklearn.decomposition import PCA, FactorAnalysis
from torch import Tensor

from bench.planted import planted
from bench.rounds import Contender, Row, grow, race
from course_utils import em, pca, ppca
from course_utils.ppca import PPCA

PRODUCT = "x^T x, as torch multiplies on this processor"
EIGH = "svd_solver='covariance_eigh', its fastest for N much larger than D"


def closed_form(num_points: int = 20_000, rounds: int = 25) -> list[Row]:
    """PCA and PPCA, both from the eigenvectors of the covariance; float64, D = 64, H = 10."""
    data = planted(num_points, 64, 10)
    size = f"N = {num_points}, D = 64, H = 10"

    def off(variances: Tensor) -> float:
        return (variances / data.variances[: len(variances)] - 1).abs().max().item()

    def sklearn_variances(fitted: PCA) -> Tensor:
        return torch.from_numpy(fitted.explained_variance_) * (num_points - 1) / num_points

    def product() -> None:
        data.x.T @ data.x

    rows: list[Row] = []
    rows += race(
        f"PCA, {size}",
        Contender("ours", lambda: lambda: pca.fit(data.x, 10)),
        Contender("its product alone", lambda: product, PRODUCT, 1.4),
        Contender("scikit-learn", lambda: sklearn_pca(data.x, 10), EIGH, package="sklearn"),
        truth="largest relative error of a variance",
        judge=lambda fitted: off(
            fitted.eigenvalues[:10] if isinstance(fitted, pca.PCA) else sklearn_variances(fitted)
        ),
        rounds=rounds,
    )
    rows += race(
        f"PPCA, {size}",
        Contender("ours", lambda: lambda: ppca.fit(data.x, 10)),
        Contender("scikit-learn", lambda: sklearn_pca(data.x, 10), EIGH, 1.1, "sklearn"),
        truth="KL from the data's Gaussian to the fit, nats",
        judge=lambda fitted: data.kl(*gaussian(fitted)),
        rounds=rounds,
    )
    return rows


def by_steps(
    num_points: int = 20_000, num_steps: int = 15, enough: int = 50, rounds: int = 3
) -> list[Row]:
    """EM for PPCA beside EM for factor analysis, which has one noise variance more a dimension.

    At as many steps, and until there is nothing to gain: scikit-learn stops by itself when the
    likelihood no longer rises; we take `enough` steps, whose error says whether they were.
    """
    data = planted(num_points, 64, 10)

    def rows(task: str, ours: int, theirs: int) -> list[Row]:
        return race(
            f"EM, {task}, N = {num_points}, D = 64, H = 10",
            Contender("ours", lambda: lambda: em.fit(data.x, 10, ours)[0]),
            Contender(
                "scikit-learn FactorAnalysis",
                lambda: factor_analysis(data.x, 10, theirs),
                "svd_method='lapack', tol=0: 'randomized' ends far from the truth",
                0.02,
                "sklearn",
            ),
            truth="KL from the data's Gaussian to the fit, nats",
            judge=lambda fitted: data.kl(*gaussian(fitted)),
            rounds=rounds,
        )

    return [*rows(f"{num_steps} steps", num_steps, num_steps), *rows("to the end", enough, enough)]


def growth(
    numbers: tuple[int, ...] = (2000, 8000, 32_000),
    dims: tuple[int, ...] = (16, 32, 64, 128),
    latents: tuple[int, ...] = (4, 8, 16, 32),
    rounds: int = 3,
) -> list[Row]:
    """Of each of the three fits with N, D and H, the others held."""

    def timed(fits: Callable[[Tensor, int], dict[str, Callable[[], Any]]], size: str):
        def at(value: int) -> dict[str, Callable[[], Any]]:
            N, D, H = ({"N": 4000, "D": 64, "H": 8} | {size: value}).values()
            return fits(planted(N, D, H).x, H)

        return at

    tasks: dict[str, Callable[[Tensor, int], dict[str, Callable[[], Any]]]] = {
        "PCA": lambda x, H: {"ours": lambda: pca.fit(x, H), "scikit-learn": sklearn_pca(x, H)},
        "PPCA": lambda x, H: {"ours": lambda: ppca.fit(x, H), "scikit-learn": sklearn_pca(x, H)},
        "5 steps of EM": lambda x, H: {
            "ours": lambda: em.fit(x, H, 5),
            "scikit-learn": factor_analysis(x, H, 5),
        },
    }
    sizes = {"N": numbers, "D": dims, "H": latents}
    return [
        grow(task, size, values, timed(fits, size), rounds)
        for task, fits in tasks.items()
        for size, values in sizes.items()
    ]


def sklearn_pca(x: Tensor, latent_dim: int) -> Callable[[], PCA]:
    array = x.numpy()
    return lambda: PCA(latent_dim, svd_solver="covariance_eigh").fit(array)


def factor_analysis(x: Tensor, latent_dim: int, num_steps: int) -> Callable[[], FactorAnalysis]:
    array = x.numpy()

    def fit() -> FactorAnalysis:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged is the point
            model = FactorAnalysis(latent_dim, max_iter=num_steps, tol=0.0, svd_method="lapack")
            return model.fit(array)

    return fit


def gaussian(fitted: PPCA | PCA | FactorAnalysis) -> tuple[Tensor, Tensor]:
    """Mean and covariance of a fit."""
    if isinstance(fitted, PPCA):
        covariance = fitted.W @ fitted.W.T + fitted.sigma2 * torch.eye(len(fitted.mu)).to(fitted.W)
        return fitted.mu, covariance
    return torch.from_numpy(fitted.mean_), torch.from_numpy(fitted.get_covariance())
