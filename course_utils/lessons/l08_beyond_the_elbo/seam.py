"""2 and 6, the best q at the ring's seam: for K samples, and for Renyi's order alpha."""

from collections.abc import Callable, Mapping

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils import exact
from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l08_beyond_the_elbo.cases import WIDE, seam_log_joint, seam_weights

TRUTH, Q, GAP = (style.ROLES[name] for name in ("truth", "q", "gap"))

# The best Gaussian for x at the ring's seam, with K samples: {K: (mean, scale)}; a test looks for
# better ones from either side. Up to K = 5 it keeps one mode, from K = 6 on it covers both.
SEAM = {
    1: (-2.345, 0.302),
    2: (-2.351, 0.360),
    3: (-2.351, 0.381),
    5: (-2.351, 0.399),
    6: (0.0, 2.848),
    7: (0.0, 2.717),
    8: (0.0, 2.619),
    10: (0.0, 2.491),
    20: (0.0, 2.354),
    50: (0.0, 2.318),
    100: (0.0, 2.314),
}

# The same for Renyi's bound of order alpha: {alpha: (mean, scale)}. Down to 0.4 one mode, from 0.35
# on both. At 0 every q is as good; below it is the least upper bound.
SEAM_RENYI = {
    2.0: (-2.240, 0.146),
    1.0: (-2.345, 0.302),
    0.75: (-2.353, 0.324),
    0.5: (-2.358, 0.343),
    0.4: (-2.359, 0.350),
    0.35: (0.0, 2.473),
    0.25: (0.0, 2.445),
    0.1: (0.0, 2.412),
    -1.0: (0.0, 2.312),
}


def renyi_exact(log_w: Tensor, mass: Tensor, alpha: float) -> Tensor:
    """Renyi's bound on a grid: log w and q's mass at its nodes, both (G,) -> ()."""
    share = mass / mass.sum()
    if alpha == 1:
        return (share * log_w).sum()
    return ((1 - alpha) * log_w + share.log()).logsumexp(0) / (1 - alpha)


def k_samples(log_joint: Tensor, q: tuple[float, float], K: int) -> Tensor:
    """L_K of q = N(mean, scale^2) at the seam."""
    return exact.log_mean(*seam_weights(log_joint, *q), K)


def renyi(log_joint: Tensor, q: tuple[float, float], alpha: float) -> Tensor:
    """Renyi's bound of q = N(mean, scale^2) at the seam.

    In its tails p(x, z) falls as the prior does, so p^(1 - alpha) q^alpha has the precision
    1 - alpha + alpha / scale^2. Where that is negative the integral, and an upper bound, is infinite.
    """
    if 1 - alpha + alpha / q[1] ** 2 <= 0:
        return torch.tensor(torch.inf)
    return renyi_exact(*seam_weights(log_joint, *q), alpha)


def predict_cover() -> Prediction:
    """Ask whether a Gaussian that is best for K samples ever covers both modes, then move K."""
    question = (
        "At the ring's seam the posterior has two modes. The Gaussian with the largest ELBO sits on "
        "one of them. The Gaussian with the largest K-sample bound …"
    )
    options = [
        Option("stays there for every K", False, "Then half the mass is missed: log 2 nats."),
        Option(
            "covers both, from a few samples on",
            True,
            "A few samples of a wide q are enough to hit both modes; the others only cost log K.",
        ),
        Option(
            "covers both, from 1000 or so on", False, "Half of the mass is worth more than that."
        ),
    ]
    return predict(question, options, explore_best_q())


def explore_best_q() -> Explorer:
    """At the ring's seam: the Gaussian with the largest K-sample bound, and its gap."""
    return _explore(
        "K",
        SEAM,
        k_samples,
        "The best q: one mode, then suddenly both",
        widgets.SelectionSlider(options=list(SEAM), value=1, description="samples K"),
        [1, 6, 100],
    )


def explore_best_renyi_q() -> Explorer:
    """At the ring's seam: the Gaussian with the best bound of order alpha, and its gap."""
    return _explore(
        "alpha",
        SEAM_RENYI,
        renyi,
        "Another road to the wide q: a smaller α",
        widgets.SelectionSlider(options=list(SEAM_RENYI), value=1.0, description="order α"),
        [1.0, 0.4, 0.35],
    )


def _explore(
    name: str,
    table: Mapping,
    bound: Callable[..., Tensor],
    title: str,
    control: widgets.SelectionSlider,
    filmstrip: list,
) -> Explorer:
    log_joint = seam_log_joint()
    log_p = (log_joint + (WIDE[1] - WIDE[0]).log()).logsumexp(0)
    posterior = (log_joint - log_p).exp()

    def gap(value: float, q: tuple[float, float]) -> float:
        return (log_p - bound(log_joint, q, value)).item()

    best = {value: gap(value, q) for value, q in table.items()}
    stuck = {value: gap(value, table[1]) for value in table}

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-6, 6), ylim=(0, 3.3), xlabel="latent z", ylabel="density")
        ax.plot(WIDE, posterior, **TRUTH.line)
        ax.text(-5.9, 3.0, "— posterior at the seam", color=TRUTH.ink)
        ax.set_title(title)
        return fig, {
            "q": ax.plot([], [], **Q.line)[0],
            "words": ax.text(-5.9, 2.7, "", color=Q.ink),
            "gap": ax.text(5.9, 3.0, "", color=GAP.ink, ha="right"),
            "stuck": ax.text(5.9, 2.7, "", color=GAP.ink, ha="right"),
        }

    def update(**values: float) -> dict:
        value = values[name]
        mean, scale = table[value]
        shape = torch.distributions.Normal(mean, scale).log_prob(WIDE).exp()
        return {
            "q": (WIDE, shape),
            "words": "- - best q: " + f"N({mean:.2f}, {scale:.2f}²)".replace("-", "−"),
            "gap": f"its gap {_nats(best[value])}",
            "stuck": f"of the ELBO's q {_nats(stuck[value])}",
            "alt": f"The posterior at the ring's seam has two modes. With {name} = {value:g} the best "
            f"Gaussian is N({mean:.2f}, {scale:.2f}²), gap {_nats(best[value])} nats; the q that is "
            f"best for the ELBO has gap {_nats(stuck[value])}.",
        }

    return Explorer(scene, update, {name: control}, [{name: value} for value in filmstrip])


def _nats(gap: float) -> str:
    return f"{gap:.3f}".replace("-", "−").replace("inf", "∞")
