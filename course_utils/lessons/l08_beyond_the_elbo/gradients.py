"""3, a tight bound and its gradient: clouds of estimates against exact means, and exercise 08.3."""

from functools import cache
from typing import NamedTuple

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.distributions import Normal

from course_utils import exact
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

TRUTH, SCORE, PATH, MODEL = (style.ROLES[n] for n in ("truth", "score", "pathwise", "model"))
COUNTS = (1, 3, 10, 30, 100, 300, 1000)
X, MEAN, FINE = 1.0, 0.8, torch.linspace(-9, 10, 951, dtype=torch.float64)


class Clouds(NamedTuple):
    """R estimates each of the gradient of L_K: in q's mean, plain and dreg; in theta."""

    plain: Tensor
    dreg: Tensor
    theta: Tensor


@cache
def clouds(K: int, variance: float, num_runs: int, seed: int = 0) -> Clouds:
    """z ~ N(theta, 1), x | z ~ N(z, 1), x = 1, at theta = 0 and q = N(0.8, variance).

    With eps held, dz/dmean = 1 and log q(z) does not move, so the plain path is d log p / dz.
    """
    generator = torch.Generator().manual_seed(seed)
    eps = torch.randn(K, num_runs, generator=generator, dtype=torch.float64)
    z = MEAN + variance**0.5 * eps
    log_w = -(z**2) / 2 - (X - z) ** 2 / 2 + eps**2 / 2
    share = log_w.softmax(0)
    slope_p = X - 2 * z  # d log p(x, z) / dz
    slope_w = slope_p + eps / variance**0.5  # and of log w, q held
    return Clouds((share * slope_p).sum(0), (share**2 * slope_w).sum(0), (share * z).sum(0))


@cache
def exact_gradient(K: int, variance: float) -> tuple[float, float]:
    """The gradients of L_K in q's mean and in theta, by Frullani's integral."""
    mean = torch.tensor(MEAN, dtype=torch.float64, requires_grad=True)
    theta = torch.zeros((), dtype=torch.float64, requires_grad=True)
    log_q = Normal(mean, variance**0.5).log_prob(FINE)
    log_p = Normal(theta, 1.0).log_prob(FINE) + Normal(FINE, 1.0).log_prob(torch.tensor(X))
    value = exact.log_mean(log_p - log_q, log_q.exp(), K)
    of_mean, of_theta = torch.autograd.grad(value, (mean, theta))
    return of_mean.item(), of_theta.item()


def signal_to_noise(estimates: Tensor, truth: float) -> float:
    """|mean| / standard deviation of a gradient estimate whose mean is known."""
    return abs(truth) / estimates.std().item()


def predict_noise() -> Prediction:
    """Ask what more samples do to the encoder's gradient, then look at the clouds."""
    question = (
        "The K-sample bound gets tighter with K. What does a larger K do to one estimate of its "
        "gradient in the encoder's parameters, compared with the gradient itself?"
    )
    options = [
        Option(
            "it becomes noisier",
            True,
            "A tighter bound depends less on q, so the signal falls like 1/K, the noise like 1/√K.",
        ),
        Option("it becomes more precise", False, "Its noise falls. Look at what else falls."),
        Option("it becomes biased", False, "It is unbiased for the gradient of this bound."),
    ]
    return predict(question, options, explore_noise())


def explore_noise() -> Explorer:
    """A hundred gradients of each kind over the size of their exact mean."""
    kinds = {"encoder, plain": SCORE, "encoder, DReG": PATH, "decoder": MODEL}
    spread = normal(100, seed=3) * 0.09

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-0.5, 2.5), ylim=(-4.5, 6), ylabel="estimate / |exact mean|")
        ax.set_xticks(range(3), list(kinds))
        ax.axhline(0, color=style.GUIDE, linewidth=1)
        ax.set_title("More samples: the plain encoder's gradient drowns")
        marks = {}
        for i, (name, role) in enumerate(kinds.items()):
            marks[name] = ax.plot([], [], **role.dots | {"alpha": 0.5})[0]
            marks[f"ratio {name}"] = ax.text(i, 5.3, "", color=role.ink, ha="center")
        marks["means"] = ax.plot(
            [], [], **TRUTH.dots | {"marker": "_", "markersize": 60, "markeredgewidth": 4}
        )[0]
        return fig, marks

    def update(K: int, variance: float) -> dict:
        found = clouds(K, variance, 2000)
        of_mean, of_theta = exact_gradient(K, variance)
        truths = (of_mean, of_mean, of_theta)
        frame: dict = {}
        said, signs = [], []
        for i, (name, cloud, truth) in enumerate(zip(kinds, found, truths, strict=True)):
            ratio = signal_to_noise(cloud, truth)
            frame[name] = (i + spread, (cloud[:100] / abs(truth)).clamp(-4.4, 5))
            frame[f"ratio {name}"] = f"ratio {ratio:.2g}"
            said.append(f"{name} {ratio:.2g}")
            signs.append(1 if truth > 0 else -1)
        return frame | {
            "means": ([0, 1, 2], signs),
            "alt": f"With K = {K} samples of a q of variance {variance:.2f}, |mean| over standard "
            f"deviation of one gradient estimate: {', '.join(said)}.",
        }

    controls = {
        "K": widgets.SelectionSlider(options=COUNTS, value=1, description="samples K"),
        "variance": widgets.SelectionSlider(
            options=[("0.30", 0.3), ("0.50", 0.5), ("0.67", 2 / 3)],
            value=2 / 3,
            description="variance of q",
        ),
    }
    return Explorer(scene, update, controls, [{"K": K, "variance": 2 / 3} for K in (1, 10, 1000)])


def dreg(log_w: Tensor, slope: Tensor, moved: Tensor) -> Tensor:
    """sum_k w~_k^2 (d log w_k / dz_k) (dz_k / dphi), all (K,) -> a number."""
    return (log_w.softmax(0).square() * slope * moved).sum()


_CASE = (2 * normal(5) - 300, normal(5, seed=1), normal(5, seed=2))
Exercise(
    "08.3",
    dreg,
    cases=[_CASE, (normal(3, seed=3), normal(3, seed=4), normal(3, seed=5))],
    mistakes=[
        Mistake(
            lambda log_w, slope, moved: (log_w.softmax(0) * slope * moved).sum(),
            "Each path with w̃ alone: the score has been dropped, and its mean is not 0 here.",
        ),
        Mistake(
            lambda log_w, slope, moved: (
                log_w.softmax(0) * (2 - log_w.softmax(0)) * slope * moved
            ).sum(),
            "The signs: log w holds −log q, so the score comes off. At K = 1 nothing of it must be "
            "left, and you have its path once.",
        ),
        Mistake(
            lambda log_w, slope, moved: (
                log_w.softmax(0) * (1 - log_w.softmax(0)) * slope * moved
            ).sum(),
            "This is the score's part alone. At K = 1 it vanishes; the path must be left.",
        ),
        Mistake(
            lambda log_w, slope, moved: ((2 * log_w).softmax(0) * slope * moved).sum(),
            "Squared, then normalised again. The squares do not sum to 1, and must not.",
        ),
        Mistake(
            lambda log_w, slope, moved: (log_w.exp().square() * slope * moved).sum(),
            "The weights are not normalised: divide each by the sum of all, then square.",
        ),
        Mistake(
            lambda log_w, slope, moved: (log_w.softmax(0).square() * slope * moved).mean(),
            "A sum over the samples, not a mean: the weights have divided by K already.",
        ),
        Mistake(
            lambda log_w, slope, moved: (log_w.softmax(0).square() * slope).sum(),
            "dz/dφ is missing: the chain ends in the parameter, not in the sample.",
        ),
    ],
    nudge="Set K = 1: it must be the sticking-the-landing gradient. Then ask what K equal weights "
    "do to its size.",
    formula="$$\\sum_k \\tilde w_k^2\\,\\frac{\\partial\\log w_k}{\\partial z_k}\\,"
    "\\frac{\\partial z_k}{\\partial\\phi},\\qquad \\tilde w_k = w_k\\Big/\\sum_j w_j$$",
)
