"""7, a richer q in the autoencoder: the two branches of a mixture round the ring."""

import torch
from torch import nn

from course_utils import deep
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

Q = style.ROLES["q"]


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
    ax.set_title("Two means, solid by their weight: neither crosses")
    ax.set_xticks(range(0, 361, 90))
    at_seam = ", ".join(f"{weights[180, k]:.2f} at z = {means[180, k]:.1f}" for k in range(2))
    return figure(
        fig,
        alt="The exact posterior of z for points on the unit circle follows the angle from one end "
        "of the arc to the other and jumps at 180 degrees. Each of q's two means follows its own "
        f"half, with a weight that fades on the other's. At 180 degrees the weights are {at_seam}.",
    )
