"""3 · Has it learned the distribution? An infinite mixture, its samples and its density."""

from math import log, pi

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from torch import Tensor
from torch.distributions import Normal

from course_utils import deep
from course_utils.gaussian import pairwise
from course_utils.kit import Explorer, figure, style
from course_utils.kit.figure import Picture

MODEL, DATA = style.ROLES["model"], style.ROLES["data"]


def explore_mixture(model: deep.Decoder, x: Tensor) -> Explorer:
    """p(x) as a mixture: every z brings a Gaussian round g(z); more and more of them."""
    evidence = deep.log_evidence(x, model, deep.grid(1, 0.05)).mean().item()
    axis = torch.linspace(-1.5, 1.5, 70)
    turn, places = np.linspace(0, 2 * pi, 40), torch.cartesian_prod(axis, axis)
    circle = 2 * model.sigma2**0.5 * np.stack([np.cos(turn), np.sin(turn)], 1)
    highest = deep.log_evidence(places, model, deep.grid(1, 0.05)).exp().max().sqrt().item()

    def scene():
        fig, (left, right) = style.subplots(2)
        left.plot(*x[:600].T, ".", color=DATA.color, alpha=0.3, markersize=4)
        view = {"origin": "lower", "cmap": "cividis", "vmin": 0, "vmax": highest}
        extent = (-1.5, 1.5, -1.5, 1.5)
        image = right.imshow(np.zeros((70, 70)), extent=extent, **view)
        for ax, title in ((left, "A Gaussian for each $z$"), (right, "Their mean (its root)")):
            ax.set(aspect="equal", xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), title=title)
            ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        circles = LineCollection([], colors=MODEL.color, linewidths=2)
        return fig, {
            "circles": left.add_collection(circles),
            "centres": left.plot([], [], **MODEL.dots | {"markersize": 5})[0],
            "density": image,
            "number": left.text(-0.2, 0, "", ha="center", va="center", color=MODEL.ink),
        }

    def update(num_codes: int) -> dict:
        middle = (torch.arange(num_codes) + 0.5) / num_codes  # equal shares of the prior
        with torch.no_grad():
            p = model(Normal(0.0, 1.0).icdf(middle)[:, None])
            values = [pairwise(p, points).logsumexp(1) - log(num_codes) for points in (places, x)]
        centres, mean = p.mean.numpy(), values[1].mean().item()
        score = f"{mean:.2f}" if mean > -100 else "below −100"
        return {
            "circles": list(centres[:, None] + circle) if num_codes <= 64 else [],
            "centres": tuple(centres.T),
            "density": values[0].exp().reshape(70, 70).T.sqrt().numpy(),
            "number": f"{num_codes} z: {score}\nall z: {evidence:.2f}".replace("-", "−"),
            "alt": f"The mixture of {num_codes} Gaussians, one for each of as many equal shares of the "
            f"prior, has a mean log density of {score} nats on the data; with all z, the evidence, it "
            f"is {evidence:.2f}. Left their centres along the arc, right their mean density.",
        }

    sizes = [1, 2, 4, 8, 16, 32, 64, 256]
    controls = {
        "num_codes": widgets.SelectionSlider(options=sizes, value=8, description="how many z")
    }
    return Explorer(scene, update, controls, [{"num_codes": n} for n in (4, 16, 256)])


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
