"""1, one average under the logarithm: the spread of log p_hat, and exercise 08.1."""

from math import log

import ipywidgets as widgets
import numpy as np
from torch import Tensor
from torch.distributions import Normal

from course_utils import exact
from course_utils.kit import Exercise, Explorer, Mistake, style
from course_utils.lessons.draws import normal
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
        ax.axvline(0, **TRUTH.line)
        ax.text(0.04, 4.7, "— log p(x)", color=TRUTH.ink)
        bars = {
            f"bar_{i}": ax.bar(edges[i], 0, 0.05, align="edge", color=style.PALE)[0]
            for i in range(60)
        }
        return fig, bars | {
            "bound": ax.plot([], [], **BOUND.line)[0],
            "label": ax.text(-1.95, 4.7, "", color=BOUND.ink),
        }

    def update(K: int, scale: float) -> dict:
        heights = np.histogram(log_p_hat(K, scale).numpy(), edges)[0] / 4000 / 0.05
        gap = -exact.log_mean(*standard(0.5, scale), K).item()
        bars = {f"bar_{i}": (edges[i], 0, 0.05, min(h, 5)) for i, h in enumerate(heights)}
        return bars | {
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


def k_sample_bound(log_w: Tensor) -> Tensor:
    """log of the mean of K weights, one a data point: log_w (N, K) -> (N,)."""
    return log_w.logsumexp(1) - log(log_w.shape[1])


Exercise(
    "08.1",
    k_sample_bound,
    cases=[(3 * normal(4, 6) - 800,), (normal(3, 2, seed=1),)],
    mistakes=[
        Mistake(
            lambda log_w: log_w.mean(1),
            "A mean of logarithms: that is the ELBO again, with less noise. The mean comes first.",
        ),
        Mistake(
            lambda log_w: log_w.logsumexp(1),
            "The log of a sum. K equal weights w must give log w: subtract log K.",
        ),
        Mistake(
            lambda log_w: log_w.logsumexp(0) - log(log_w.shape[0]),
            "The average runs over data points. A row is a data point, its columns are samples.",
        ),
        Mistake(
            lambda log_w: log_w.logsumexp(1) - log(log_w.shape[0]),
            "You divide by the number of data points; K is the number of columns.",
        ),
        Mistake(
            lambda log_w: log_w.exp().mean(1).log(),
            "Right on paper. But e to the −800 is 0 in every float: stay with logsumexp.",
        ),
        Mistake(
            lambda log_w: k_sample_bound(log_w).mean(),
            "One bound per data point; the mean over points is taken later, in sight.",
        ),
    ],
    nudge="Which comes first, the mean over samples or the logarithm? And can e^-800 be stored?",
    formula="$$\\log\\frac1K\\sum_{k} e^{\\log w_k} = "
    "\\operatorname{logsumexp}_k(\\log w_k) - \\log K$$",
)
