"""4, rate and distortion: the plane of reverse water-filling, and exercise 09.3."""

from collections.abc import Callable
from functools import cache
from math import log

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor
from torch.distributions import kl_divergence

from course_utils import data, ladder, pca, ppca, vae
from course_utils.kit import Exercise, Explorer, Mistake, style
from course_utils.lessons.draws import normal
from course_utils.priors import rate
from course_utils.priors.rate import Point

TRUTH, MODEL, Q, GAP = (style.ROLES[name] for name in ("truth", "model", "q", "gap"))
SIGMA2 = 0.05  # of the explorer's linear VAE
# Means over the seeds 1 to 5 of `bent`, by its noise variance. Measured by tests/seeds/lesson_09.py.
BENT = {0.2: Point(2.664, 2.595), 0.1: Point(4.568, 1.896), 0.05: Point(6.472, 1.537)}


@cache
def eigenvalues() -> Tensor:
    """Of the training digits' covariance, (64,)."""
    return pca.spectrum(data.digits().train)[1].clamp(min=0)


def linear(sigma2: float, beta: float) -> Point:
    """The best linear VAE for this noise and this weight of the KL, its rate and squared error on
    the training digits: PPCA whose noise is beta sigma2, by its own exact posterior.
    """
    x, level = data.digits().train, beta * sigma2
    mu, values, vectors = pca.spectrum(x)
    W = vectors * (values - level).clamp(min=0).sqrt()
    code = rate.Invisible(ppca.PPCA(W, mu, level), 1.0)
    constant = x.shape[1] / 2 * log(2 * torch.pi * level)
    error = 2 * level * (code.distortion(x).mean().item() - constant)
    return Point(code.rate(x).mean().item(), error)


def bent(sigma2: float, seed: int = 1) -> Point:
    """A VAE with 8 latents and this noise, 600 steps; its rate and squared error on test images."""
    train, test = ladder.digits()
    torch.manual_seed(seed)
    encoder = vae.Encoder(64, 8, (128, 64))
    decoder = vae.Decoder(8, 64, (64, 64), "fixed", sigma2=sigma2)
    vae.fit(train, encoder, decoder, num_steps=600, batch_size=200, progress=False)
    with torch.no_grad():
        q = encoder(test)
        miss = (test - decoder(q.rsample(torch.Size([100]))).mean).square().sum(-1).mean()
        return Point(kl_divergence(q, decoder.prior).mean().item(), miss.item())


def gaussian_rate(error: float) -> float:
    """The rate that a Gaussian of the digits' covariance needs for this squared error."""
    low, high = 1e-9, eigenvalues().max().item()
    for _ in range(60):
        level = (low * high) ** 0.5
        low, high = (
            (level, high)
            if rate.water_filling(eigenvalues(), level).error < error
            else (low, level)
        )
    return rate.water_filling(eigenvalues(), low).rate


def explore_plane() -> Explorer:
    """Left: eigenvalues, and the water. Right: the curve that the level runs along."""
    values = eigenvalues()
    levels = torch.logspace(-2.3, 0.4, 80).tolist()
    curve = np.array([rate.water_filling(values, s) for s in levels])
    shown = values[:40].clamp(min=1e-4).numpy()
    steps = np.arange(41)

    def scene():
        fig, (left, right) = style.subplots(2)
        left.stairs(shown, steps, color=style.INK, linewidth=2.5)
        left.set(yscale="log", ylim=(0.005, 1.5), xlim=(0, 40), xlabel="direction $i$")
        left.set(ylabel="variance $\\lambda_i$", title="64 directions, one level")
        left.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
        right.plot(curve[:, 1], curve[:, 0], **TRUTH.line)
        right.set(xlim=(0, 5), ylim=(0, 24), xlabel="squared error $\\Delta$")
        right.set(ylabel="rate, nats", title="The price of an error")
        right.text(4.9, 13.7, "— Gaussian, exact", color=TRUTH.ink, ha="right")
        for point in BENT.values():
            right.plot(point.error, point.rate, **MODEL.dots | {"markersize": 10})
        right.text(4.9, 11.7, "● bent VAE, tested", color=MODEL.ink, ha="right")
        return fig, {
            "coded": left.fill([0], [0], **Q.area, alpha=0.6)[0],
            "water": left.plot([], [], **GAP.line)[0],
            "level": left.text(39.5, 0.9, "", color=GAP.ink, ha="right"),
            "tangent": right.plot([], [], color=style.GUIDE, linewidth=2)[0],
            "point": right.plot([], [], **Q.dots | {"markersize": 12})[0],
            "text": right.text(4.9, 17.7, "", ha="right"),
        }

    def update(beta: float) -> dict:
        s = beta * SIGMA2
        at, active = rate.water_filling(values, s), int((values > s).sum())
        top = np.repeat(np.maximum(shown, s), 2)
        outline = np.stack([np.repeat(steps, 2)[1:-1], top], 1)
        span = np.array([at.error - 1, at.error + 1])
        return {
            "coded": np.concatenate([outline, [(40, s), (0, s)]]),
            "water": ([0, 40], [s, s]),
            "level": f"water level s = {s:.3f}",
            "tangent": (span, at.rate - (span - at.error) / (2 * s)),
            "point": ([at.error], [at.rate]),
            "text": f"{active} active\nΔ = {at.error:.2f}, rate {at.rate:.2f}\nslope −{1 / (2 * s):.1f}",
            "alt": f"At beta = {beta:.2f} the water level is {s:.3f}; {active} directions stand above "
            f"it. The rate is {at.rate:.2f} nats, the squared error {at.error:.2f}, the slope of the "
            f"curve −{1 / (2 * s):.1f}. Nonlinear VAEs lie below the curve.",
        }

    control = widgets.FloatLogSlider(
        value=1, base=10, min=-0.4, max=1, step=0.1, description="β, with σ² = 0.05"
    )
    return Explorer(scene, update, {"beta": control}, [{"beta": b} for b in (10**-0.4, 1.0, 10.0)])


def spend(eigenvalues: Tensor, budget: float) -> tuple[Tensor, Tensor]:
    """The water level at which the best code costs `budget` nats, and that code's squared error."""
    low, high = torch.zeros_like(eigenvalues.max()), eigenvalues.max()
    for _ in range(100):  # the rate falls as the level rises
        level = (low + high) / 2
        rate = (eigenvalues / level).clamp(min=1).log().sum() / 2
        low, high = (level, high) if rate > budget else (low, level)
    return level, eigenvalues.clamp(max=level).sum()


def _halved(rate: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, float], Tensor]:
    """The level by halving, for another rate."""

    def level(eigenvalues: Tensor, budget: float) -> Tensor:
        low, high = torch.zeros_like(eigenvalues.max()), eigenvalues.max()
        for _ in range(100):
            s = (low + high) / 2
            low, high = (s, high) if rate(eigenvalues, s) > budget else (low, s)
        return s

    return level


def _with(rate=None, error=None):
    """`spend` with another rate, or another error at the level."""

    def answer(eigenvalues: Tensor, budget: float) -> tuple[Tensor, Tensor]:
        level = _halved(rate)(eigenvalues, budget) if rate else spend(eigenvalues, budget)[0]
        return level, error(eigenvalues, level) if error else eigenvalues.clamp(max=level).sum()

    return answer


def _evenly(eigenvalues: Tensor, budget: float) -> tuple[Tensor, Tensor]:
    """Every direction gets the same number of nats."""
    left = eigenvalues * torch.tensor(-2 * budget / len(eigenvalues)).exp()
    return left.max(), left.sum()


Exercise(
    "09.3",
    spend,
    cases=[
        (normal(6).abs() + 0.1, 1.5),
        (normal(4, seed=1).abs() + 0.05, 0.7),
        (torch.tensor([0.2, 1.2, 0.01]).double(), 0.4),  # in no order
    ],
    mistakes=[
        Mistake(
            _evenly,
            "The same nats for all. Move one from a small λ to a large: a nat divides an error by "
            "e², and of a large one that is more.",
        ),
        Mistake(
            _with(rate=lambda values, s: (values / s).log().sum() / 2),
            "Directions below the level get a negative rate, nats that the others then spend. They "
            "are not coded: rate 0.",
        ),
        Mistake(
            _with(rate=lambda values, s: (values / s).clamp(min=1).log().sum()),
            "Your rate is twice too large: ½ log of a ratio of variances.",
        ),
        Mistake(
            _with(rate=lambda values, s: (values / s).clamp(min=1).log2().sum() / 2),
            "Your rate is in bits. The course counts nats.",
        ),
        Mistake(
            _with(rate=lambda values, s: (values - s).clamp(min=0).add(1).log().sum() / 2),
            "λ_i − s is what the decoder keeps. The rate compares λ_i with the s that is left.",
        ),
        Mistake(
            _with(error=lambda values, s: values[values <= s].sum()),
            "The level is right. The error is that of the directions left out: those coded keep one "
            "too, s each.",
        ),
        Mistake(
            _with(error=lambda values, s: s * (values > s).sum()),
            "The level is right. The error is that of the directions coded: those left out lose all "
            "they have, λ_i.",
        ),
        Mistake(
            _with(error=lambda values, s: s * len(values)),
            "The level is right. But no direction can lose more than its variance.",
        ),
    ],
    nudge="Moving a sliver of rate from one coded direction to another must gain nothing: what do "
    "their errors have in common? Then the rate is a falling function of one number: halve.",
    formula="$$\\text{the } s \\text{ with}\\quad\\tfrac12\\sum_i\\max\\big(0, \\log\\frac{\\lambda_i}{s}"
    "\\big)=\\text{budget},\\qquad \\Delta=\\sum_i\\min(\\lambda_i, s)$$",
)
