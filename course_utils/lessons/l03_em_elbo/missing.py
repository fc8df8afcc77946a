"""Section 9, missing data: exercise 03.7, EM for a Gaussian whose table has holes."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal

DATA, TRUTH, MODEL = (style.ROLES[role] for role in ("data", "truth", "model"))


def holes() -> tuple[Tensor, Tensor]:
    """x (300, 2), and where its second column is seen (300,): mostly where the first is small."""
    z, noise = normal(300, 1, seed=5), normal(300, 2, seed=6)
    x = z * torch.tensor([1.0, 1.5]) + noise * torch.tensor([0.4, 0.8])
    return x, x[:, 0] + 0.5 * normal(300, seed=7) < 0.3


def gaussian_em_step(x: Tensor, seen: Tensor, mu: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
    """One step of EM for N(mu, C), where x_n2 is known only where seen[n]. x (N, 2), seen (N,)."""
    slope = C[0, 1] / C[0, 0]
    guess = mu[1] + slope * (x[:, 0] - mu[0])  # E-step: mean and variance of what is hidden
    variance = C[1, 1] - slope * C[0, 1]
    filled = torch.stack([x[:, 0], torch.where(seen, x[:, 1], guess)], 1)
    new_C = filled.T.cov(correction=0)  # M-step: moments, expected where not seen
    new_C[1, 1] += (~seen).double().mean() * variance
    return filled.mean(0), new_C


def _variant(
    x: Tensor, seen: Tensor, mu: Tensor, C: Tensor, *, slope: float = 1.0, **other
) -> tuple[Tensor, Tensor]:
    """gaussian_em_step with one thing done differently."""
    b = slope * C[0, 1] / C[0, 0]
    variance = C[1, 1] - C[0, 1] ** 2 / C[0, 0] if other.get("conditional", True) else C[1, 1]
    guess = mu[1] + b * (x[:, 0] - mu[0])
    filled = torch.stack([x[:, 0], torch.where(seen, x[:, 1], guess)], 1)
    centre = mu if other.get("old_mean") else filled.mean(0)
    new_C = (filled - centre).T @ (filled - centre) / len(x)
    new_C[1, 1] += other.get("share", (~seen).double().mean()) * variance
    return filled.mean(0), new_C


def _complete(x: Tensor, seen: Tensor, mu: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
    return x[seen].mean(0), x[seen].T.cov(correction=0)


def _case(size: int, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    root = normal(2, 2, seed=seed)
    C = root @ root.T + 0.3 * torch.eye(2, dtype=torch.float64)
    seen = normal(size, seed=seed + 1) > -0.3
    return normal(size, 2, seed=seed + 2), seen, normal(2, seed=seed + 3), C


Exercise(
    "03.7",
    gaussian_em_step,
    cases=[_case(9, 20), _case(12, 30)],
    mistakes=[
        Mistake(
            lambda *case: _variant(*case, share=0.0),
            "You filled the holes with their means and forgot that they are guesses. E[x₂²] is the "
            "squared mean <i>plus the variance</i>: the same slip as forgetting G.",
        ),
        Mistake(
            lambda *case: _variant(*case, share=1.0),
            "You added the conditional variance for every point. It belongs to the hidden ones.",
        ),
        Mistake(
            lambda *case: _variant(*case, conditional=False),
            "x₁ is known, so the hidden x₂ has its <i>conditional</i> variance, C₂₂ − C₁₂²/C₁₁, "
            "not the whole C₂₂.",
        ),
        Mistake(
            lambda *case: _variant(*case, slope=0.0),
            "You put μ₂ into every hole. The posterior of x₂ knows x₁: its mean is "
            "μ₂ + C₁₂/C₁₁ (x₁ − μ₁).",
        ),
        Mistake(
            _complete,
            "You left out the rows with holes. They still say something about x₁, and through it "
            "about x₂.",
        ),
        Mistake(
            lambda *case: _variant(*case, old_mean=True),
            "The mean is right. The covariance is taken about the <i>new</i> mean.",
        ),
    ],
    nudge="The latent is the hidden x₂. E-step: its mean and variance given x₁ (a line!). M-step: the "
    "mean and the covariance of the table, with expectations in the holes.",
    formula="$$\\mathbb E[x_2\\mid x_1] = \\mu_2 + \\frac{C_{12}}{C_{11}}(x_1-\\mu_1),\\qquad "
    "\\operatorname{Var}(x_2\\mid x_1) = C_{22} - \\frac{C_{12}^2}{C_{11}}$$"
    "Fill the holes with the first, take mean and covariance (with N), then add the second to "
    "C₂₂, times the share of holes.",
)


def plot_missing(x: Tensor, seen: Tensor, filled: Tensor, variances: dict[str, float]) -> Picture:
    """Points (N, 2), the filled ones (N, 2) on their line, and estimates of the variance of x_2."""
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.2])
    left.plot(*x[seen].T, **DATA.dots | {"alpha": 0.5, "markersize": 5})
    left.plot(*filled[~seen].T, "s", color=MODEL.color, markersize=5)
    left.set(xlabel="$x_1$", ylabel="$x_2$", title="Holes, filled")
    places = range(len(variances))
    colors = [TRUTH.color, *[style.PALE] * (len(variances) - 2), MODEL.color]
    right.barh(places, list(variances.values()), 0.6, color=colors)
    for place, value in zip(places, variances.values(), strict=True):
        right.text(value, place, f" {value:.2f}", va="center")
    right.set_yticks(places, list(variances))
    right.set(xlabel="variance of $x_2$", xlim=(0, 1.25 * max(variances.values())))
    right.set_title("EM finds the spread")
    right.invert_yaxis()
    rows = ", ".join(f"{value:.2f} ({name})" for name, value in variances.items())
    return figure(
        fig,
        alt=f"{int((~seen).sum())} of {len(x)} points lack x2; filled with their means they lie on a "
        f"line. The variance of x2 is estimated as {rows}.",
    )
