"""8 · Collapse: which units live, by the water line βσ²; and whose fault it is."""

import ipywidgets as widgets
import numpy as np

from course_utils import data, pca
from course_utils.kit import Explorer, Option, Poll, style
from course_utils.kit.figure import mosaic

MODEL = style.ROLES["model"]

# Of the digits' VAE whose every q begins as the prior, without and with annealing, for the seeds 1
# to 5: test ELBO, and the mean KL of the weaker latent, as measured by tests/seeds/lesson_06.py,
# which compares them with a new run.
COLLAPSE = (
    ((4.70, 0.20), (10.56, 1.96)),
    ((12.55, 2.11), (14.45, 2.63)),
    ((16.64, 2.81), (16.60, 2.81)),
    ((13.76, 2.62), (16.90, 2.62)),
    ((13.76, 2.60), (15.93, 2.64)),
)


def explore_collapse() -> Explorer:
    """beta sigma^2 as a water line over the digits' eigenvalues; what is above it survives."""
    digits = data.digits()
    mean, eigenvalues, eigenvectors = pca.spectrum(digits.train)
    most = 16
    level, axes = eigenvalues[:most], eigenvectors[:, :most]
    shown = digits.test[[0, 1, 2, 4]]
    score, place = (shown - mean) @ axes, np.arange(1, most + 1)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.5, 1])
        left.bar(place, level.numpy(), color=style.PALE)
        left.set(xlim=(0.3, most + 0.7), ylim=(0, 0.75), xticks=[1, 4, 8, 12, 16])
        left.set(xlabel="unit $i$", ylabel="eigenvalue $\\lambda_i$", title="Units above the line")
        bars = {
            f"unit_{i}": left.bar([0], [0], color=MODEL.color, hatch="//", edgecolor="white")[0]
            for i in range(most)
        }
        right.set(xticks=[], yticks=[], title="Image, decoded")
        right.spines[["left", "bottom"]].set_visible(False)
        white = np.zeros((4, 64))
        return fig, bars | {
            "line": left.plot([], [], color=style.INK, linewidth=3)[0],
            "label": left.text(most + 0.5, 0.6, "", ha="right"),
            "images": right.imshow(_pairs(white, white), cmap="gray_r", vmin=0, vmax=1),
        }

    def update(sigma2: float, beta: float) -> dict:
        noise = beta * sigma2
        squared = (level - noise).clamp(min=0)
        kept = score * squared / level  # the share 1 - noise / level of every score, or nothing
        decoded, active = mean + kept @ axes.T, int((level > noise).sum())
        lengths = {
            f"unit_{i}": (i + 0.6, noise if s else 0, 0.8, s)
            for i, s in enumerate(squared.tolist())
        }
        height = min(noise, 0.74)
        beyond = " (above the axis)" if noise > 0.74 else ""
        return lengths | {
            "line": ([0, most + 1], [height, height]),
            "label": f"βσ² = {noise:.3g}{beyond}\n{active} of {most} units active",
            "images": _pairs(shown, decoded),
            "alt": f"Sixteen eigenvalues of the digits, from {level[0]:.2f} down to {level[-1]:.2f}, and a "
            f"line at beta sigma^2 = {noise:.3g}: {active} of {most} units lie above it, and their squared "
            f"lengths are {squared.sum() / level.sum():.0%} of the sum. Beside them four digits, each "
            "with its reconstruction from the posterior mean.",
        }

    controls = {
        "sigma2": widgets.FloatLogSlider(
            value=0.1, min=-2, max=1.5, step=0.05, description="noise variance σ²"
        ),
        "beta": widgets.FloatSlider(
            value=1, min=0.25, max=4, step=0.25, description="weight β of the KL"
        ),
    }
    strip = [{"sigma2": s, "beta": 1.0} for s in (0.1, 0.5, 1.0)]
    return Explorer(scene, update, controls, strip)


def _pairs(left, right) -> np.ndarray:
    """Images beside their partners, a row each."""
    return mosaic(
        *(np.stack([np.asarray(a), np.asarray(b)]) for a, b in zip(left, right, strict=True))
    )


def poll_collapse() -> Poll:
    """Whose fault posterior collapse is."""
    return Poll(
        "“In a linear VAE, σ² held fixed, posterior collapse is the ELBO's fault; exact maximum "
        "likelihood would avoid it.”",
        [
            Option(
                "true",
                False,
                "Exact maximum likelihood is known here: PPCA. At a given σ² it sets the same columns "
                "to zero, those with λᵢ ≤ σ².",
            ),
            Option(
                "false",
                True,
                "The ELBO is tight at its maximum, so both agree: a noise variance too large "
                "for the data makes the unit useless, whoever fits it.",
            ),
        ],
    )
