"""Section 9, missing data: exercise 03.7, EM for a Gaussian whose table has holes."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal

DATA, TRUTH, MODEL = (style.ROLES[role] for role in ("data", "truth", "model"))


def holes(seed: int = 5) -> tuple[Tensor, Tensor]:
    """x (300, 2), and where its second column is seen (300,): mostly where the first is small."""
    z, noise = normal(300, 1, seed=seed), normal(300, 2, seed=seed + 1)
    x = z * torch.tensor([1.0, 1.5]) + noise * torch.tensor([0.4, 0.8])
    return x, x[:, 0] + 0.5 * normal(300, seed=seed + 2) < 0.3


def many_tables(step: Callable, num_tables: int = 200) -> dict[str, Tensor]:
    """By what each way of estimating x_2's variance misses the whole table's, (num_tables,) each."""
    misses: dict[str, list[float]] = {"rows without holes": [], "filled with means": [], "EM": []}
    for table in range(num_tables):
        x, seen = holes(seed=10 * table)
        mu, C = torch.zeros(2).double(), torch.eye(2).double()
        for _ in range(30):
            mu, C = step(x, seen, mu, C)
        on_line = mu[1] + C[0, 1] / C[0, 0] * (x[:, 0] - mu[0])
        filled = torch.where(seen, x[:, 1], on_line)
        found = x[seen, 1].var(correction=0), filled.var(correction=0), C[1, 1]
        for miss, variance in zip(misses.values(), found, strict=True):
            miss.append((variance - x[:, 1].var(correction=0)).item())
    return {name: torch.tensor(miss).double() for name, miss in misses.items()}


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


def plot_missing(x: Tensor, seen: Tensor, filled: Tensor, misses: dict[str, Tensor]) -> Picture:
    """Points (N, 2), the filled ones (N, 2) on their line; by what many estimates miss, each (T,)."""
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.2])
    left.plot(*x[seen].T, **DATA.dots | {"alpha": 0.5, "markersize": 5})
    left.plot(*filled[~seen].T, "s", color=MODEL.color, markersize=5)
    left.set(xlabel="$x_1$", ylabel="$x_2$", title="Holes, filled")
    right.axvline(0, color=TRUTH.color, linewidth=2)
    for place, miss in enumerate(misses.values()):
        spread = 0.2 * (2 * torch.arange(len(miss)) / len(miss) - 1)
        right.plot(miss, place + spread, ".", color=style.GUIDE, markersize=5)
        right.plot([miss.mean()], [place], "o", color=MODEL.color, markersize=12)
    right.set_yticks(range(len(misses)), [name.replace(" ", "\n", 1) for name in misses])
    right.set(xlabel="miss of the variance of $x_2$", ylim=(-0.6, len(misses) - 0.4))
    right.set_title(f"{len(miss)} tables; ● mean")
    right.invert_yaxis()
    rows = ", ".join(f"{m.mean():.2f} ± {m.std():.2f} ({name})" for name, m in misses.items())
    return figure(
        fig,
        alt=f"{int((~seen).sum())} of {len(x)} points lack x2; filled with their means they lie on a "
        f"line. Over {len(miss)} such tables the variance of x2 is missed by {rows}, mean and "
        "standard deviation.",
    )
