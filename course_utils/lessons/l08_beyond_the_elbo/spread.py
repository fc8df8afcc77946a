"""1, one average under the logarithm: the spread of log p_hat, and exercise 08.1."""

from math import log

import ipywidgets as widgets
import numpy as np
from matplotlib.patches import Polygon
from torch import Tensor
from torch.distributions import Normal

from course_utils import exact
from course_utils.kit import Exercise, Explorer, Mistake, style
from course_utils.lessons.draws import histogram, normal
from course_utils.lessons.l08_beyond_the_elbo.cases import standard

TRUTH, BOUND, Q = (style.ROLES[name] for name in ("truth", "bound", "q"))
COUNTS = (1, 2, 5, 10, 30, 100)


def explore_spread() -> Explorer:
    """log p_hat of K samples, 4000 times: the narrower its spread, the nearer its mean to log p."""
    eps = normal(100, 4000)
    edges = np.linspace(-2, 1, 61)

    def log_p_hat(K: int, scale: float) -> Tensor:
        z = 0.5 + scale * eps[:K]
        log_w = Normal(0.0, 1.0).log_prob(z) - Normal(0.5, scale).log_prob(z)
        return log_w.logsumexp(0) - log(K)

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-2, 1), ylim=(0, 5.2), xlabel="log p̂, in nats above log p(x)")
        ax.set(ylabel="density", title="The mean of log p̂ stays below the log of its mean")
        ax.text(0.04, 4.7, "— log p(x)", color=TRUTH.ink)
        return fig, {
            "bars": ax.add_patch(Polygon(np.zeros((3, 2)), color=style.PALE)),
            "truth": ax.plot([], [], **TRUTH.line)[0],
            "bound": ax.plot([], [], **BOUND.line)[0],
            "label": ax.text(-1.95, 4.7, "", color=BOUND.ink),
        }

    def update(K: int, scale: float) -> dict:
        gap = -exact.log_mean(*standard(0.5, scale), K).item()
        return {
            "bars": histogram(log_p_hat(K, scale), edges, 5),
            "truth": ([0, 0], [0, 5.2]),
            "bound": ([-gap, -gap], [0, 4.4]),
            "label": f"- · - exact mean, gap {gap:.3f}",
            "alt": f"Four thousand estimates log p_hat from {K} samples of q = N(0.5, {scale:.1f}²), "
            f"for the posterior N(0, 1). Their exact mean lies {gap:.3f} nats below log p(x).",
        }

    controls = {
        "K": widgets.SelectionSlider(options=COUNTS, value=1, description="samples K"),
        "scale": widgets.FloatSlider(
            value=0.8, min=0.6, max=1.6, step=0.2, description="standard deviation of q"
        ),
    }
    return Explorer(scene, update, controls, [{"K": K, "scale": 0.8} for K in (1, 10, 100)])


def k_sample_bound(log_w: Tensor, K: int) -> Tensor:
    """The estimate of L_K for every data point from all M weights, M a multiple of K: log_w (M, N)
    -> (N,)."""
    groups = log_w.unflatten(0, (-1, K))  # (M / K, K, N)
    return (groups.logsumexp(1) - log(K)).mean(0)


def _grouped(log_w: Tensor, K: int) -> Tensor:
    return log_w.unflatten(0, (-1, K))


Exercise(
    "08.1",
    k_sample_bound,
    cases=[
        (3 * normal(12, 4) - 800, 3),
        (normal(4, 2, seed=1), 4),
        (normal(6, 2, seed=2), 1),
        (normal(8, 3, seed=3), 2),
    ],
    mistakes=[
        Mistake(
            lambda log_w, K: log_w.mean(0),
            "A mean of logarithms: for every K that is the ELBO. The mean over K weights comes "
            "before the logarithm.",
        ),
        Mistake(
            lambda log_w, K: log_w.logsumexp(0) - log(len(log_w)),
            "All M weights under one logarithm: that is an estimate of L_M, for whatever K you were "
            "asked.",
        ),
        Mistake(
            lambda log_w, K: log_w[:K].logsumexp(0) - log(K),
            "Right on average, from the first K weights alone. The others are good for more "
            "estimates of the same kind: what may be done with several estimates of L_K?",
        ),
        Mistake(
            lambda log_w, K: _grouped(log_w, K).logsumexp(1).mean(0),
            "The log of a sum. K equal weights w must give log w: subtract log K.",
        ),
        Mistake(
            lambda log_w, K: _grouped(log_w, K).logsumexp(1).mean(0) - log(len(log_w)),
            "Under each logarithm stand K weights, not M: subtract log K.",
        ),
        Mistake(
            lambda log_w, K: _grouped(log_w, K).mean(1).logsumexp(0) - log(len(log_w) // K),
            "The two means are in each other's place: K weights share a logarithm, and the "
            "logarithms of all groups are averaged.",
        ),
        Mistake(
            lambda log_w, K: (
                log_w.T.reshape(log_w.shape[1], K, -1).logsumexp(1).sub(log(K)).mean(1)
            ),
            "Right, but for the groups: take weights that follow each other, so that the check can "
            "compare. (Any groups of K would do.)",
        ),
        Mistake(
            lambda log_w, K: _grouped(log_w, K).exp().mean(1).log().mean(0),
            "Right on paper. But e to the −800 is 0 in every float: stay with logsumexp.",
        ),
        Mistake(
            lambda log_w, K: k_sample_bound(log_w, K).mean(),
            "One bound per data point; the mean over points is taken later, in sight.",
        ),
    ],
    nudge="How many independent estimates of L_K are there in M weights? And can e^-800 be stored?",
    formula="$$\\frac KM\\sum_{g=1}^{M/K}\\Big[\\operatorname{logsumexp}_{k\\in g}(\\log w_k) - "
    "\\log K\\Big]$$",
)
