"""3 · Has it learned the distribution? Its samples and its density."""

import torch
from torch import Tensor

from course_utils import deep
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture


def plot_arc(model: deep.Decoder, x: Tensor) -> Picture:
    """Samples of the model coloured by their z, and the learned density beside the true one."""
    with torch.no_grad():
        z = model.prior.sample(torch.Size([2000]))
        samples = model(z).sample()
    fig, (left, right) = style.subplots(2)
    left.plot(*x[:1000].T, ".", color=style.ROLES["data"].color, alpha=0.4, markersize=4, zorder=0)
    dots = left.scatter(*samples.T, c=z[:, 0], s=9, cmap="viridis", vmin=-3, vmax=3)
    fig.colorbar(dots, ax=left, label="$z$", shrink=0.8)
    axis = torch.linspace(-1.5, 1.5, 70)
    points = torch.cartesian_prod(axis, axis)
    nodes = deep.grid(1, 0.03)
    density = [deep.log_evidence(points, m, nodes).exp() for m in (model, deep.arc())]
    images = [d.reshape(70, 70).T.sqrt() for d in density]
    view = {"origin": "lower", "cmap": "cividis", "vmin": 0, "vmax": images[1].max()}
    right.imshow(torch.cat(images, 1).numpy(), extent=(-1.5, 4.5, -1.5, 1.5), **view)
    right.axvline(1.5, color="white", linewidth=3)
    right.set(xticks=[0, 3], yticks=[], title="Density (its root)")
    right.set_xticklabels(["learned", "true"])
    left.set(aspect="equal", xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), xticks=[-1, 0, 1])
    left.set(yticks=[-1, 0, 1], title="Samples, by their z")
    area = (axis[1] - axis[0]).item() ** 2
    distance = (density[0] - density[1]).abs().sum().item() * area / 2
    return figure(
        fig,
        alt="2000 samples of the VAE lie on the arc of the data, and z runs along it from -3 to 3. "
        "Beside it the learned and the true density as images; their total variation distance, "
        f"half the integral of |difference|, is {distance:.3f}.",
    )
