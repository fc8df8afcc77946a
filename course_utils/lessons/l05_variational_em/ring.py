"""3, a posterior that is not Gaussian: round the ring, and what is lost at the seam."""

from math import log, pi

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor
from torch.distributions import Normal

from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l05_variational_em.bent_decoder import log_evidence
from course_utils.lessons.l05_variational_em.cases import table
from course_utils.lessons.l05_variational_em.colors import (
    APPROXIMATION,
    BOUND,
    DATA,
    MODEL,
    PRIOR,
    TRUTH,
    Q,
)
from course_utils.lessons.l05_variational_em.truth import (
    Z,
    ring_points,
    ring_posterior,
    ring_table,
)


def predict_ring() -> Prediction:
    """Ask where on the ring a Gaussian fits worst, then go round."""
    question = (
        "By symmetry all x on the ring have the same evidence. Where is the posterior furthest "
        "from a Gaussian?"
    )
    options = [
        Option("nowhere: by symmetry it fits equally well", False, "z has no such symmetry."),
        Option("opposite the seam, at z = 0", False, "There z ↦ angle is almost a straight line."),
        Option(
            "near the seam",
            True,
            "Both ends of the z axis decode to almost the same x: the posterior splits.",
        ),
    ]
    return predict(question, options, explore_ring())


def explore_ring() -> Explorer:
    """The posterior of z and its best Gaussian while x goes round the ring."""
    table, low = ring_table(), -1.4
    prior = Normal(0.0, 1.0).log_prob(Z).exp()

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.9, 1])
        left.set(xlim=(-4, 4), ylim=(0, 3.6), yticks=[], xlabel="latent z")
        left.set(ylabel="density, rescaled", title="Posterior and best Gaussian")
        small = left.inset_axes((0.41, 0.45, 0.28, 0.53))
        left.text(-3.9, 3.25, "exact posterior", color=TRUTH.ink)
        left.text(-3.9, 2.9, "best q (dashed)", color=Q.ink)
        left.text(-3.9, 2.55, "prior (dotted)", color=PRIOR.ink)
        turn = np.linspace(0, 2 * pi, 200)
        small.plot(np.cos(turn), np.sin(turn), **MODEL.line)
        small.plot([0.75, 1.25], [0, 0], color=style.INK, linewidth=2)
        small.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), aspect="equal", xticks=[], yticks=[])
        small.set_axis_off()
        left.text(1.6, 2.53, "seam")
        right.set(xlim=(-0.6, 2.1), ylim=(low, -0.2), xticks=[], ylabel="nats")
        right.set_title("Its gap")
        right.axhline(table.evidence[0], **TRUTH.line | {"linewidth": 2})
        right.text(2.1, table.evidence[0] + 0.03, "evidence −0.453", color=TRUTH.ink, ha="right")
        return fig, {
            "posterior": left.plot([], [], **TRUTH.line)[0],
            "q": left.plot([], [], **Q.line)[0],
            "prior": left.plot([], [], **PRIOR.line | {"linewidth": 2})[0],
            "x": small.plot([], [], **DATA.dots | {"markersize": 13})[0],
            "angle": small.text(0, 0, "", ha="center", va="center"),
            "elbo": right.bar([0], [0], 0.8, **BOUND.area)[0],
            "approximation": right.bar([0], [0], 0.8, **APPROXIMATION.area)[0],
            "elbo_label": right.text(0.5, low + 0.06, "", color=BOUND.ink),
            "approximation_label": right.text(0.5, 0, "", color=APPROXIMATION.ink, va="center"),
        }

    def update(degrees: int) -> dict:
        evidence, elbo, mean, scale = (column[degrees].item() for column in table)
        posterior = ring_posterior(degrees)
        peak, kl = posterior.max(), evidence - elbo
        q = Normal(mean, scale).log_prob(Z).exp() / peak
        across, up = ring_points(torch.tensor([degrees]))[0].tolist()
        return {
            "posterior": (Z, posterior / peak),
            "q": (Z, q),
            "prior": (Z, prior / peak),
            "x": ([across], [up]),
            "angle": f"x at\n{degrees}°",
            "elbo": (-0.4, low, 0.8, elbo - low),
            "approximation": (-0.4, elbo, 0.8, kl),
            "elbo_label": f"ELBO {elbo:.3f}".replace("-", "−"),
            "approximation_label": (0.5, min(evidence - kl / 2, evidence - 0.06), f"KL {kl:.3f}"),
            "alt": f"x at {degrees} degrees from the seam. Evidence {evidence:.3f} = ELBO {elbo:.3f} + "
            f"KL {kl:.3f} nats. The best Gaussian has mean {mean:.2f}, scale {scale:.2f}; it covers "
            "one mode of the exact posterior.",
        }

    slider = widgets.IntSlider(value=10, min=0, max=360, description="angle of x (degrees)")
    return Explorer(scene, update, {"degrees": slider}, [{"degrees": d} for d in (180, 20, 0)])


def poll_seam() -> Poll:
    """How much a q that keeps one of three modes must lose."""
    return Poll(
        "At the seam the posterior is two equal lumps. Suppose another decoder makes it three, far "
        "apart. The best Gaussian q sits on one of them. Its gap KL(q‖p) is then …",
        [
            Option(
                "close to 0: it fits its lump", False, "Where q lives, p is only a third as high."
            ),
            Option(
                "what it is for two: one lump is kept, either way",
                False,
                "How much of p lies on the kept lump decides: a half, or a third.",
            ),
            Option(
                "at least log 3 = 1.10",
                True,
                "On its lump p = p₁/3, so KL(q‖p) = log 3 + KL(q‖p₁): log 3 for the lost lumps, the "
                "rest because a lump is not a Gaussian either.",
            ),
            Option(
                "infinite: it gives the other lumps no mass",
                False,
                "That is KL(p‖q). In KL(q‖p) nothing is asked where q = 0.",
            ),
        ],
    )


def kl_on_grid(log_q: Tensor, log_joint: Tensor, spacing: float) -> Tensor:
    """KL(q_n || p(z | x_n)) (N,) from log q_n(z_j) and log p(x_n, z_j), both (N, G)."""
    q = log_q.exp()
    elbo = (q * (log_joint - log_q)).sum(1) * spacing
    return log_evidence(log_joint, spacing) - elbo


def _gaussians(spacing: float, seed: int) -> Tensor:
    """log q_n(z_j) on the grid of `table`."""
    z = torch.arange(-8, 8 + spacing / 2, spacing, dtype=torch.float64)
    return Normal(normal(3, 1, seed=seed), 0.6).log_prob(z)


Exercise(
    "05.2",
    kl_on_grid,
    cases=[
        (_gaussians(0.05, 2), table(0.05, 0), 0.05),
        (_gaussians(0.1, 3), table(0.1, 1), 0.1),
    ],
    mistakes=[
        Mistake(
            lambda log_q, log_joint, spacing: (log_q.exp() * (log_q - log_joint)).sum(1) * spacing,
            "That is −ELBO: log p(x, z) is not log p(z | x). The log evidence is missing.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                (log_q.exp() * (log_joint - log_q)).sum(1) * spacing
                - log_evidence(log_joint, spacing)
            ),
            "The sign is turned: a KL is never negative.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                log_evidence(log_joint, spacing) - (log_q.exp() * log_joint).sum(1) * spacing
            ),
            "The entropy of q is missing: the bound has − log q inside the expectation, too.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                log_joint.softmax(1) * (log_joint.log_softmax(1) - log(spacing) - log_q)
            ).sum(1),
            "That is KL(posterior‖q). Here the expectation is under q.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                log_evidence(log_joint, spacing) - (log_q.exp() * (log_joint - log_q)).sum(1)
            ),
            "The expectation under q is an integral: it needs the spacing.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                log_evidence(log_joint, spacing) - (log_joint - log_q).sum(1) * spacing
            ),
            "The weights are missing: an expectation under q weighs every node by q(z_j).",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                log_evidence(log_joint, spacing) - (log_joint - log_q).mean(1)
            ),
            "You averaged over the nodes as if all were equally likely. Under q they are not.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                (log_q.exp() * (log_q - log_joint.log_softmax(1))).sum(1) * spacing
            ),
            "Your posterior sums to 1 over the grid; as a density it must <i>integrate</i> to 1. "
            "Divide by p(x), spacing included.",
        ),
    ],
    nudge="log p(z | x) = log p(x, z) − log p(x), and log p(x) is exercise 05.1.",
    formula="$$\\mathrm{KL} = \\log p(x) - \\Delta z\\sum_j q(z_j)\\,[\\log p(x, z_j) - \\log q(z_j)]$$",
)
