"""Lesson 07, normalizing flows: its questions, explorers, figures and exercises."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import expm1, log, pi

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon
from torch import Tensor, nn
from torch.distributions import Distribution
from torch.nn.functional import softplus

from course_utils import deep
from course_utils.flows import Flow, Layer
from course_utils.flows.spline import SMALLEST, SplineMap
from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction

DATA, PRIOR, TRUTH, Q, MODEL = (
    style.ROLES[role] for role in ("data", "prior", "truth", "q", "model")
)
FILL = "#56B4E9"


# Questions


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 05: at the ring's seam the posterior has two equal, distant modes. The "
            "Gaussian q with the largest ELBO …",
            [
                Option(
                    "covers both",
                    False,
                    "It would put mass on the valley between them, where the posterior has none: "
                    "KL(q‖p) makes that dear.",
                ),
                Option("keeps one of them", True, "That costs about log 2 = 0.69 nats."),
                Option(
                    "sits at the valley",
                    False,
                    "There log p(x, z) is lowest, and E_q[log p(x, z)] with it.",
                ),
            ],
        ),
        Poll(
            "From lesson 06: a richer family for q, with the same encoder network, is meant to "
            "shrink …",
            [
                Option(
                    "the approximation gap",
                    True,
                    "It is what even the best member of the family lacks.",
                ),
                Option(
                    "the amortisation gap",
                    False,
                    "That one lies between the encoder's q and the family's best. A richer family "
                    "can even widen it.",
                ),
                Option("the evidence", False, "q is not in it."),
            ],
        ),
        Poll(
            "From lesson 04: h has a jump. Which gradient of E_q[h] is still right?",
            [
                Option(
                    "the pathwise one",
                    False,
                    "A moved sample sees the slope h′, never the jump. (Of a step h′ is 0 at every "
                    "sample.)",
                ),
                Option(
                    "the score function's",
                    True,
                    "It reweights samples by h and never differentiates it.",
                ),
                Option("neither", False, "One of them never differentiates h."),
            ],
        ),
    ][number - 1]


def poll_stretch() -> Poll:
    """What a map that stretches twice in each of two dimensions does to the density."""
    return Poll(
        "A map stretches the plane ×2 in each of its two dimensions. The density is multiplied by …",
        [
            Option("2", False, "Stretching makes room: a density can only fall."),
            Option("½", False, "That is one dimension's share. There are two."),
            Option(
                "¼", True, "The area is 4 times as large, the mass the same: |det J| = 2 · 2 = 4."
            ),
            Option("4", False, "That is what the area is multiplied by. Density is mass / area."),
        ],
    )


def poll_maf_or_iaf() -> Poll:
    """Which of the two autoregressive flows samples in one pass."""
    return Poll(
        "Which of MAF and IAF samples in one pass of its network?",
        [
            Option(
                "MAF",
                False,
                "Its scale for x₂ needs x₁, which must be there first: D passes for a sample, one "
                "for a density.",
            ),
            Option(
                "IAF",
                True,
                "Its scales depend on z, all of which is there from the start. The density of a "
                "given x then takes D passes.",
            ),
            Option("both", False, "That is a coupling layer's privilege: it keeps half of z."),
            Option("neither", False, "One of them computes its scales from z."),
        ],
    )


def poll_topology() -> Poll:
    """Whether layers can empty the ring's hole."""
    return Poll(
        "With enough of section 3's layers, a flow from a Gaussian in the plane can make the ring's "
        "hole exactly empty.",
        [
            Option(
                "true",
                False,
                "Every point of the hole is T(z) for some z, and the Gaussian has mass around "
                "every z.",
            ),
            Option(
                "false",
                True,
                "T maps the plane onto the plane. It can make the hole as thin as it likes, by "
                "stretching a pinhole, but never empty.",
            ),
        ],
    )


# Explorer 1: twenty bins of equal mass

NUM_BINS = 20
EDGE = 4.0  # the spline's bound; a standard normal has 0.006 % beyond it
HAND = SplineMap(4, EDGE)  # knots at z = -4, -2, 0, 2, 4


def by_hand(slope: float, share: float) -> Tensor:
    """theta of HAND with this slope at z = 0, and this share of the x axis for -2 < z < 2."""
    heights = torch.tensor([1 - share, share, share, 1 - share], dtype=torch.float64).log()
    slopes = torch.tensor([1.0, slope, 1.0], dtype=torch.float64) - SMALLEST
    return torch.cat([torch.zeros(4), heights, slopes.expm1().log() - log(expm1(1 - SMALLEST))])


def bins(slope: float, share: float) -> tuple[Tensor, Tensor]:
    """The edges (21,) of twenty bins that hold 1/20 of N(0, 1) each, and where they land."""
    z = torch.special.ndtri(torch.linspace(0, 1, NUM_BINS + 1, dtype=torch.float64))
    z = z.clamp(-EDGE, EDGE)
    return z, HAND.forward(z, by_hand(slope, share))[0]


def predict_bins() -> Prediction:
    """Ask what a steep map does to the density, then bend it."""
    question = "The map x = T(z) has slope 5 at z. What happens to the density there?"
    options = [
        Option("five times higher at T(z)", False, "Neighbours end up further apart, not closer."),
        Option(
            "five times lower at T(z)", True, "The same mass is spread over five times the width."
        ),
        Option("it stays", False, "The mass stays. It is on another width."),
        Option("it depends on p(z)", False, "The factor is 1/5 whatever p(z) is."),
    ]
    return predict(question, options, explore_bins())


def explore_bins() -> Explorer:
    """Bins of equal mass go through a monotone spline: density = mass / width."""
    z = torch.linspace(-EDGE, EDGE, 401, dtype=torch.float64)
    log_p = -z.square() / 2 - log(2 * pi) / 2

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.25, 1], sharey=True)
        left.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xlabel="z ~ N(0, 1)", ylabel="x = T(z)")
        left.set_title("Twenty bins of mass 1/20")
        left.fill_between(z, -EDGE, -EDGE + 3 * log_p.exp(), color=PRIOR.color, alpha=0.25)
        left.plot(z, -EDGE + 3 * log_p.exp(), **PRIOR.line)
        right.set(xlim=(0, 1.1), xlabel="density of x", title="density = mass / width")
        outline = Polygon(np.zeros((3, 2)), closed=True, facecolor=FILL, edgecolor="white")
        return fig, {
            "paths": left.add_collection(LineCollection([], colors=DATA.color, linewidths=1)),
            "map": left.plot([], [], **MODEL.line)[0],
            "bars": right.add_patch(outline),
            "density": right.plot([], [], **TRUTH.line)[0],
            "numbers": right.text(1.08, 3.6, "", color=TRUTH.color, ha="right", va="top"),
        }

    def update(slope: float, share: float) -> dict:
        theta = by_hand(slope, share)
        x, log_slope = HAND.forward(z, theta)
        at, lands = (edge.numpy() for edge in bins(slope, share))
        height = 1 / NUM_BINS / np.diff(lands)
        steps = np.stack([np.repeat(height, 2), np.repeat(lands, 2)[1:-1]], 1)
        outline = np.concatenate([[[0, lands[0]]], steps, [[0, lands[-1]]]])
        middle = 0.3989 / slope
        return {
            "paths": [[(a, -EDGE), (a, b), (EDGE, b)] for a, b in zip(at, lands, strict=True)],
            "map": (z, x),
            "bars": outline,
            "density": ((log_p - log_slope).exp(), x),
            "numbers": f"at x = 0:\n0.3989 / {slope:.3f}\n= {middle:.3f}",
            "alt": f"A spline with slope {slope:.2f} at z = 0 carries twenty bins of mass 0.05 to "
            f"bins of widths {np.diff(lands).min():.2f} to {np.diff(lands).max():.2f}. Mass over "
            f"width follows the exact density, which is {middle:.3f} at x = 0.",
        }

    controls = {
        "slope": widgets.FloatLogSlider(
            value=1, min=-0.4, max=0.7, step=0.02, description="slope of T at z = 0"
        ),
        "share": widgets.FloatSlider(
            value=0.5, min=0.4, max=0.7, step=0.05, description="share of x for −2 < z < 2"
        ),
    }
    strip = [{"slope": s, "share": 0.5} for s in (0.5, 1.0, 4.0)]
    return Explorer(scene, update, controls, strip)


# Explorer 2: layer by layer

SQUARES = [(i, j) for j in range(-2, 2) for i in range(-2, 2)]  # lower left corners, side 1
WINDOW = 3.0
Warp = tuple[Tensor, Tensor]


def _push(layers: Sequence[Layer], z: Tensor) -> Warp:
    """z after the layers, and the sum of their log-determinants."""
    total = torch.zeros(z.shape[:-1])
    for layer in layers:
        z, log_det = layer.push(z)
        total = total + log_det
    return z, total


def _pull(layers: Sequence[Layer], x: Tensor) -> Warp:
    """Where x was before the layers, and the sum of their log-determinants there."""
    total = torch.zeros(x.shape[:-1])
    for layer in reversed(layers):
        x, log_det = layer.pull(x)
        total = total + log_det
    return x, total


def square_outline(square: int) -> Tensor:
    """The edge of one of SQUARES as a polygon of 200 points, (200, 2)."""
    turn = torch.linspace(0, 1, 51)[:-1]
    one, zero = torch.ones_like(turn), torch.zeros_like(turn)
    sides = [(turn, zero), (one, turn), (1 - turn, one), (zero, 1 - turn)]
    edge = torch.cat([torch.stack(side, 1) for side in sides])
    return edge + torch.tensor(SQUARES[square], dtype=torch.float32)


def area(outline: Tensor) -> float:
    """The area inside a polygon (P, 2), by the shoelace formula."""
    x, y = outline.double().unbind(1)
    return abs((x * y.roll(-1) - y * x.roll(-1)).sum().item()) / 2


def mass(square: int) -> float:
    """The share of N(0, I) on one of SQUARES."""
    low = torch.tensor(SQUARES[square], dtype=torch.float64)
    return (torch.special.ndtr(low + 1) - torch.special.ndtr(low)).prod().item()


def _lattice(side: int, window: float = WINDOW) -> Tensor:
    """Pixel centres of the square [-window, window]^2, (side * side, 2), row by row upwards."""
    axis = (torch.arange(side) + 0.5) / side * 2 * window - window
    down, along = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([along, down], -1).reshape(-1, 2)


def _mesh() -> Tensor:
    """Lines of a square grid, (lines, points, 2)."""
    along = torch.linspace(-3, 3, 121)
    levels = torch.linspace(-3, 3, 13)
    across = torch.stack(torch.meshgrid(levels, along, indexing="ij"), -1)
    return torch.cat([across, across.flip(-1)])


def explore_layers(flow: Flow) -> Explorer:
    """A flow in the plane, layer by layer: the grid, its log-determinant, the density."""
    with torch.no_grad():
        pixels, side = _lattice(120), 120
        grids, volumes, densities, outlines = [], [], [], []
        for k in range(len(flow.transforms) + 1):
            layers = flow.transforms[:k]
            grids.append(_push(layers, _mesh())[0].numpy())
            z, log_det = _pull(layers, pixels)
            density = (flow.base.log_prob(z) - log_det).exp()
            shown = log_det.where(density > 1e-3, 0.0)  # elsewhere nothing is left to stretch
            volumes.append(shown.reshape(side, side).numpy())
            densities.append(density.reshape(side, side).numpy())
            squares = [_push(layers, square_outline(s))[0] for s in range(len(SQUARES))]
            outlines.append(squares)
    extent = (-WINDOW, WINDOW, -WINDOW, WINDOW)

    def scene():
        fig, (left, right) = style.subplots(2, sharey=True)
        fig.get_layout_engine().set(rect=(0, 0.08, 1, 0.92))  # room for a line of text below
        limits = {"xlim": extent[:2], "ylim": extent[2:], "aspect": "equal", "xlabel": "$x_1$"}
        left.set(**limits, ylabel="$x_2$", title="log|det J|, and the grid")
        right.set(**limits, title="Density")
        show = {"extent": extent, "origin": "lower"}
        colours = left.imshow(volumes[0], cmap="PuOr", vmin=-3, vmax=3, **show)
        glow = right.imshow(densities[0], vmin=0, vmax=0.7, **show)
        fig.colorbar(colours, ax=left, ticks=[-3, 0, 3])
        fig.colorbar(glow, ax=right, ticks=[0, 0.7])
        edge = {"fill": False, "linewidth": 3}
        return fig, {
            "volume": colours,
            "grid": left.add_collection(LineCollection([], colors=DATA.color, linewidths=0.7)),
            "square": left.add_patch(Polygon(np.zeros((3, 2)), edgecolor="black", **edge)),
            "density": glow,
            "on_density": right.add_patch(Polygon(np.zeros((3, 2)), edgecolor="white", **edge)),
            "numbers": fig.text(0.5, 0.02, "", ha="center"),
        }

    def update(layers: int, square: int) -> dict:
        outline = outlines[layers][square - 1]
        now, held = area(outline), mass(square - 1)
        return {
            "volume": volumes[layers],
            "grid": grids[layers],
            "square": outline.numpy(),
            "density": densities[layers],
            "on_density": outline.numpy(),
            "numbers": f"the square: mass {held:.4f} / area {now:.3f} = density {held / now:.3f}",
            "alt": f"After {layers} of {len(outlines) - 1} layers square {square}, of area 1 at "
            f"first, has area {now:.3f}; its mass is still {held:.4f}, so its mean density is "
            f"{held / now:.3f}. The log-determinant runs from {volumes[layers].min():.1f} to "
            f"{volumes[layers].max():.1f}.",
        }

    most = len(flow.transforms)
    controls = {
        "layers": widgets.IntSlider(value=most, min=0, max=most, description="layers applied"),
        "square": widgets.IntSlider(
            value=7, min=1, max=len(SQUARES), description="square to follow"
        ),
    }
    strip = [{"layers": k, "square": 7} for k in (0, most // 2, most)]
    return Explorer(scene, update, controls, strip)


# Explorer 3: both sides of the seam


def kl(log_q: Tensor, log_p: Tensor, nodes: Tensor) -> Tensor:
    """KL(q || p) in nats by the trapezoid rule, for log densities (..., G) at the nodes (G,)."""
    return torch.trapezoid(log_q.exp() * (log_q - log_p), nodes)


def predict_seam(
    nodes: Tensor, log_posterior: Tensor, log_gaussian: Tensor, runs: Mapping[str, Tensor]
) -> Prediction:
    """Ask which gradient of the ELBO finds both modes, then watch."""
    question = (
        "A spline flow can have both modes. From N(0, 1) it climbs the ELBO at the seam, five times "
        "over. Which gradient of lesson 04 leads it to both modes, half its mass on each?"
    )
    options = [
        Option(
            "the pathwise one",
            False,
            "A sample knows the slope where it stands, and nothing of the hill behind the valley. "
            "How much mass ends on either side is chance.",
        ),
        Option(
            "the score function's",
            False,
            "It compares samples on both sides, but the valley is emptied in a few steps, towards "
            "whichever mode is ahead by then.",
        ),
        Option(
            "neither",
            True,
            "The likelihood is so sharp that the first steps decide. It must be let in slowly; and "
            "then only one of the two gets the halves right.",
        ),
    ]
    return predict(question, options, explore_seam(nodes, log_posterior, log_gaussian, runs))


def explore_seam(
    nodes: Tensor, log_posterior: Tensor, log_gaussian: Tensor, runs: Mapping[str, Tensor]
) -> Explorer:
    """Training at the seam, watched: the flow, the true posterior, the best Gaussian.

    log_posterior, log_gaussian: log densities (G,) at the nodes (G,). runs: {gradient: log q
    (R, T, G) of R runs at T times, evenly spaced over the training}.
    """
    least = kl(log_gaussian, log_posterior, nodes).item()
    gaps = {name: kl(log_q, log_posterior, nodes).tolist() for name, log_q in runs.items()}
    num_runs, most = next(iter(runs.values())).shape[0], next(iter(runs.values())).shape[1] - 1
    top = 1.45 * max(log_posterior.exp().max().item(), log_gaussian.exp().max().item())

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-4.5, 4.5), ylim=(0, top), xlabel="latent z", ylabel="density")
        ax.set_title("A posterior with two modes, and what q makes of it")
        ax.plot(nodes, log_posterior.exp(), **TRUTH.line)
        ax.plot(nodes, log_gaussian.exp(), **Q.line | {"linestyle": ":"})
        ax.text(-1.4, 0.94 * top, "— true posterior", color=TRUTH.color, va="top")
        ax.text(-1.4, 0.84 * top, f"···· best Gaussian, KL {least:.3f}", color=Q.color, va="top")
        return fig, {
            "flow": ax.plot([], [], **Q.line)[0],
            "numbers": ax.text(-1.4, 0.74 * top, "", color=Q.color, va="top"),
        }

    def update(gradient: str, run: int, time: int) -> dict:
        density, gap = runs[gradient][run - 1, time].exp(), gaps[gradient][run - 1][time]
        right = torch.trapezoid(density * (nodes > 0), nodes).item()
        return {
            "flow": (nodes, density),
            "numbers": f"- - flow, KL {gap:.3f}",
            "alt": f"{gradient}, run {run}, after {time / most:.0%} of the training: the flow has "
            f"{right:.0%} of its mass at z > 0 and KL {gap:.3f} nats to the posterior, which has two equal "
            f"modes; the best Gaussian has KL {least:.3f}.",
        }

    controls = {
        "gradient": widgets.Dropdown(options=list(runs), description="gradient"),
        "run": widgets.IntSlider(value=1, min=1, max=num_runs, description="run"),
        "time": widgets.IntSlider(value=most, min=0, max=most, description="time in training"),
    }
    strip = [{"gradient": name, "run": k, "time": most} for name in runs for k in (1, num_runs)]
    return Explorer(scene, update, controls, strip)


# Truths


def log_moons(x: Tensor, noise: float = 0.1) -> Tensor:
    """log p(x) of `data.two_moons` (N,): a trapezoid rule over the angle on both half circles."""
    angle = torch.linspace(0, pi, 201, dtype=torch.float64)
    moon = torch.stack([angle.cos(), angle.sin()], 1)
    other = torch.tensor([1.0, 0.5], dtype=torch.float64) - moon
    weight = torch.full((201,), 0.5 / 200, dtype=torch.float64)
    weight[[0, -1]] /= 2
    misfit = torch.cdist(x.double(), torch.cat([moon, other])).square() / (2 * noise**2)
    return torch.logsumexp(weight.repeat(2).log() - misfit, 1) - log(2 * pi * noise**2)


def log_ring(x: Tensor, noise: float = 0.1) -> Tensor:
    """log p(x) of `data.ring` (N,): the mean over the angle is a Bessel function of the radius."""
    r = x.double().norm(dim=1)
    bessel = torch.special.i0e(r / noise**2).log()
    return bessel - (r - 1).square() / (2 * noise**2) - log(2 * pi * noise**2)


def log_checkerboard(x: Tensor) -> Tensor:
    """log p(x) of `data.checkerboard` (N,): -log 32 on its squares, -inf elsewhere."""
    i, j = ((x.double() + 4) / 2).floor().unbind(1)
    on = ((i + j) % 2 == 0) & (x.abs() < 4).all(1)
    return torch.where(on, -log(32.0), -torch.inf)


# Figures


def plot_density(
    flow: Distribution, truth: Callable[[Tensor], Tensor], window: float, name: str
) -> Picture:
    """The true density and the flow's, side by side in one scale."""
    pixels, side = _lattice(160, window), 160
    with torch.no_grad():
        densities = [f(pixels).exp().reshape(side, side).numpy() for f in (truth, flow.log_prob)]
    off = abs(densities[1] - densities[0]).sum() * (2 * window / side) ** 2 / 2
    top = 1.2 * densities[0].max().item()
    fig, axes = style.subplots(2, sharey=True)
    for ax, density, title in zip(axes, densities, (f"{name}: truth", "Flow"), strict=True):
        glow = ax.imshow(density, vmin=0, vmax=top, extent=(-window, window) * 2, origin="lower")
        ax.set(xlabel="$x_1$", title=title)
    axes[0].set_ylabel("$x_2$")
    fig.colorbar(glow, ax=axes, label="density", shrink=0.9, extend="max")
    return figure(
        fig,
        alt=f"{name}: the true density and the flow's, side by side; the share of mass that lies "
        f"elsewhere is {off:.1%}. The flow's highest density is {densities[1].max():.2f}, the true "
        f"one {densities[0].max():.2f}.",
    )


def plot_two_peaks(flow: Flow, truth: Distribution) -> Picture:
    """½ N(±2, .5²): the flow, the truth, the best Gaussian, and the map that does it."""
    z = torch.linspace(-4, 4, 8001)  # the steepest piece is narrow
    x = torch.linspace(-4.5, 4.5, 451)
    with torch.no_grad():
        map_of_z, log_slope = _push(flow.transforms, z[:, None])
        density = flow.log_prob(x[:, None]).exp()
    best = torch.distributions.Normal(0.0, truth.stddev.item())
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.4])
    left.plot(z, map_of_z[:, 0], **MODEL.line)
    left.set(xlabel="z", ylabel="x = T(z)", title="The map is steep …")
    right.plot(x, truth.log_prob(x).exp(), **TRUTH.line)
    right.plot(x, density, **MODEL.line)
    right.plot(x, best.log_prob(x).exp(), **Q.line)
    right.set(xlabel="x", ylabel="density", ylim=(0, 0.62), title="… where x is rare")
    words = [("— truth", TRUTH), ("-·- flow", MODEL), ("- - best Gaussian", Q)]
    for row, (label, role) in enumerate(words):
        right.text(-4.4, 0.59 - 0.055 * row, label, color=role.color, va="top")
    steepest = log_slope.exp().max().item()
    return figure(
        fig,
        alt=f"The flow's map from z to x is steepest at the middle, with slope {steepest:.1f}. Its "
        f"density has the truth's two peaks, at most {density.max():.2f} high; the best Gaussian "
        f"has one, {best.log_prob(torch.tensor(0.0)).exp():.2f} high, between them.",
    )


def plot_warps(layers: Mapping[str, Layer]) -> Picture:
    """What two layers do to a square grid."""
    fig, axes = style.subplots(2, sharey=True)
    numbers = []
    for ax, (name, layer) in zip(axes, layers.items(), strict=True):
        with torch.no_grad():
            mesh, log_det = layer.push(_mesh())
        ax.add_collection(LineCollection(list(mesh), colors=DATA.color, linewidths=1.2))
        ax.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", xlabel="$x_1$", title=name)
        low, high = log_det.min().item(), log_det.max().item()
        numbers.append(f"{name}: log-determinants from {low:.2f} to {high:.2f}")
    axes[0].set_ylabel("$x_2$")
    return figure(fig, alt=f"A square grid after one layer. {'; '.join(numbers)}.")


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


def plot_bridge(flow: Flow, truth: Callable[[Tensor], Tensor]) -> Picture:
    """The density along the x axis through the ring's hole, on a log scale."""
    along = torch.linspace(-1.6, 1.6, 641)
    line = torch.stack([along, torch.zeros_like(along)], 1)
    with torch.no_grad():
        exact, ours = truth(line) / log(10), flow.log_prob(line) / log(10)
    fig, ax = style.subplots()
    ax.plot(along, exact, **TRUTH.line)
    ax.plot(along, ours, **MODEL.line)
    ax.set(xlim=(-1.6, 1.6), ylim=(-22, 3), xlabel="$x_1$, at $x_2 = 0$")
    ax.set(ylabel="$\\log_{10}$ density", title="The hole is thin, not empty")
    middle = [values[320].item() for values in (exact, ours)]
    ax.text(0, middle[1] + 0.7, "flow", color=MODEL.color, ha="center", va="bottom")
    ax.text(0.42, middle[0] + 4, "truth", color=TRUTH.color)
    return figure(
        fig,
        alt=f"Along a line through the ring's centre the true density falls to 10 to the "
        f"{middle[0]:.0f} in the hole; the flow's stays near 10 to the {middle[1]:.1f}.",
    )


# Exercises


def log_density(x: Tensor, inverse: Callable, slope: Callable) -> Tensor:
    """log p(x) (N,) of x = T(z), z ~ N(0, 1), from T's inverse and its slope T'(z)."""
    z = inverse(x)
    log_p = -z.square() / 2 - log(2 * pi) / 2
    return log_p - slope(z).abs().log()


def coupling_push(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    """x (N, D) and log|det dx/dz| (N,) of an affine coupling layer."""
    z_A, z_B = z.chunk(2, -1)
    x_B = z_B * s(z_A).exp() + t(z_A)
    return torch.cat([z_A, x_B], -1), s(z_A).sum(-1)


def coupling_pull(x: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    """z (N, D) and log|det dx/dz| (N,): the inverse of coupling_push."""
    x_A, x_B = x.chunk(2, -1)
    z_B = (x_B - t(x_A)) * (-s(x_A)).exp()
    return torch.cat([x_A, z_B], -1), s(x_A).sum(-1)


def planar(z: Tensor, w: Tensor, u: Tensor, b: float) -> tuple[Tensor, Tensor]:
    """x (N, D) and log|det dx/dz| (N,) of a planar layer, with u made safe first."""
    wu = w @ u
    u_hat = u + (softplus(wu) - 1 - wu) * w / (w @ w)
    h = (z @ w + b).tanh()
    return z + h[:, None] * u_hat, (1 + (1 - h**2) * (w @ u_hat)).log()


def score_weights(log_q: Tensor, log_prior: Tensor, log_likelihood: Tensor, beta: float) -> Tensor:
    """The weight (S,) of every sample's grad log q in the gradient of KL(q || tempered)."""
    r = log_q - log_prior - beta * log_likelihood
    return r - r.mean()


@lru_cache(maxsize=1)
def _nets() -> tuple[Callable, Callable]:
    """s and t of a coupling layer with four dimensions."""
    A, B = _random(2, 2, seed=1), _random(2, 2, seed=2)
    return lambda a: (a @ A).tanh(), lambda a: (a @ B).sin()


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


Exercise(
    "07.1",
    log_density,
    cases=[
        (_random(6).exp(), torch.log, torch.exp),
        (_random(5, seed=1), lambda x: (1 - x) / 3, lambda z: torch.full_like(z, -3.0)),
    ],
    mistakes=[
        Mistake(
            lambda x, inverse, slope: (
                -inverse(x).square() / 2 - log(2 * pi) / 2 + slope(inverse(x)).abs().log()
            ),
            "The sign: where T stretches, mass is spread and the density falls.",
        ),
        Mistake(
            lambda x, inverse, slope: -inverse(x).square() / 2 - log(2 * pi) / 2,
            "That is the density of z. The volume is missing: subtract log|T′(z)|.",
        ),
        Mistake(
            lambda x, inverse, slope: (
                -inverse(x).square() / 2 - log(2 * pi) / 2 - slope(x).abs().log()
            ),
            "The slope is a function of z, and you gave it x.",
        ),
        Mistake(
            lambda x, inverse, slope: -x.square() / 2 - log(2 * pi) / 2 - slope(x).abs().log(),
            "That never goes back to z: N(0, 1) is the density of z = T⁻¹(x).",
        ),
        Mistake(
            lambda x, inverse, slope: (
                -inverse(x).square() / 2 - log(2 * pi) / 2 - slope(inverse(x)).log()
            ),
            "Right for increasing T. A decreasing one has a negative slope: a width is |T′| dz.",
        ),
        Mistake(
            lambda x, inverse, slope: (
                -inverse(x).square() / 2 - log(2 * pi) / 2 - slope(inverse(x)).abs().log()
            ).mean(),
            "Return one log density per point; the mean is taken later, in sight.",
        ),
    ],
    nudge="Where was x before the map? How dense was it there? And how wide has dz become?",
    formula="$$\\log p(x) = \\log\\mathcal N(z\\mid 0, 1) - \\log|T'(z)|,\\qquad z = T^{-1}(x)$$",
)


def _push_variant(x_B: Callable, log_det: Callable) -> Callable:
    """coupling_push with another x_B(z_B, s, t) or log-determinant of s."""

    def answer(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
        z_A, z_B = z.chunk(2, -1)
        return torch.cat([z_A, x_B(z_B, s(z_A), t(z_A))], -1), log_det(s(z_A))

    return answer


def _affine(z_B: Tensor, s: Tensor, t: Tensor) -> Tensor:
    return z_B * s.exp() + t


def _both_halves(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    z_A, z_B = z.chunk(2, -1)
    x_A, x_B = (_affine(half, s(z_A), t(z_A)) for half in (z_A, z_B))
    return torch.cat([x_A, x_B], -1), 2 * s(z_A).sum(-1)


def _from_itself(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    z_A, z_B = z.chunk(2, -1)
    return torch.cat([z_A, _affine(z_B, s(z_B), t(z_B))], -1), s(z_B).sum(-1)


Exercise(
    "07.3",
    coupling_push,
    cases=[(_random(5, 4), *_nets()), (_random(3, 4, seed=4), *_nets())],
    mistakes=[
        Mistake(
            _push_variant(_affine, lambda s: s.sum(0)),
            "You summed over the points. Every point has its own log-determinant: sum over the "
            "dimensions, the last axis.",
        ),
        Mistake(
            _push_variant(_affine, lambda s: -s.sum(-1)),
            "The sign: this is log|det dx/dz| of z → x, and exp(s) is the slope in that direction.",
        ),
        Mistake(
            _push_variant(_affine, lambda s: s.exp().sum(-1)),
            "The log of a product of exp(s) is the sum of s, not of exp(s).",
        ),
        Mistake(
            _push_variant(_affine, lambda s: s.mean(-1)),
            "A mean over the dimensions: the determinant is a product, so the logarithms add.",
        ),
        Mistake(
            _push_variant(lambda z_B, s, t: z_B * s + t, lambda s: s.sum(-1)),
            "The exp is missing: s is the logarithm of the scale, which keeps the scale positive.",
        ),
        Mistake(
            _push_variant(lambda z_B, s, t: (z_B + t) * s.exp(), lambda s: s.sum(-1)),
            "Scale first, then shift: t is added after exp(s) has multiplied z_B.",
        ),
        Mistake(
            _both_halves,
            "You moved both halves. z_A stays: it is what the inverse reads s and t from.",
        ),
        Mistake(
            _from_itself,
            "s and t of z_B itself: then the Jacobian has other entries, and no inverse in closed "
            "form. They read z_A.",
        ),
    ],
    nudge="The diagonal of the Jacobian is 1 for z_A and exp(s) for z_B.",
    formula="$$x_A = z_A,\\quad x_B = z_B\\odot e^{s(z_A)} + t(z_A),\\quad "
    "\\log|\\det J| = \\sum_i s_i(z_A)$$",
)


def _pull_variant(z_B: Callable, sign: float = 1.0) -> Callable:
    """coupling_pull with another z_B(x_A, x_B, s, t) or sign of its log-determinant."""

    def answer(x: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
        x_A, x_B = x.chunk(2, -1)
        return torch.cat([x_A, z_B(x_A, x_B, s, t)], -1), sign * s(x_A).sum(-1)

    return answer


def _undone(x_A: Tensor, x_B: Tensor, s: Callable, t: Callable) -> Tensor:
    return (x_B - t(x_A)) * (-s(x_A)).exp()


Exercise(
    "07.4",
    coupling_pull,
    cases=[(_random(5, 4), *_nets()), (_random(3, 4, seed=4), *_nets())],
    mistakes=[
        Mistake(
            _pull_variant(_undone, -1.0),
            "That is log|det dz/dx|. In this course both directions report log|det dx/dz|.",
        ),
        Mistake(
            _pull_variant(lambda x_A, x_B, s, t: x_B * (-s(x_A)).exp() - t(x_A)),
            "The order: the shift came last, so it is undone first.",
        ),
        Mistake(
            _pull_variant(lambda x_A, x_B, s, t: (x_B - t(x_A)) * s(x_A).exp()),
            "You scaled once more. To undo exp(s), multiply by exp(−s).",
        ),
        Mistake(
            _pull_variant(lambda x_A, x_B, s, t: x_B * s(x_A).exp() + t(x_A)),
            "That is the way from z to x again.",
        ),
        Mistake(
            _pull_variant(lambda x_A, x_B, s, t: (x_B - t(x_B)) * (-s(x_B)).exp()),
            "s and t were computed from z_A, and x_A is z_A. From x_B they come out differently.",
        ),
    ],
    nudge="x_A is z_A, so s and t are the same numbers as on the way there.",
    formula="$$z_A = x_A,\\qquad z_B = (x_B - t(x_A))\\odot e^{-s(x_A)}$$",
)


def _planar_variant(
    norm: Callable = lambda w: w @ w,
    safe: bool = True,
    slope: Callable = lambda h: 1 - h**2,
    finish: Callable = torch.log,
) -> Callable:
    """planar with one thing done differently."""

    def answer(z: Tensor, w: Tensor, u: Tensor, b: float) -> tuple[Tensor, Tensor]:
        wu = w @ u
        u_hat = u + (softplus(wu) - 1 - wu) * w / norm(w) if safe else u
        h = (z @ w + b).tanh()
        return z + h[:, None] * u_hat, finish(1 + slope(h) * (w @ u_hat))

    return answer


def _unsafe_determinant(z: Tensor, w: Tensor, u: Tensor, b: float) -> tuple[Tensor, Tensor]:
    h = (z @ w + b).tanh()
    return planar(z, w, u, b)[0], (1 + (1 - h**2) * (w @ u)).log()


Exercise(
    "07.2",
    planar,
    cases=[
        (_random(5, 2), _random(2, seed=1), _random(2, seed=2), 0.3),
        (
            _random(4, 3, seed=3),
            torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64),
            torch.tensor([-1.0, 1.0, 0.0], dtype=torch.float64),
            -0.2,
        ),
    ],
    mistakes=[
        Mistake(
            _planar_variant(norm=lambda w: w.norm()),
            "You divided by ‖w‖. It must be ‖w‖²: only then is ûᵀw = m(wᵀu).",
        ),
        Mistake(
            _planar_variant(safe=False),
            "That is u itself. Where wᵀu < −1 the map folds; û keeps ûᵀw above −1.",
        ),
        Mistake(
            _unsafe_determinant,
            "x is right, but the determinant belongs to the same û, not to u.",
        ),
        Mistake(
            _planar_variant(slope=lambda h: 1 - h),
            "The derivative of tanh a is 1 − tanh² a.",
        ),
        Mistake(_planar_variant(finish=lambda det: det), "That is the determinant. Take its log."),
        Mistake(
            _planar_variant(finish=lambda det: -det.log()),
            "The sign: log|det dx/dz|, not that of the inverse.",
        ),
    ],
    nudge="First û, from m(a) = −1 + log(1 + eᵃ) = softplus(a) − 1; then both results use û only.",
    formula="$$\\hat u = u + \\big(m(w^\\top u) - w^\\top u\\big)\\frac{w}{\\lVert w\\rVert^2},"
    "\\quad h = \\tanh(w^\\top z + b),\\quad x = z + \\hat u\\,h,\\quad "
    "\\log\\det = \\log\\big(1 + (1 - h^2)\\,\\hat u^\\top w\\big)$$",
)

Exercise(
    "07.5",
    score_weights,
    cases=[
        (_random(6), _random(6, seed=1), 5 * _random(6, seed=2), 0.3),
        (_random(4, seed=3), _random(4, seed=4), 5 * _random(4, seed=5), 1.0),
    ],
    mistakes=[
        Mistake(
            lambda log_q, log_prior, log_likelihood, beta: (
                log_q - log_prior - beta * log_likelihood
            ),
            "Unbiased, but without the baseline. Subtract the mean of r over the samples.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, beta: (
                score_weights(log_q, log_prior, log_likelihood, beta)
                * (len(log_q) / (len(log_q) - 1))
            ),
            "A mean over the other samples: unbiased, and as good. Here take it over all of them.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, beta: (
                -score_weights(log_q, log_prior, log_likelihood, beta)
            ),
            "The sign: these weights belong to the KL, which is to fall, not to the ELBO.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, beta: score_weights(
                log_q, beta * log_prior, log_likelihood, beta
            ),
            "β belongs to the likelihood alone: at β = 0 the target is the prior.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, beta: score_weights(
                log_q, log_prior, log_likelihood, 1.0
            ),
            "β is missing: the likelihood counts in full from the first step.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, beta: score_weights(
                torch.zeros_like(log_q), log_prior, log_likelihood, beta
            ),
            "log q is missing: without its entropy q shrinks onto one point.",
        ),
    ],
    nudge="r is log q minus the log of the tempered target; its mean is the baseline.",
    formula="$$r = \\log q(z) - \\log p(z) - \\beta\\log p(x\\mid z),\\qquad "
    "\\nabla\\mathrm{KL} \\approx \\frac1S\\sum_s (r_s - \\bar r)\\,\\nabla\\log q(z_s)$$",
)
