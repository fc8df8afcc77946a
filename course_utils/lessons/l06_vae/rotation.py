"""8 · Which rotation a diagonal q picks; exercise 06.6 (reach)."""

from collections.abc import Callable
from math import pi

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal

APPROXIMATION = style.ROLES["approximation"]


def diagonal_gap(W: Tensor, sigma2: float) -> Tensor:
    """log p(x) - ELBO(q*), in nats, of PPCA with the best diagonal q; W (D, H). The same for all x."""
    M = W.T @ W + sigma2 * torch.eye(W.shape[1], dtype=W.dtype)
    return (M.diagonal().log().sum() - M.logdet()) / 2


def _M(W: Tensor, sigma2: float) -> Tensor:
    return W.T @ W + sigma2 * torch.eye(W.shape[1], dtype=W.dtype)


def _marginal(W: Tensor, sigma2: float) -> Tensor:
    """KL(q || posterior) if q has the posterior's own variances."""
    M = _M(W, sigma2)
    v = M.inverse().diagonal()
    return (M.diagonal() @ v - len(M) - v.log().sum() - M.logdet()) / 2


def _marginal_entropies(W: Tensor, sigma2: float) -> Tensor:
    M = _M(W, sigma2)
    return (M.inverse().diagonal().log().sum() + M.logdet()) / 2


Exercise(
    "06.6",
    diagonal_gap,
    cases=[(normal(4, 2), 0.5), (normal(5, 3, seed=1), 1.0), (normal(3, 2, seed=2), 0.1)],
    mistakes=[
        Mistake(
            _marginal,
            "You gave q the posterior's own variances. The KL under q prefers the narrower "
            "σ²/M<sub>jj</sub>: set its derivative to zero.",
        ),
        Mistake(
            _marginal_entropies,
            "That is KL(posterior ‖ q), with the posterior's own variances. The gap is KL(q ‖ posterior).",
        ),
        Mistake(
            lambda W, sigma2: 2 * diagonal_gap(W, sigma2),
            "Nearly: a factor ½ of the logs is missing.",
        ),
        Mistake(
            lambda W, sigma2: -diagonal_gap(W, sigma2),
            "The sign is turned: a gap is a KL, so never negative.",
        ),
        Mistake(
            lambda W, sigma2: ((W.T @ W).diagonal().log().sum() - (W.T @ W).logdet()) / 2,
            "You took WᵀW. The posterior's precision is M / σ², with M = σ²I + WᵀW.",
        ),
        Mistake(
            lambda W, sigma2: (_M(W, sigma2).diagonal() / sigma2).log().sum() / 2,
            "log det M is missing: this is what one would pay against a posterior of variance σ².",
        ),
    ],
    nudge="The posterior has covariance σ²M⁻¹. Write KL(q ‖ posterior) for a q with variances v_j at the "
    "right mean, and set its derivative in each v_j to zero.",
    formula="$$\\mathrm{KL} = \\tfrac12\\Big[\\sum_j \\frac{M_{jj}v_j}{\\sigma^2} - H - "
    "\\sum_j\\log v_j + \\log\\det(\\sigma^2M^{-1})\\Big], \\qquad v_j = \\frac{\\sigma^2}{M_{jj}}$$",
)


def turned(W: Tensor, angle: float) -> Tensor:
    """W R (D, 2), with R the rotation by this angle."""
    c, s = torch.tensor(angle).cos().item(), torch.tensor(angle).sin().item()
    return W @ torch.tensor([[c, -s], [s, c]], dtype=W.dtype)


def plot_rotation(W: Tensor, sigma2: float, gap: Callable) -> Picture:
    """The gap of the best diagonal q against the angle by which W's two columns are turned."""
    degrees = torch.arange(0, 181, 3)
    values = torch.stack([gap(turned(W, d * pi / 180), sigma2) for d in degrees.tolist()])
    fig, ax = style.subplots(height=3.8)
    ax.plot(degrees, values, **APPROXIMATION.line)
    ax.axhline(0, color=style.GUIDE, linewidth=1.5)
    ax.set(xlim=(0, 180), xticks=[0, 45, 90, 135, 180], xlabel="angle of $R$ from PCA's axes")
    ax.set(ylabel="gap, nats per image", title="The evidence is the same at every angle")
    return figure(
        fig,
        alt="The approximation gap of the best diagonal q of PPCA with two latents, when the columns of W "
        f"are turned by an angle: {values[0]:.4f} nats at 0, 90 and 180 degrees, {values.max():.3f} at "
        f"{degrees[values.argmax()]} degrees.",
    )
