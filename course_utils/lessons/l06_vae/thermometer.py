"""5 · A thermometer for the encoder: the gaps round the ring, by the encoder's width."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np
import torch

from course_utils import data, deep, vae, vem
from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l05_variational_em import ring_points, ring_table

TRUTH, BOUND = style.ROLES["truth"], style.ROLES["bound"]
AMORTISATION, APPROXIMATION = style.ROLES["amortisation"], style.ROLES["approximation"]

WIDTHS = (2, 8, 128)
DEGREES = np.arange(0, 361, 2)


@lru_cache(maxsize=1)
def ring_gaps() -> dict[int, vae.Gaps]:
    """For encoders of two layers of each width: the gaps at DEGREES, on the ring itself.

    The decoder is the true one, `deep.ring()`, and stays: only the encoders are trained. The
    best q are lesson 05's, and the same for every encoder.
    """
    x, model = data.ring(10_000).x.float(), deep.ring()
    evidence, best, *_ = (column[DEGREES] for column in ring_table())
    on_ring, truth = ring_points(torch.from_numpy(DEGREES)), deep.in_double(model)
    table = {}
    for width in WIDTHS:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            encoder = vae.Encoder(2, 1, (width, width))
            vae.fit(x, encoder, model, 600, batch_size=200, progress=False)
        with torch.no_grad():
            elbo = vem.exact_elbo(on_ring, deep.in_double(encoder)(on_ring), truth)
        table[width] = vae.Gaps(evidence, elbo, evidence - best, best - elbo)
    return table


def predict_gaps() -> Prediction:
    """Ask which gap a wider encoder closes, then look."""
    question = (
        "The decoder stays as it is. We make the encoder's hidden layers wider. Which part of "
        "evidence = ELBO + amortisation gap + approximation gap can change?"
    )
    options = [
        Option("the evidence", False, "It contains no q: the top of the bar stays where it is."),
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
    """The bar evidence = ELBO + amortisation + approximation at a point of the ring."""
    table, low, high = ring_gaps(), -4.0, 0.0
    floor = 1e-3  # of the axis: the curves go below it
    hard = next(iter(table.values())).approximation  # of the family: the same for all widths

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.5, 1])
        left.plot(DEGREES, hard.clamp(min=1e-9), **APPROXIMATION.line)
        left.text(10, 500, "approximation gap", color=APPROXIMATION.ink)
        left.set(yscale="log", xlim=(0, 360), ylim=(floor, 2000), xticks=[0, 90, 180, 270, 360])
        left.set_yticks([1e-2, 1, 1e2])
        left.set(xlabel="angle of $x$ (degrees)", ylabel="gap in nats")
        left.set_title("Two gaps round the ring")
        right.set(xlim=(-0.6, 3.1), ylim=(low, high), xticks=[], ylabel="nats")
        right.set_title("The bar at this $x$")
        return fig, {
            "gap": left.plot([], [], **AMORTISATION.line)[0],
            "gap_label": left.text(10, 110, "", color=AMORTISATION.ink),
            "cursor": left.plot([], [], color=style.GUIDE, linewidth=1.5, zorder=1)[0],
            "elbo": right.bar([0], [0], 1, **BOUND.area)[0],
            "amortisation": right.bar([0], [0], 1, **AMORTISATION.area)[0],
            "approximation": right.bar([0], [0], 1, **APPROXIMATION.area)[0],
            "evidence": right.plot([], [], **TRUTH.line)[0],
            "top_label": right.text(0.6, high - 0.3, "", color=TRUTH.ink, va="bottom"),
            "labels": right.text(0.6, -2.2, "", va="center", linespacing=1.6),
        }

    def update(width: int, angle: int) -> dict:
        gaps, at = table[width], angle // 2
        evidence, elbo, approximation, amortisation = (value[at].item() for value in gaps)
        best = evidence - approximation
        shown = {"elbo": (low, elbo), "amortisation": (elbo, best)}
        shown["approximation"] = (best, evidence)
        bars = {
            name: (-0.5, max(a, low), 1, max(b, low) - max(a, low))
            for name, (a, b) in shown.items()
        }
        return bars | {
            "gap": (DEGREES, gaps.amortisation.clamp(min=1e-9)),
            "gap_label": f"amortisation gap, width {width}",
            "cursor": ([angle, angle], [floor, 90]),
            "evidence": ([-0.5, 0.5], [evidence, evidence]),
            "top_label": f"evidence {evidence:.3f}",
            "labels": f".. approx. {approximation:.3f}\n\\\\ amort. {_short(amortisation)}\n"
            f"ELBO {_short(elbo)}" + ("\n(off the axis)" if elbo < low else ""),
            "alt": f"At {angle} degrees, with an encoder of width {width}: evidence {evidence:.3f} = "
            f"ELBO {elbo:.3f} + amortisation gap {amortisation:.3f} + approximation gap "
            f"{approximation:.3f} nats. Round the ring the amortisation gap lies between "
            f"{gaps.amortisation.min():.1g} and {gaps.amortisation.max():.1f}, its median is "
            f"{gaps.amortisation.median():.3f}; it is largest near the seam at 0 degrees.",
        }

    controls = {
        "width": widgets.SelectionSlider(
            options=[(str(w), w) for w in WIDTHS], value=8, description="width of the encoder"
        ),
        "angle": widgets.IntSlider(
            value=90, min=0, max=360, step=2, description="angle of x (degrees)"
        ),
    }
    strip = [{"width": w, "angle": a} for w, a in ((2, 90), (128, 90), (128, 350))]
    return Explorer(scene, update, controls, strip)


def _short(nats: float) -> str:
    """Three decimals, or one where there is no room for three."""
    return f"{nats:.3f}" if abs(nats) < 10 else f"{nats:.1f}"
