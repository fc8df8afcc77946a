"""6, from above: Renyi's family, estimates that fall through, and exercise 08.6."""

from math import log

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal

TRUTH, BOUND, GAP = (style.ROLES[name] for name in ("truth", "bound", "gap"))


def poll_harmonic() -> Poll:
    """What 1000 exact posterior samples are worth."""
    return Poll(
        "You have 1000 exact samples of the posterior of an image with 10 latents. 1 / mean(1 / "
        "p(x | z)) is called the harmonic mean estimator. Does it give you p(x)?",
        [
            Option("yes, nearly", False, "Not with 10⁹: the variance is infinite here."),
            Option("no, it is too low", False, "What it misses are small likelihoods."),
            Option(
                "no, it is too high",
                True,
                "E[1/p(x|z)] = 1/p(x), but that mean is carried by samples from the prior's far "
                "corners, which the posterior never visits.",
            ),
        ],
    )


def plot_falling_through(estimates: dict[int, Tensor], truth: float) -> Picture:
    """Estimates of CUBO for several K: how many lie below log p(x) = 0, and the true bound."""
    fig, ax = style.subplots(height=3.9)
    below = {}
    for place, (K, values) in enumerate(estimates.items()):
        shown = values[:300]
        shift = normal(len(shown), seed=place) * 0.08
        ax.plot(place + shift, shown, **BOUND.dots | {"alpha": 0.4})
        below[K] = (values < 0).double().mean().item()
        ax.text(place + 0.28, -0.3, f"{below[K]:.0%} below", color=BOUND.ink)
    ax.axhline(0, **TRUTH.line)
    ax.axhline(truth, **GAP.line)
    ax.text(len(estimates) + 0.38, 0.03, "log p(x)", color=TRUTH.ink, ha="right", va="bottom")
    label = f"the bound itself, {truth:+.2f}"
    ax.text(len(estimates) + 0.38, truth + 0.03, label, color=GAP.ink, ha="right", va="bottom")
    ax.set_xticks(range(len(estimates)), [f"K = {K}" for K in estimates])
    ax.set(xlim=(-0.5, len(estimates) + 0.4), ylim=(-0.6, 1.2), ylabel="nats above log p(x)")
    ax.set_title("An estimate of an upper bound is not an upper bound")
    said = ", ".join(f"{share:.0%} at K = {K}" for K, share in below.items())
    return figure(
        fig,
        alt=f"Estimates of CUBO, whose true value lies {truth:.2f} nats above log p(x). The share "
        f"of estimates below log p(x): {said}.",
    )


def renyi_bound(log_w: Tensor, alpha: float) -> tuple[Tensor, int]:
    """Renyi's bound from the K rows of log_w (K, N) -> (N,), for any alpha, 1 included; and whether
    this estimate lies below (-1), at (0) or above (1) the bound on average."""
    if alpha == 1:
        return log_w.mean(0), 0
    value = log_mean((1 - alpha) * log_w) / (1 - alpha)
    return value, -1 if alpha < 1 else 1


def log_mean(log_w: Tensor) -> Tensor:
    """log of the mean over the first axis."""
    return log_w.logsumexp(0) - log(len(log_w))


def _side(alpha: float) -> int:
    return (alpha > 1) - (alpha < 1)


def _guarded(formula):
    """A mistake that has the case alpha = 1 right, and every side."""

    def answer(log_w, alpha):
        return log_w.mean(0) if alpha == 1 else formula(log_w, alpha), _side(alpha)

    return answer


def _sided(side):
    """A mistake that has every value right."""
    return lambda log_w, alpha: (renyi_bound(log_w, alpha)[0], side(alpha))


Exercise(
    "08.6",
    renyi_bound,
    cases=[
        (2 * normal(6, 3), 0.5),
        (normal(4, 2, seed=1), -1.0),
        (normal(4, 2, seed=2) - 900, 2.0),
        (normal(3, 2, seed=3), 1),
        (2 * normal(5, 2, seed=4), 0.0),
    ],
    mistakes=[
        Mistake(
            _guarded(lambda log_w, a: log_mean(a * log_w) / (1 - a)),
            "The power of w is 1 − α: at α = 0 the mean of w itself must be left.",
        ),
        Mistake(
            _guarded(lambda log_w, a: log_mean((1 - a) * log_w)),
            "1/(1 − α) is missing: K equal weights must give log w for every α.",
        ),
        Mistake(
            _guarded(lambda log_w, a: ((1 - a) * log_w).logsumexp(0) / (1 - a)),
            "A sum in place of a mean: subtract log K before you divide.",
        ),
        Mistake(
            _guarded(lambda log_w, a: ((1 - a) * log_w).logsumexp(0) / (1 - a) - log(len(log_w))),
            "log K belongs to the mean of w^(1−α): subtract it before you divide by 1 − α.",
        ),
        Mistake(
            _guarded(lambda log_w, a: ((1 - a) * log_w).mean(0) / (1 - a)),
            "A mean of logarithms: 1 − α cancels, and every α is the ELBO.",
        ),
        Mistake(
            lambda log_w, alpha: (
                log_mean((1 - alpha) * log_w) / torch.tensor(1.0 - alpha),
                _side(alpha),
            ),
            "At α = 1 this is 0/0. The limit is the ELBO: the mean of log w.",
        ),
        Mistake(
            _guarded(lambda log_w, a: (log_w.exp() ** (1 - a)).mean(0).log() / (1 - a)),
            "Right on paper. But e to the −900 is 0 in every float: stay with logsumexp.",
        ),
        Mistake(
            _sided(lambda alpha: 0 if alpha == 1 else -1),
            "The values are right. The side: Jensen draws the log of a mean down, but then it is "
            "divided by 1 − α. What if that is negative?",
        ),
        Mistake(
            _sided(lambda alpha: (alpha < 0) - (alpha > 0) if alpha != 1 else 0),
            "The values are right. You give the side of the bound, seen from log p(x). Asked is "
            "that of its estimate, seen from the bound.",
        ),
        Mistake(
            _sided(lambda alpha: -1 if alpha <= 1 else 1),
            "The values are right. At α = 1 there is no logarithm of a mean left: what is the mean "
            "of a mean?",
        ),
        Mistake(
            _sided(lambda alpha: 0 if alpha in (0, 1) else _side(alpha)),
            "The values are right. At α = 0 the bound is log p(x), and p̂ is without bias; but log p̂ "
            "is drawn down all the same, by Jensen.",
        ),
        Mistake(
            _sided(lambda alpha: -_side(alpha)),
            "The values are right, the sides turned round: E log p̂ is at most log E p̂.",
        ),
    ],
    nudge="Try K equal weights: every α must return their log. For the side: Jensen for log of a "
    "mean of w^(1−α), then the sign of what it is divided by.",
    formula="$$\\frac1{1-\\alpha}\\log\\frac1K\\sum_k w_k^{1-\\alpha},\\qquad "
    "\\alpha\\to1:\\ \\frac1K\\sum_k\\log w_k$$",
)
