"""7, a richer q in the autoencoder: where a flow goes in, a mixture's two branches, the gaps."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from course_utils import deep
from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.schematic import Box, schematic

Q, GAP = style.ROLES["q"], style.ROLES["gap"]


def plot_flow_encoder() -> Picture:
    """Lesson 06's autoencoder with layers between the encoder's Gaussian and the decoder."""
    boxes = [
        Box("$x$", "data", "data"),
        Box("encoder\n$\\phi$", "narrows", "q", width=1.5),
        Box("$\\mu,\\ \\sigma$", "code", "q"),
        Box("$z_0$", "code", "q", enters="$\\varepsilon$"),
        Box("flow $T$", "code", "q", width=1.4),
        Box("$z_K$", "code", "q"),
        Box("decoder\n$\\theta$", "widens", "model", width=1.5),
        Box("$p(x|z)$", "data", "model", width=1.3),
    ]
    return schematic(
        boxes,
        alt="The autoencoder of lesson 06, from x by the encoder to μ and σ, with noise ε to a sample "
        "z_0, and from a latent by the decoder to p(x | z). New is a flow T between them: it carries "
        "z_0 to z_K, which the decoder reads.",
    )


def plot_branches(encoder: nn.Module, decoder: deep.Decoder) -> Picture:
    """On the way round the unit circle: the exact posterior, and both means of a mixture's q."""
    degrees = torch.linspace(0, 360, 361)
    x = torch.stack([degrees.deg2rad().cos(), degrees.deg2rad().sin()], 1)
    nodes = torch.linspace(-4, 4, 401, dtype=torch.float64)
    with torch.no_grad():
        log_joint = deep.log_joint(x.double(), nodes[:, None], deep.in_double(decoder))
        q = encoder(x)
    posterior = log_joint.exp() / torch.trapezoid(log_joint.exp(), nodes)[:, None]
    weights, means = q.mixture_distribution.probs, q.component_distribution.mean[..., 0]
    fig, ax = style.subplots()
    glow = {"aspect": "auto", "origin": "lower", "extent": (0, 360, -4, 4), "cmap": "cividis"}
    ax.imshow(posterior.T.sqrt().numpy(), **glow)
    for k, mark in enumerate("ov"):
        dots = {"c": Q.color, "marker": mark, "s": 60, "edgecolors": "white", "linewidths": 0.4}
        ax.scatter(
            degrees[::4].numpy(), means[::4, k].numpy(), alpha=weights[::4, k].numpy(), **dots
        )
    ax.set(xlabel="angle of x on the circle, in degrees", ylabel="latent z", ylim=(-4, 4))
    ax.set_title("Posterior (bright), and the two means by weight")
    ax.set_xticks(range(0, 361, 90))
    opposite = ", ".join(f"{weights[180, k]:.2f} at z = {means[180, k]:.1f}" for k in range(2))
    return figure(
        fig,
        alt="The exact posterior of z for points on the unit circle follows the angle from one end "
        "of the arc to the other and jumps at 180 degrees, where the arc's ends meet. "
        "Each of q's two means follows its own "
        f"half, with a weight that fades on the other's. At 180 degrees the weights are {opposite}.".replace(
            "-", "−"
        ),
    )


def poll_digits() -> Poll:
    """What a flow in the digits' encoder brings."""
    return Poll(
        "On the digits a Gaussian encoder's gap is several nats an image. In lesson 05 the best "
        "Gaussian of each single image had a gap of a tenth of a nat. A flow in the encoder …",
        [
            Option(
                "closes most of the gap",
                False,
                "It can close the approximation gap only, what even the best Gaussian lacks: here a "
                "tenth of a nat.",
            ),
            Option(
                "raises the evidence by nats",
                False,
                "q is not in the evidence. It can change only by the way the decoder is trained.",
            ),
            Option(
                "changes the gap little",
                True,
                "A tenth of a nat was the family's share. The rest is the network's, which guesses "
                "badly for an image that it has not seen; the flow reads the same network.",
            ),
        ],
    )


def plot_gaps(gaps: Mapping[str, Sequence[float]]) -> Picture:
    """gaps: {model: (on test images, on training images)}, evidence minus bound in nats an image."""
    fig, ax = style.subplots()
    for row, (test, train) in enumerate(gaps.values()):
        ax.barh(2.5 * row + 0.95, train, height=0.9, facecolor="white", edgecolor=GAP.color, lw=2.5)
        ax.barh(2.5 * row, test, height=0.9, **GAP.area)
        for up, value, words in ((0.95, train, "training images"), (0, test, "test images")):
            ax.text(value, 2.5 * row + up, f" {value:.2f}, {words}", va="center", color=GAP.ink)
    most = max(test for test, _ in gaps.values())
    ax.set_yticks([2.5 * row + 0.5 for row in range(len(gaps))], list(gaps))
    ax.set(xlim=(0, 1.75 * most), xlabel="gap: evidence − bound, nats per image")
    ax.invert_yaxis()
    ax.set_title("What the bound lacks, by model")
    says = "; ".join(
        f"{name} {a:.2f} on test and {b:.2f} on training images" for name, (a, b) in gaps.items()
    )
    return figure(fig, alt=f"The gap between evidence and bound, in nats per image: {says}.")
