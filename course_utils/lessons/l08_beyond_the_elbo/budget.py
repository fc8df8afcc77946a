"""5, evidence for any number of latents: what each method lacks on PPCA, where truth is known."""

import warnings
from collections.abc import Callable
from typing import TypeVar

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

from course_utils import bounds, data, ppca
from course_utils.kit import Explorer, style

TRUTH, GAP = style.ROLES["truth"], style.ROLES["gap"]
T = TypeVar("T")
LEAST = 0.02  # nats, the least that is drawn: means over 100 images are no surer
METHODS = (
    "prior samples, 1 000",
    "prior samples, 100 000",
    "mean-field q, 1 000",
    "annealed from the prior",
    "annealed from mean field",
)
# Nats per image that each of METHODS lacks on PPCA of the digits, W turned at random, mean over the
# first 100 test images: {H: shortfalls}. Annealed: 10 chains of 100 steps. Measured by
# tests/seeds/lesson_08.py; the notebook measures three of them anew.
SHORT = {
    2: (0.010, -0.001, 0.000, 0.055, 0.000),
    5: (0.782, 0.004, -0.001, 0.226, -0.009),
    10: (12.106, 1.707, -0.011, 0.480, -0.013),
    20: (61.265, 27.808, 0.356, 1.354, -0.028),
}


def turned(H: int) -> ppca.PPCA:
    """PPCA of the training digits, its latents turned at random: `ppca.fit`'s own W^T W is
    diagonal, where a factorised q is exact.
    """
    fitted = ppca.fit(data.digits().train, H)
    turn = torch.randn(H, H, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return ppca.PPCA(fitted.W @ torch.linalg.qr(turn)[0], fitted.mu, fitted.sigma2)


def mean_field(model: ppca.PPCA, x: Tensor) -> Distribution:
    """The factorised q with the largest ELBO: the posterior's mean, 1 / its precisions."""
    p = model.posterior(x)
    variance = 1 / torch.linalg.inv(model.G).diagonal()
    return Independent(Normal(p.mean, variance.sqrt().expand_as(p.mean)), 1)


def quietly(estimate: Callable[[], T]) -> tuple[T, str]:
    """What a call returns, and what it warned of."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", bounds.Unreliable)
        result = estimate()
    return result, " ".join(str(one.message) for one in heard) or "(no warning)"


def explore_budget() -> Explorer:
    """What every method lacks of the exact evidence, for 2 to 20 latents."""

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(0.015, 150), xscale="log", ylim=(-0.7, 4.4), xlabel="nats short per image")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.set_yticks(range(5), METHODS)
        ax.invert_yaxis()
        ax.set_title("What each method lacks")
        ax.axvline(LEAST, color=style.GUIDE, linewidth=1)
        ax.grid(axis="y", color=style.PALE)
        dots = {f"dot_{i}": ax.plot([], [], **GAP.dots | {"markersize": 14})[0] for i in range(5)}
        texts = {
            f"text_{i}": ax.text(1, i - 0.28, "", color=GAP.ink, ha="center") for i in range(5)
        }
        return fig, dots | texts

    def update(H: int) -> dict:
        frame: dict = {}
        for i, short in enumerate(SHORT[H]):
            shown = max(short, LEAST)
            frame[f"dot_{i}"] = ([shown], [i])
            text = f"{short:.2f}" if short > LEAST else f"below {LEAST}"
            frame[f"text_{i}"] = (max(shown, 2.4 * LEAST), i - 0.28, text)
        said = "; ".join(f"{m}: {s:.2f}" for m, s in zip(METHODS, SHORT[H], strict=True))
        return frame | {"alt": f"Nats short of the exact evidence with {H} latents. {said}."}

    control = widgets.SelectionSlider(options=list(SHORT), value=5, description="latents H")
    return Explorer(scene, update, {"H": control}, [{"H": H} for H in SHORT])
