"""3, a posterior that is not Gaussian: round the ring, and what is lost at the seam."""

from math import pi

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor
from torch.distributions import Normal

from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l05_variational_em.bent_decoder import log_evidence
from course_utils.lessons.l05_variational_em.cases import lumps
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


def price_of_a_lump(
    log_q: Tensor, log_joint: Tensor, nodes: Tensor, kept: Tensor
) -> tuple[Tensor, Tensor]:
    """KL(q_n || p(z | x_n)) in two parts (N,): for the lost lump, and for the shape of the kept one."""
    here, log_q, line = log_joint[:, kept], log_q[:, kept], nodes[kept]
    lost = log_evidence(log_joint, nodes) - log_evidence(here, line)
    elbo = torch.trapezoid(log_q.exp() * (here - log_q), line, dim=1)
    return lost, log_evidence(here, line) - elbo


def _changed(change):
    """An answer made of the two parts, both log evidences (all, kept) and the ELBO."""

    def answer(log_q: Tensor, log_joint: Tensor, nodes: Tensor, kept: Tensor):
        lost, shape = price_of_a_lump(log_q, log_joint, nodes, kept)
        whole, part = log_evidence(log_joint, nodes), log_evidence(log_joint[:, kept], nodes[kept])
        return change(lost, shape, whole, part)

    return answer


def _other_way(log_q: Tensor, log_joint: Tensor, nodes: Tensor, kept: Tensor):
    lost, _ = price_of_a_lump(log_q, log_joint, nodes, kept)
    here, log_q, line = log_joint[:, kept], log_q[:, kept], nodes[kept]
    log_p = here - log_evidence(here, line)[:, None]
    return lost, torch.trapezoid(log_p.exp() * (log_p - log_q), line, dim=1)


def _by_nodes(log_q: Tensor, log_joint: Tensor, nodes: Tensor, kept: Tensor):
    """The KL's integral, cut where the lump ends."""
    log_p = log_joint - log_evidence(log_joint, nodes)[:, None]
    terms = log_q.exp() * (log_q - log_p)
    return tuple(torch.trapezoid(terms[:, side], nodes[side]) for side in (~kept, kept))


def _no_entropy(log_q: Tensor, log_joint: Tensor, nodes: Tensor, kept: Tensor):
    lost, _ = price_of_a_lump(log_q, log_joint, nodes, kept)
    here, log_q, line = log_joint[:, kept], log_q[:, kept], nodes[kept]
    return lost, log_evidence(here, line) - torch.trapezoid(log_q.exp() * here, line, dim=1)


LINE = torch.linspace(-6, 6, 601, dtype=torch.float64)
LEFT = Normal(torch.tensor([[-1.9], [-1.75]]).double(), torch.tensor([[0.25], [0.35]]).double())
RIGHT = Normal(torch.tensor([[2.1], [2.3]]).double(), torch.tensor([[0.2], [0.4]]).double())

Exercise(
    "05.2",
    price_of_a_lump,
    cases=[
        (LEFT.log_prob(LINE), lumps(LINE, 0.2), LINE, LINE < 0),
        (RIGHT.log_prob(LINE), lumps(LINE, 0.3), LINE, LINE > 0),
    ],
    mistakes=[
        Mistake(
            _changed(lambda lost, shape, whole, part: (lost, lost + shape)),
            "The first is right, the second is the whole KL. For the shape, compare q with the kept lump "
            "alone, made a density of its own: divided by <i>its</i> mass.",
        ),
        Mistake(
            _changed(lambda lost, shape, whole, part: (lost + shape, shape)),
            "The second is right, the first is the whole KL. What does a q pay that fits its lump "
            "perfectly?",
        ),
        Mistake(
            _changed(lambda lost, shape, whole, part: (shape, lost)),
            "Both right, in the other order: first the lost lump, then the shape.",
        ),
        Mistake(
            _changed(lambda lost, shape, whole, part: (-lost, shape)),
            "The sign of the first is turned: a lost lump costs minus the log of a share below 1.",
        ),
        Mistake(
            _changed(lambda lost, shape, whole, part: (-(1 - (-lost).exp()).log(), shape)),
            "You took the log of the share that q has <i>lost</i>. What counts is the share it has kept: "
            "there p is so much lower than a q that integrates to 1.",
        ),
        Mistake(
            _changed(lambda lost, shape, whole, part: ((-lost).exp(), shape)),
            "The first is the share that is kept. Its price is minus its logarithm, in nats.",
        ),
        Mistake(
            _changed(lambda lost, shape, whole, part: (-part, shape)),
            "The kept lump's log mass is a share only when divided by the whole, p(x).",
        ),
        Mistake(
            _changed(lambda lost, shape, whole, part: (lost, shape - part)),
            "The second is −ELBO: log p(x, z) is no density in z. Divide by the mass of the kept lump.",
        ),
        Mistake(
            _other_way,
            "The second is KL(lump‖q). Here the expectation is under q.",
        ),
        Mistake(
            _by_nodes,
            "You cut the <i>integral</i> in two: where q is 0 it is 0, so all of the KL is in the second "
            "part. Cut the logarithm: p(z | x) on the lump is its share times a density.",
        ),
        Mistake(
            _no_entropy,
            "In the second the entropy of q is missing: − log q stands inside the expectation, too.",
        ),
    ],
    nudge="On q's side p(z | x) is the kept lump's share times a density that integrates to 1 there. Put "
    "that product into KL(q‖p), and the logarithm falls apart. Both masses are exercise 05.1's.",
    formula="$$\\mathrm{KL} = \\Big[\\log p(x) - \\log\\!\\int_{\\text{kept}}\\! p(x,z)\\,dz\\Big] + "
    "\\Big[\\log\\!\\int_{\\text{kept}}\\! p(x,z)\\,dz - \\mathbb E_q\\log\\frac{p(x,z)}{q(z)}\\Big]$$",
    tolerance=1e-4,
)
