"""8 · Collapse: which units live, by the water line βσ²; and whose fault it is."""

from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils import data, pca
from course_utils.kit import Explorer, Option, Poll, figure, style
from course_utils.kit.figure import Picture, mosaic

MODEL, TRUTH = style.ROLES["model"], style.ROLES["truth"]
ACTIVE = 0.005  # nats: a unit whose mean KL is above it counts as active

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
    """βσ² as a water line over the digits' eigenvalues; what is above it survives."""
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


def plot_wall() -> Picture:
    """What a direction's variance v brings, for an eigenvalue above the noise and one below it."""
    noise, levels = 0.5, (1.2, 0.3)
    v = torch.linspace(0.12, 2.2, 300)
    fig, ax = style.subplots(height=4)
    for level, dash in zip(levels, ("-", "--"), strict=True):

        def gain(v, level=level):
            return -(v.log() + level / v) / 2

        best = torch.tensor(max(level, noise))
        ax.plot(v, gain(v), color=MODEL.color, linestyle=dash, linewidth=2, alpha=0.5)
        ax.plot(v[v >= noise], gain(v[v >= noise]), color=MODEL.color, linestyle=dash)
        ax.plot(best, gain(best), "o", color=MODEL.color, markersize=13)
    ax.axvspan(0, noise, facecolor=style.PALE, alpha=0.5, hatch="//", edgecolor="white")
    ax.text(0.03, -0.72, "less than\nthe noise:\nforbidden", va="center")
    ax.text(1.2, -0.53, "$\\lambda_i = 1.2$", color=MODEL.ink, ha="center")
    ax.text(0.62, 0.06, "$\\lambda_i = 0.3$", color=MODEL.ink)
    ax.set(xlim=(0, 2.2), ylim=(-1.7, 0.2), xticks=[0, noise, 1, 2], yticks=[])
    ax.set_xticklabels(["0", "$\\beta\\sigma^2$", "1", "2"])
    ax.set(xlabel="variance $v$ of the model in this direction", ylabel="log-likelihood")
    ax.set_title("A hill, and a wall at the noise")
    return figure(
        fig,
        alt="The log-likelihood that a direction brings, against the model's variance v in it, which "
        f"cannot be below the noise {noise}. With eigenvalue {levels[0]} the top of the hill is at "
        f"{levels[0]}, right of the wall; with {levels[1]} it is at {levels[1]}, behind the wall, and the "
        "best that is allowed is the wall itself.",
    )


def plot_active(eigenvalues: Tensor, kl: Mapping[float, Tensor]) -> Picture:
    """Predicted and trained: how many units are active, and the mean KL of each unit.

    kl: {beta sigma^2: the KL of every unit}.
    """
    noises = torch.logspace(-1.3, 0.1, 200).double()
    counts = (eigenvalues > noises[:, None]).sum(1).clamp(max=16)
    fig, (left, right) = style.subplots(2)
    left.plot(noises, counts, **TRUTH.line | {"linewidth": 3})
    found = [int((units > ACTIVE).sum()) for units in kl.values()]
    left.plot(list(kl), found, "D", color=MODEL.color, markersize=11)
    left.set(xscale="log", xlim=(0.05, 1.3), ylim=(-0.5, 17), yticks=[0, 4, 8, 12, 16])
    left.set_xticks([0.1, 0.3, 1], ["0.1", "0.3", "1"])
    left.minorticks_off()
    left.set(xlabel="βσ²", title="Active units")
    left.text(0.16, 14.5, "line: eigenvalues", color=TRUTH.ink)
    left.text(0.16, 12.7, "diamonds: trained", color=MODEL.ink)
    place = torch.arange(1, 17)
    for (noise, units), marker in zip(kl.items(), "Ds^", strict=True):
        told = ((eigenvalues[:16] / noise).log() / 2).clamp(min=0)
        right.plot(place, told, **TRUTH.line | {"linewidth": 2})
        trained = units.sort(descending=True).values
        right.plot(place, trained, marker, color=MODEL.color, markersize=8)
        row = 1.25 - 0.13 * list(kl).index(noise)
        right.plot(9, row, marker, color=MODEL.color, markersize=8)
        right.text(9.6, row, f"βσ² = {noise:g}", color=style.INK, va="center")
    right.set(
        xlim=(0.3, 16.7), ylim=(-0.05, 1.35), xticks=[1, 4, 8, 12, 16], xlabel="unit, by rank"
    )
    right.set_title("KL of each, in nats")
    counted = ", ".join(f"{count} at {noise:g}" for count, noise in zip(found, kl, strict=True))
    return figure(
        fig,
        alt=f"Left, the number of eigenvalues above the line and of active units after training: {counted}. "
        "Right, the mean KL of every unit at these three, on the curves ½ log of eigenvalue over noise.",
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
