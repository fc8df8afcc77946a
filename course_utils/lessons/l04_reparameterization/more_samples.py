"""Section 6, which one, then: more samples, more dimensions."""

import numpy as np
import torch

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l04_reparameterization.estimators import (
    MOVED,
    MU,
    WEIGHED,
    cos_variances,
    square_variances,
)

TRUTH = style.ROLES["truth"]


def plot_error() -> Picture:
    """The root mean square error of both estimators against S, for a smooth and a wiggly h."""
    sizes, num_runs = [4**k for k in range(7)], 150
    fig, panels = style.subplots(2, sharey=True)
    eps = torch.randn(
        num_runs, sizes[-1], generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    z = MU + eps
    low, steep = (8 * z).cos(), -8 * (8 * z).sin()
    cases = [
        ("$z^2$: moving wins", 2 * z, z**2 * eps, 2 * MU, square_variances(MU, 1.0)),
        ("$\\cos\\,8z$: reweighting wins", steep, low * eps, 0.0, cos_variances(8, MU, 1.0)),
    ]
    labels = ["pathwise", "score function"]
    looks = [{"marker": "o", "color": MOVED.tint}, {"marker": "s", "color": WEIGHED.tint}]
    reports = []
    for ax, (name, *estimates, exact, variances) in zip(panels, cases, strict=True):
        for values, variance, label, look in zip(estimates, variances, labels, looks, strict=True):
            errors = [(values.reshape(-1, s).mean(1) - exact).square().mean().sqrt() for s in sizes]
            ax.plot(sizes, (variance / np.array(sizes)) ** 0.5, **TRUTH.line | {"linewidth": 2.5})
            ax.plot(
                sizes, errors, **look, linestyle="none", markersize=11, markeredgecolor=style.INK
            )
            above = variance == max(variances)
            ax.annotate(
                label,
                (sizes[3], (variance / sizes[3]) ** 0.5),
                (9, 8) if above else (-9, -8),
                textcoords="offset points",
                ha="left" if above else "right",
                va="bottom" if above else "top",
            )
            reports.append(f"{label} {errors[0]:.2f} to {errors[-1]:.3f}")
        ax.set(xscale="log", yscale="log", xlim=(0.6, 8000), ylim=(0.003, 20))
        ax.set(xlabel="samples $S$", title=name)
    panels[0].set_ylabel("error of the mean")
    panels[1].text(0.8, 0.005, "lines: (variance / S)$^{1/2}$", color=TRUTH.ink)
    return figure(
        fig,
        alt="Root mean square error of the estimated gradient from 1 to 4096 samples, on the line "
        f"(variance / S)^1/2 throughout. For z squared: {reports[0]}, {reports[1]}. For cos 8z: "
        f"{reports[2]}, {reports[3]}.",
    )


def plot_dimension() -> Picture:
    """Variance of one coordinate's gradient for h = sum of z_d^2, against the dimension."""
    dims, num_samples = 2 ** np.arange(8), 20_000
    eps = torch.randn(
        num_samples, dims[-1], generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    z = MU + eps
    sums = (z**2).cumsum(1)[:, dims - 1]  # (S, 8): h in 1, 2, 4, ..., 128 dimensions
    measured = {
        "pathwise": (2 * z[:, :1]).expand_as(sums),
        "score, b = 0": sums * eps[:, :1],
        "score, b = $\\mathbb{E}h$": (sums - 2 * torch.as_tensor(dims)) * eps[:, :1],
    }
    others = dims - 1
    exact = [4.0 + 0 * dims, 30 + 22 * others + 4 * others**2, 18.0 + 6 * others]
    looks = [("o", MOVED.tint), ("s", WEIGHED.tint), ("D", WEIGHED.tint)]
    fig, ax = style.subplots()
    for (name, values), line, (marker, color) in zip(measured.items(), exact, looks, strict=True):
        ax.plot(dims, line, **TRUTH.line | {"linewidth": 2.5})
        spread = values.var(0)
        ax.plot(dims, spread, marker, color=color, markersize=11, markeredgecolor=style.INK)
        ax.text(dims[-1] * 1.15, line[-1], name, va="center")
    ax.set(xscale="log", yscale="log", xlim=(0.8, 700), ylim=(1.5, 2e5), xticks=dims)
    ax.set_xticklabels([str(d) for d in dims])
    ax.minorticks_off()
    ax.set(
        xlabel="dimensions $H$", ylabel="variance", title="Reweighting suffers from every dimension"
    )
    return figure(
        fig,
        alt=f"Variance of the gradient in one mean, for 1 to 128 dimensions. Pathwise: always 4. Score "
        f"function: from 30 to {exact[1][-1]}. With the mean of h as baseline: from 18 to "
        f"{exact[2][-1]:.0f}. Measured dots lie on the exact lines.",
    )
