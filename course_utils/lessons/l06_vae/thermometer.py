"""5 · A thermometer for the encoder: the gaps round the ring, by the encoder's width."""

from functools import lru_cache
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from course_utils import data, deep, training, vae, vem
from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import seeded
from course_utils.lessons.l05_variational_em import ring_points, ring_table
from course_utils.lessons.l05_variational_em.truth import ring_posterior

TRUTH, BOUND, Q = style.ROLES["truth"], style.ROLES["bound"], style.ROLES["q"]
AMORTISATION, APPROXIMATION = style.ROLES["amortisation"], style.ROLES["approximation"]

WIDTHS = (2, 8, 128)
DEGREES = np.arange(-180, 181, 2)  # from the seam
Z = torch.linspace(-4, 4, 401, dtype=torch.float64)


class Round(NamedTuple):
    """Of x at DEGREES: evidence = elbo + amortisation + approximation, in nats; the encoder's q."""

    evidence: Tensor
    elbo: Tensor
    approximation: Tensor
    amortisation: Tensor
    mean: Tensor
    scale: Tensor


@lru_cache(maxsize=1)
def ring_gaps() -> dict[int, Round]:
    """For encoders of two layers of each width: the gaps at DEGREES, on the ring itself.

    The decoder is the true one, `deep.ring()`, and stays: only the encoders are trained, all on
    the same minibatches. The best q are lesson 05's, and the same for every encoder.
    """
    x, model = data.ring(10_000).x.float(), deep.ring()
    with seeded():
        encoders = [vae.Encoder(2, 1, (width, width)) for width in WIDTHS]

        def loss(x: Tensor) -> Tensor:
            q = vem.gaussian(torch.stack([encoder.network(x) for encoder in encoders]), 1)
            bound = model(q.rsample()).log_prob(x) - kl_divergence(q, model.prior)
            return -bound.mean(1).sum()  # each encoder's own; their gradients do not meet

        settings = {"num_steps": 400, "batch_size": 200, "lr": 2e-2, "decay": True}
        training.fit(nn.ModuleList(encoders), loss, x, **settings, progress=False)  # type: ignore[arg-type]
    evidence, best, *_ = (column[DEGREES % 360] for column in ring_table())
    on_ring, truth = ring_points(torch.from_numpy(DEGREES)), deep.in_double(model)
    table = {}
    for width, encoder in zip(WIDTHS, encoders, strict=True):
        with torch.no_grad():
            q = deep.in_double(encoder)(on_ring)
            elbo = vem.exact_elbo(on_ring, q, truth)
        gaps = evidence, elbo, evidence - best, best - elbo
        table[width] = Round(*gaps, q.mean[:, 0], q.stddev[:, 0])
    return table


def predict_gaps() -> Prediction:
    """Ask which gap a wider encoder closes, then look."""
    question = (
        "The decoder stays as it is. We make the encoder's hidden layers wider. Which part of "
        "evidence = ELBO + amortisation gap + approximation gap can change?"
    )
    options = [
        Option("the evidence", False, "It contains no q: the top of the sum stays where it is."),
        Option(
            "the amortisation gap (and so the ELBO)",
            True,
            "A better regression comes closer to q*. What q* itself lacks is not the encoder's.",
        ),
        Option(
            "the approximation gap",
            False,
            "It belongs to the family of q, one Gaussian, not to the network that chooses in it.",
        ),
        Option("both gaps", False, "The approximation gap contains no encoder."),
    ]
    return predict(question, options, explore_gaps())


def explore_gaps() -> Explorer:
    """Both gaps round the ring; at one x, the posterior, the encoder's q, and the sum in nats."""
    table, floor = ring_gaps(), 1e-3  # of the axis: the curves go below it
    hard = next(iter(table.values())).approximation  # of the family: the same for all widths

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.25, 1])
        left.plot(DEGREES, hard.clamp(min=1e-9), **APPROXIMATION.line)
        left.text(-175, 900, "approximation gap", color=APPROXIMATION.ink)
        left.set(yscale="log", xlim=(-180, 180), ylim=(floor, 5000), xticks=[-180, -90, 0, 90, 180])
        left.set_yticks([1e-2, 1, 1e2])
        left.set(xlabel="angle of $x$ from the seam", ylabel="gap in nats")
        left.set_title("Two gaps round the ring")
        right.set(xlim=(-4, 4), ylim=(0, 2.35), yticks=[], xlabel="latent $z$")
        right.set_title("Posterior and $q$ here")
        right.spines["left"].set_visible(False)
        rows = {"evidence": TRUTH, "approximation": APPROXIMATION, "amortisation": AMORTISATION}
        return fig, {
            "gap": left.plot([], [], **AMORTISATION.line)[0],
            "gap_label": left.text(-175, 250, "", color=AMORTISATION.ink),
            "cursor": left.plot([], [], color=style.INK, linewidth=1.5, zorder=1)[0],
            "posterior": right.plot([], [], **TRUTH.line)[0],
            "q": right.plot([], [], **Q.line)[0],
        } | {
            f"{name}_label": right.text(3.9, 2.17 - 0.23 * k, "", color=role.ink, ha="right")
            for k, (name, role) in enumerate((rows | {"elbo": BOUND}).items())
        }

    def update(width: int, angle: int) -> dict:
        here, at = table[width], (angle + 180) // 2
        evidence, elbo, approximation, amortisation, mean, scale = (v[at].item() for v in here)
        posterior = ring_posterior(angle % 360)
        return {
            "gap": (DEGREES, here.amortisation.clamp(min=1e-9)),
            "gap_label": f"amortisation gap, width {width}",
            "cursor": ([angle, angle], [floor, 150]),
            "posterior": (Z, posterior / posterior.max()),
            "q": (Z, Normal(mean, scale).log_prob(Z).sub(Normal(0.0, scale).log_prob(Z * 0)).exp()),
            "evidence_label": f"evidence {_short(evidence)}",
            "approximation_label": f"− approximation {_short(approximation)}",
            "amortisation_label": f"− amortisation {_short(amortisation)}",
            "elbo_label": f"= ELBO {_short(elbo)}",
            "alt": f"At {angle} degrees from the seam, with an encoder of width {width}: evidence "
            f"{evidence:.3f} = ELBO {elbo:.3f} + amortisation gap {amortisation:.3f} + approximation gap "
            f"{approximation:.3f} nats. The encoder's q has mean {mean:.2f} and scale {scale:.2f}, the "
            f"posterior its highest mode at {Z[posterior.argmax()]:.2f}. Round the ring the amortisation "
            f"gap lies between {here.amortisation.min():.1g} and {here.amortisation.max():.1f}, its median "
            f"is {here.amortisation.median():.3f}.",
        }

    controls = {
        "width": widgets.SelectionSlider(
            options=[(str(w), w) for w in WIDTHS], value=8, description="width of the encoder"
        ),
        "angle": widgets.IntSlider(
            value=90, min=-180, max=180, step=2, description="angle of x from the seam"
        ),
    }
    strip = [{"width": w, "angle": a} for w, a in ((2, 90), (128, 90), (128, -10))]
    return Explorer(scene, update, controls, strip)


def _short(nats: float) -> str:
    """Three decimals, or one where there is no room for three."""
    return (f"{nats:.3f}" if abs(nats) < 10 else f"{nats:.1f}").replace("-", "−")
