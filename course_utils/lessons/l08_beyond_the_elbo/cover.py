"""2, cover, do not fit: two q with one ELBO, and the best q that changes its mind."""

import ipywidgets as widgets
import torch

from course_utils import exact
from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l08_beyond_the_elbo.cases import (
    NODES,
    WIDE,
    seam_log_joint,
    seam_weights,
    standard,
)

TRUTH, Q, GAP = (style.ROLES[name] for name in ("truth", "q", "gap"))
COUNTS = (1, 2, 3, 5, 6, 7, 8, 10, 20, 50, 100)

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


def predict_same_elbo() -> Prediction:
    """Ask which of two q with the same ELBO gap profits from 100 samples, then count."""
    question = (
        "The posterior is N(0, 1). q = N(0.5, 1.2²) and q = N(0.5, 0.8²) have the same ELBO gap, "
        "0.163 and 0.168 nats. With the mean of 100 weights under the logarithm …"
    )
    options = [
        Option("both gaps are again the same", False, "Only the ELBO saw them as equal."),
        Option(
            "the wide q is closer",
            True,
            "Its weights are bounded. Where the narrow q hardly ever looks, w grows without limit.",
        ),
        Option(
            "the narrow q is closer",
            False,
            "It sits where the mass is; but a tail that q misses returns as a rare, huge weight.",
        ),
    ]
    return predict(question, options, explore_same_elbo())


def explore_same_elbo() -> Explorer:
    """Two q beside the posterior, and their exact gaps for K samples."""
    pairs = {"wide": (0.5, 1.2), "narrow": (0.5, 0.8)}
    gaps = {
        name: {K: -exact.log_mean(*standard(*pair), K).item() for K in COUNTS}
        for name, pair in pairs.items()
    }
    heights = {name: standard(*pair)[1] for name, pair in pairs.items()}

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.2, 1])
        left.plot(NODES, standard(0.0, 1.0)[1], **TRUTH.line)
        left.plot(NODES, heights["wide"], **Q.line)
        left.plot(NODES, heights["narrow"], **Q.line | {"linestyle": ":"})
        left.set(xlim=(-4, 5), ylim=(0, 0.72), xlabel="latent z", ylabel="density")
        left.set_title("Same ELBO …")
        left.text(-3.9, 0.65, "— posterior", color=TRUTH.ink)
        left.text(-3.9, 0.58, "- - wide q  ···· narrow q", color=Q.ink)
        right.set(ylim=(1e-4, 1), yscale="log", xlim=(-0.6, 1.6), ylabel="gap, nats")
        right.set_xticks([0, 1], ["wide", "narrow"])
        right.set_title("… not the same bound")
        bars = right.bar([0, 1], [1, 1], 0.6, **GAP.area)
        texts = [right.text(i, 1, "", color=GAP.ink, ha="center", va="bottom") for i in (0, 1)]
        return fig, {
            "wide": bars[0],
            "narrow": bars[1],
            "wide gap": texts[0],
            "narrow gap": texts[1],
        }

    def update(K: int) -> dict:
        wide, narrow = gaps["wide"][K], gaps["narrow"][K]
        return {
            "wide": (-0.3, 1e-4, 0.6, wide - 1e-4),
            "narrow": (0.7, 1e-4, 0.6, narrow - 1e-4),
            "wide gap": (0, wide * 1.1, f"{wide:.4f}"),
            "narrow gap": (1, narrow * 1.1, f"{narrow:.4f}"),
            "alt": f"With K = {K} samples the gap of the wide q is {wide:.4f} nats, that of the "
            f"narrow q {narrow:.4f}.",
        }

    control = widgets.SelectionSlider(options=COUNTS, value=1, description="samples K")
    return Explorer(scene, update, {"K": control}, [{"K": K} for K in (1, 10, 100)])


def explore_best_q() -> Explorer:
    """At the ring's seam: the Gaussian with the largest K-sample bound, and its gap."""
    log_joint = seam_log_joint()
    spacing = WIDE[1] - WIDE[0]
    log_p = (log_joint + spacing.log()).logsumexp(0)
    posterior = (log_joint - log_p).exp()

    def gap(K: int, q: tuple[float, float]) -> float:
        return (log_p - exact.log_mean(*seam_weights(log_joint, *q), K)).item()

    best = {K: gap(K, q) for K, q in SEAM.items()}
    stuck = {K: gap(K, SEAM[1]) for K in SEAM}

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-6, 6), ylim=(0, 1.85), xlabel="latent z", ylabel="density")
        ax.plot(WIDE, posterior, **TRUTH.line)
        ax.text(-5.9, 1.7, "— posterior at the seam", color=TRUTH.ink)
        ax.set_title("The best q: one mode, then suddenly both")
        return fig, {
            "q": ax.plot([], [], **Q.line)[0],
            "words": ax.text(-5.9, 1.55, "", color=Q.ink),
            "gap": ax.text(5.9, 1.7, "", color=GAP.ink, ha="right"),
            "stuck": ax.text(5.9, 1.55, "", color=GAP.ink, ha="right"),
        }

    def update(K: int) -> dict:
        mean, scale = SEAM[K]
        shape = torch.distributions.Normal(mean, scale).log_prob(WIDE).exp()
        return {
            "q": (WIDE, shape),
            "words": f"- - best q: N({mean:.2f}, {scale:.2f}²)",
            "gap": f"its gap {best[K]:.3f}",
            "stuck": f"of the ELBO's q {stuck[K]:.3f}",
            "alt": f"The posterior at the ring's seam has two modes. With K = {K} samples the best "
            f"Gaussian is N({mean:.2f}, {scale:.2f}²), gap {best[K]:.3f} nats; the q that is "
            f"best for one sample has gap {stuck[K]:.3f}.",
        }

    control = widgets.SelectionSlider(options=list(SEAM), value=1, description="samples K")
    return Explorer(scene, update, {"K": control}, [{"K": K} for K in (1, 6, 100)])
