"""Section 10, where the headline fails: a mixture whose likelihood has no maximum."""

import ipywidgets as widgets
import numpy as np
import torch

from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.mixture import Mixture

DATA, TRUTH, MODEL = (style.ROLES[role] for role in ("data", "truth", "model"))
POINTS = torch.tensor([[-1.9], [-1.2], [-0.7], [-0.3], [0.2], [0.6], [1.1], [1.8]]).double()


def spiked(scale: float) -> Mixture:
    """One component fits the points, the other sits on the sixth with standard deviation `scale`."""
    wide = POINTS.square().mean()
    return Mixture(
        torch.tensor([0.5, 0.5]).double(),
        torch.stack([POINTS.mean(0), POINTS[5]]),
        torch.stack([wide, torch.tensor(scale**2).double()]),
    )


def predict_spike() -> Prediction:
    """Ask what happens to the likelihood when a component shrinks onto a point, then shrink it."""
    question = (
        "Two Gaussians mixed half and half: one fits all points, the other sits exactly on one of them, "
        "and its σ goes to 0. The log-likelihood of all points together …"
    )
    options = [
        Option(
            "falls to −∞: the narrow one gives the other points nothing",
            False,
            "The wide one still does: a mixture adds densities, so the others lose half at most.",
        ),
        Option(
            "grows without bound",
            True,
            "The point under the spike gains −log σ nats; the others keep the wide one's half.",
        ),
        Option(
            "ends at a finite value",
            False,
            "The seven others do, but the density at the eighth is at least 1/(2σ√2π).",
        ),
    ]
    return predict(question, options, explore_spike())


def explore_spike() -> Explorer:
    """The density of the mixture, and the likelihood of the points, as one component shrinks."""
    line = torch.linspace(-4, 4, 1601).double()[:, None]
    scales = np.logspace(-4, 0, 81)
    curve = [spiked(scale).log_evidence(POINTS).sum().item() for scale in scales]

    def scene():
        fig, (left, right) = style.subplots(2)
        left.plot(POINTS[:, 0], 0 * POINTS[:, 0], **DATA.dots | {"clip_on": False})
        left.set(xlim=(-4, 4), ylim=(0, 2), xlabel="$x$", ylabel="density", title="The mixture")
        right.plot(scales, curve, **TRUTH.line)
        right.set(xscale="log", xlim=(1, 1e-4), ylim=(-18, -6))
        right.set(xlabel="$\\sigma$ of the narrow one", ylabel="log-likelihood, nats")
        right.set_title("All eight points")
        return fig, {
            "density": left.plot([], [], **MODEL.line)[0],
            "here": right.plot([], [], "o", color=style.INK, markersize=12)[0],
            "numbers": right.text(0.7, -7, ""),
        }

    def update(scale: float) -> dict:
        mixture = spiked(scale)
        here = mixture.log_evidence(POINTS).sum().item()
        # The spike is narrower than the grid: make sure that its tip is drawn.
        at = torch.cat([line, POINTS[5:6] + scale * torch.linspace(-4, 4, 41).double()[:, None]])
        at = at.sort(0).values
        return {
            "density": (at[:, 0], mixture.log_evidence(at).exp()),
            "here": ([scale], [here]),
            "numbers": f"{here:.2f} nats",
            "alt": f"With standard deviation {scale:.3g} for the component on one point, the density has "
            f"a peak of {mixture.log_evidence(POINTS[5:6]).exp().item():.3g} there, and the "
            f"log-likelihood of the eight points is {here:.2f} nats.",
        }

    slider = widgets.FloatLogSlider(
        value=1, min=-4, max=0, step=0.1, description="σ of the narrow one"
    )
    return Explorer(scene, update, {"scale": slider}, [{"scale": s} for s in (0.1, 0.001)])
