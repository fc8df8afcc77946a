"""7, between two digits: paths through the codes of a VAE."""

from collections.abc import Mapping, Sequence

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from course_utils import data, deep
from course_utils.codes import paths
from course_utils.kit import Explorer, Option, Poll, figure, style
from course_utils.kit.figure import Picture, mosaic

MODEL, Q, DATA = (style.ROLES[name] for name in ("model", "q", "data"))
NODES, COARSE = ((torch.linspace(-5, 5, n, dtype=torch.float64),) * 2 for n in (161, 81))
NAMES = ("straight in z", "shortest", "straight in x")


def pairs(count: int) -> dict[str, tuple[int, int]]:
    """Test images, two by two in order, of two different digits, no such two twice."""
    labels = data.digits().test_labels.tolist()
    found: dict[str, tuple[int, int]] = {}
    for i in range(0, len(labels) - 1, 2):
        a, b = sorted(labels[i : i + 2])
        if a != b and f"{a} → {b}" not in found and len(found) < count:
            found[f"{a} → {b}"] = (i, i + 1) if labels[i] == a else (i + 1, i)
    return found


class Ways:
    """Between two codes: codes (2, 41, 2) of the first two ways, images (3, 41, D), nats (3, 41)."""

    def __init__(self, decoder: deep.Model, start: Tensor, end: Tensor) -> None:
        model = deep.frozen(deep.in_double(decoder))
        line = paths.straight(start, end)
        self.codes = torch.stack([line, paths.shortest(lambda z: model(z).mean, line, 80)])
        decoded = model(self.codes).mean
        share = torch.linspace(0, 1, 41, dtype=torch.float64)[:, None]
        ghost = decoded[0, :1] + share * (decoded[0, -1:] - decoded[0, :1])
        self.images = torch.cat([decoded, ghost[None]])
        self.nats = deep.log_evidence(self.images.flatten(0, 1), model, NODES).reshape(3, 41)
        self.lengths = self.images.diff(dim=1).norm(dim=2).sum(1)


def grid(reach: float, count: int) -> Tensor:
    """count x count nodes of two latents, from -reach to reach: (count^2, 2)."""
    return torch.cartesian_prod(*[torch.linspace(-reach, reach, count, dtype=torch.float64)] * 2)


def ways(encoder: nn.Module, decoder: deep.Model, count: int = 6) -> dict[str, Ways]:
    """Between the codes of so many pairs of test images."""
    with torch.no_grad():
        z = deep.in_double(encoder)(data.digits().test).mean
    return {name: Ways(decoder, z[i], z[j]) for name, (i, j) in pairs(count).items()}


def poll_inside() -> Poll:
    """The density in the middle of two draws, in PPCA."""
    return Poll(
        "PPCA of the digits with 20 latents. Two codes are drawn from N(0, I), and the middle of the "
        "straight line between them is decoded. Its log p(x), compared with that of the ends, is on "
        "average …",
        [
            Option("lower: no code lies there", False, "No code does, and yet look at N(0, I)."),
            Option("about the same", False, "log p falls with the squared length of z."),
            Option(
                "higher", True, "A Gaussian is densest at its mean, and the middle is nearer to it."
            ),
        ],
    )


def explore_paths(decoder: deep.Model, found: Mapping[str, Ways]) -> Explorer:
    """The latent plane with log p of what it decodes to, two paths; log p along three."""
    model = deep.frozen(deep.in_double(decoder))
    axis = torch.linspace(-3.2, 3.2, 33, dtype=torch.float64)
    decoded = model(torch.cartesian_prod(axis, axis)).mean
    plane = deep.log_evidence(decoded, model, COARSE).reshape(33, 33)
    share = torch.linspace(0, 1, 41)

    def scene():
        fig, (left, right) = style.subplots(2, height=4.7, width_ratios=[1.15, 1])
        view = {"origin": "lower", "extent": (-3.2, 3.2, -3.2, 3.2), "cmap": "cividis"}
        image = left.imshow(plane.T.numpy(), **view, vmin=plane.max() - 8, vmax=plane.max())
        left.set(xlabel="$z_1$", ylabel="$z_2$", title="log $p$(decoded $x$)")
        fig.colorbar(image, ax=left, shrink=0.8)
        right.set(xlim=(0, 1), ylim=(24, 56), xlabel="share of the path")
        right.set(ylabel="nats", title="Along the path")
        dark = {"color": style.INK, "linewidth": 3}
        return fig, {
            "line": left.plot([], [], "-.", **dark)[0],
            "short": left.plot([], [], "--", **dark)[0],
            "at": left.plot([], [], "o", color=style.INK, markersize=10)[0],
            "line_p": right.plot([], [], **MODEL.line)[0],
            "short_p": right.plot([], [], **Q.line)[0],
            "ghost_p": right.plot([], [], **DATA.line | {"linestyle": "-", "linewidth": 2})[0],
            "here": right.plot([], [], color=style.GUIDE, linewidth=1.5)[0],
            "line_words": right.text(0.03, 29.4, "", color=MODEL.ink),
            "short_words": right.text(0.03, 27.2, "", color=Q.ink),
            "ghost_words": right.text(0.03, 25.0, "", color=style.INK),
        }

    def update(pair: str, place: int) -> dict:
        way = found[pair]
        marks = ("-·", "- -", "—")
        words = [
            f"{mark} {name}  {nats[place]:.1f}"
            for mark, name, nats in zip(marks, NAMES, way.nats, strict=True)
        ]
        spot = way.codes[0, place]
        mean = way.nats.mean(1)
        return {
            "line": tuple(way.codes[0].T.numpy()),
            "short": tuple(way.codes[1].T.numpy()),
            "at": ([spot[0].item()], [spot[1].item()]),
            "line_p": (share, way.nats[0]),
            "short_p": (share, way.nats[1]),
            "ghost_p": (share, way.nats[2].clamp(min=24)),
            "here": ([share[place]] * 2, [31.5, 56]),
            "line_words": words[0],
            "short_words": words[1],
            "ghost_words": words[2],
            "alt": f"From a {pair[0]} to a {pair[-1]}. Along the way the mean log p(x) is "
            f"{mean[0]:.1f} nats straight in z, {mean[1]:.1f} on the shortest path, {mean[2]:.1f} "
            f"straight in x; lengths {way.lengths[0]:.2f}, {way.lengths[1]:.2f} and "
            f"{way.lengths[2]:.2f}. At place {place} it is {way.nats[0, place]:.1f}, "
            f"{way.nats[1, place]:.1f} and {way.nats[2, place]:.1f}.",
        }

    controls = {
        "pair": widgets.SelectionSlider(options=list(found), description="from, to"),
        "place": widgets.IntSlider(value=20, min=0, max=40, step=5, description="place, of 40"),
    }
    return Explorer(scene, update, controls, [{"pair": pair} for pair in list(found)[:3]])


def plot_between(way: Ways) -> Picture:
    """Nine images on each of the three ways."""
    fig, ax = style.subplots(height=3.4)
    rows = way.images[:, ::5].clamp(0, 1)
    ax.imshow(mosaic(*rows), cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[3.5, 13.5, 23.5], title="Three ways from one digit to another")
    ax.set_yticklabels(NAMES)
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    mean = way.nats.mean(1)
    return figure(
        fig,
        alt="Nine images on each of three ways from a digit to another. Straight in z and shortest, they "
        "pass through other digits; straight in x, one fades into the other. Mean log p(x): "
        f"{mean[0]:.1f}, {mean[1]:.1f} and {mean[2]:.1f} nats.",
    )


def judge(found: Sequence[Ways]) -> tuple[Tensor, Tensor]:
    """Mean nats along each way, and lengths: (pairs, 3) each. (The ends are common to all ways.)"""
    return torch.stack([w.nats.mean(1) for w in found]), torch.stack([w.lengths for w in found])
