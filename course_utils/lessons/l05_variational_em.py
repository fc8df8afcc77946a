"""Lesson 05, variational EM: its questions, explorers, figures and exercises."""

from collections.abc import Callable
from functools import lru_cache
from math import log, pi
from typing import NamedTuple

import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
import torch
from matplotlib.patheffects import withStroke
from torch import Tensor
from torch.distributions import Distribution, Independent, MultivariateNormal, Normal

from course_utils import deep, exact, vem
from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.kit.poll import Prediction

ROLE_NAMES = ("data", "prior", "truth", "q", "model")
DATA, PRIOR, TRUTH, Q, MODEL = (style.ROLES[role] for role in ROLE_NAMES)
BOUND, GAP, GAP_TEXT = "#56B4E9", "#E69F00", "#8a5a00"  # fills: the ELBO, and what it lacks
RING = deep.ring().double()
Z = torch.linspace(-4, 4, 401, dtype=torch.float64)  # where densities are drawn


# Questions


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 04: z = μ + σε. What does the pathwise gradient in σ do to the samples?",
            [
                Option("it moves them", True, "ε is held; every z slides with σ."),
                Option("it gives them new weights", False, "That is the score-function estimator."),
                Option("nothing: they are constants", False, "That is the detached, wrong one."),
            ],
        ),
        Poll(
            "From lesson 03: the gap log p(x) − ELBO is …",
            [
                Option("KL(q‖p(z))", False, "That one, to the prior, is inside the ELBO."),
                Option("KL(q‖p(z | x))", True, "To the posterior: 0 only if q is the posterior."),
                Option("KL(p(z | x)‖q)", False, "The expectation is under q, not under p."),
            ],
        ),
        Poll(
            "From lesson 02: in PPCA, which part of the posterior p(z | x) depends on x?",
            [
                Option("its mean alone", True, "G is the same for all x. This ends today."),
                Option("its covariance alone", False, "G contains no x."),
                Option("both", False, "G contains no x. Today, both."),
            ],
        ),
    ][number - 1]


def poll_seam() -> Poll:
    """How much a q that keeps one of two modes must lose."""
    return Poll(
        "At the seam the posterior is two equal lumps, far apart. The best Gaussian q sits on one of "
        "them. Its gap KL(q‖p) is …",
        [
            Option("close to 0: it fits its lump", False, "Where q lives, p is only half as high."),
            Option(
                "at least log 2 = 0.69",
                True,
                "On its lump p = ½p₁, so KL(q‖p) = log 2 + KL(q‖p₁): log 2 for the lost lump, the "
                "rest because a lump is not a Gaussian either.",
            ),
            Option(
                "infinite: it gives the other lump no mass",
                False,
                "That is KL(p‖q). In KL(q‖p) nothing is asked where q = 0.",
            ),
        ],
    )


# Explorer 1: round the ring


class RingTable(NamedTuple):
    """Of x at 0, 1, ..., 360 degrees: evidence, ELBO, mean and scale of the best q, all (361,)."""

    evidence: Tensor
    elbo: Tensor
    mean: Tensor
    scale: Tensor


def ring_points(degrees: Tensor) -> Tensor:
    """Noise-free points of the ring at these angles from the seam: (N, 2)."""
    angle = degrees.double() * pi / 180
    return torch.stack([angle.cos(), angle.sin()], 1)


@lru_cache(maxsize=1)
def ring_table() -> RingTable:
    """The best Gaussian q round the ring, from the highest mode of each posterior."""
    x = ring_points(torch.arange(361))
    mode = deep.mode(x, RING)
    start = vem.gaussian(torch.cat([mode, torch.full_like(mode, -5.0)], 1), 1)
    q, elbo = vem.best_q(x, RING, start, num_steps=150)
    evidence = deep.log_evidence(x, RING)
    return RingTable(evidence, elbo, q.mean[:, 0], q.stddev[:, 0])


def ring_posterior(degrees: float) -> Tensor:
    """p(z | x) on Z for x at this angle."""
    x = ring_points(torch.tensor([degrees]))
    return exact.posterior(lambda z: deep.log_joint(x, z, RING), Z)[0]


def predict_ring() -> Prediction:
    """Ask where on the ring a Gaussian fits worst, then go round."""
    question = (
        "By symmetry all x on the ring have the same evidence. Where is the posterior furthest "
        "from a Gaussian?"
    )
    options = [
        Option("nowhere: by symmetry it fits equally well", False, "z has no such symmetry."),
        Option("opposite the seam, at z = 0", False, "There z ↦ angle is almost a straight line."),
        Option(
            "near the seam",
            True,
            "Both ends of the z axis decode to almost the same x: the posterior splits.",
        ),
    ]
    return predict(question, options, explore_ring())


def explore_ring() -> Explorer:
    """The posterior of z and its best Gaussian while x goes round the ring."""
    table, low = ring_table(), -1.4
    prior = Normal(0.0, 1.0).log_prob(Z).exp()

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.9, 1])
        left.set(xlim=(-4, 4), ylim=(0, 3.6), yticks=[], xlabel="latent z")
        left.set(ylabel="density, rescaled", title="Posterior and best Gaussian")
        small = left.inset_axes((0.41, 0.45, 0.28, 0.53))
        left.text(-3.9, 3.25, "exact posterior", color=TRUTH.color)
        left.text(-3.9, 2.9, "best q (dashed)", color=Q.color)
        left.text(-3.9, 2.55, "prior (dotted)", color=PRIOR.color)
        turn = np.linspace(0, 2 * pi, 200)
        small.plot(np.cos(turn), np.sin(turn), **MODEL.line)
        small.plot([0.75, 1.25], [0, 0], color=DATA.color, linewidth=2)
        small.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), aspect="equal", xticks=[], yticks=[])
        small.set_axis_off()
        left.text(1.6, 2.53, "seam", color=DATA.color)
        right.set(xlim=(-0.6, 2.1), ylim=(low, -0.2), xticks=[], ylabel="nats")
        right.set_title("Its gap")
        right.axhline(table.evidence[0], **TRUTH.line | {"linewidth": 2})
        right.text(2.1, table.evidence[0] + 0.03, "evidence −0.453", color=TRUTH.color, ha="right")
        bar = {"width": 0.8, "edgecolor": "white"}
        return fig, {
            "posterior": left.plot([], [], **TRUTH.line)[0],
            "q": left.plot([], [], **Q.line)[0],
            "prior": left.plot([], [], **PRIOR.line | {"linewidth": 2})[0],
            "x": small.plot([], [], **DATA.dots | {"markersize": 13})[0],
            "angle": small.text(0, 0, "", ha="center", va="center"),
            "elbo": right.bar([0], [0], color=BOUND, **bar)[0],
            "kl": right.bar([0], [0], color=GAP, hatch="//", **bar)[0],
            "elbo_label": right.text(0.5, low + 0.06, ""),
            "kl_label": right.text(0.5, 0, "", color=GAP_TEXT, va="center"),
        }

    def update(degrees: int) -> dict:
        evidence, elbo, mean, scale = (column[degrees].item() for column in table)
        posterior = ring_posterior(degrees)
        peak, kl = posterior.max(), evidence - elbo
        q = Normal(mean, scale).log_prob(Z).exp() / peak
        across, up = ring_points(torch.tensor([degrees]))[0].tolist()
        return {
            "posterior": (Z, posterior / peak),
            "q": (Z, q),
            "prior": (Z, prior / peak),
            "x": ([across], [up]),
            "angle": f"x at\n{degrees}°",
            "elbo": (-0.4, low, 0.8, elbo - low),
            "kl": (-0.4, elbo, 0.8, kl),
            "elbo_label": f"ELBO {elbo:.3f}".replace("-", "−"),
            "kl_label": (0.5, min(evidence - kl / 2, evidence - 0.06), f"KL {kl:.3f}"),
            "alt": f"x at {degrees} degrees from the seam. Evidence {evidence:.3f} = ELBO {elbo:.3f} + "
            f"KL {kl:.3f} nats. The best Gaussian has mean {mean:.2f}, scale {scale:.2f}; it covers "
            "one mode of the exact posterior.",
        }

    slider = widgets.IntSlider(value=10, min=0, max=360, description="angle of x (degrees)")
    return Explorer(scene, update, {"degrees": slider}, [{"degrees": d} for d in (180, 20, 0)])


# Explorer 2: by hand


def predict_by_hand() -> Prediction:
    """Ask whether luck can lift the ELBO over the evidence, then try."""
    question = "You choose mean and width of q freely. With a very lucky choice the ELBO gets …"
    options = [
        Option(
            "above the evidence, if q sits on the peak",
            False,
            "A q on the peak pays with log q: narrow densities are high.",
        ),
        Option(
            "up to the evidence, for every x",
            False,
            "Only if the posterior is a Gaussian itself. On this ring it never quite is.",
        ),
        Option(
            "never quite up to the evidence",
            True,
            "ELBO = evidence − KL(q‖posterior), and that KL is above 0 for every Gaussian here.",
        ),
    ]
    return predict(question, options, explore_by_hand())


def explore_by_hand() -> Explorer:
    """One data point, your q, and the line its ELBO cannot cross."""
    means, table = torch.linspace(-3.5, 3.5, 141, dtype=torch.float64), ring_table()

    def scene():
        fig, (left, right) = style.subplots(2)
        left.set(xlim=(-4, 4), ylim=(0, 2.6), yticks=[], xlabel="latent z")
        left.set(ylabel="density, rescaled", title="Your q (dashed)")
        right.set(xlim=(-3.5, 3.5), ylim=(-6, 0.6), xlabel="mean of q", ylabel="nats")
        right.set_title("The ELBO stays below")
        right.axhline(table.evidence[0], **TRUTH.line)
        right.text(-3.4, -0.3, "evidence −0.453", color=TRUTH.color)
        return fig, {
            "posterior": left.plot([], [], **TRUTH.line)[0],
            "q": left.plot([], [], **Q.line)[0],
            "slice": right.plot([], [], **Q.line | {"linewidth": 2})[0],
            "here": right.plot([], [], "D", color=Q.color, markersize=12)[0],
            "numbers": left.text(-3.9, 2.3, ""),
        }

    def update(mean: float, scale: float, degrees: int) -> dict:
        posterior = ring_posterior(degrees)
        q = Normal(torch.tensor([[mean]]).double(), torch.tensor([[scale]]).double())
        x = ring_points(torch.tensor([degrees]))
        row = torch.stack([means, torch.full_like(means, 2 * log(scale))], 1)
        row = torch.cat([row, torch.tensor([[mean, 2 * log(scale)]]).double()])
        elbo = vem.exact_elbo(x.expand(len(row), 2), vem.gaussian(row, 1), RING, 60)
        here, best = elbo[-1].item(), table.elbo[degrees].item()
        gap = table.evidence[degrees].item() - here
        height = q.log_prob(Z[:, None]).exp()[:, 0] / posterior.max()
        return {
            "posterior": (Z, posterior / posterior.max()),
            "q": (Z, height.clamp(max=10)),
            "slice": (means, elbo[:-1].clamp(min=-50)),
            "here": ([mean], [max(here, -5.9)]),
            "numbers": f"ELBO {here:.3f}, gap {gap:.3f}".replace("-", "−"),
            "alt": f"x at {degrees} degrees. Your q has mean {mean:.2f} and scale {scale:.3f}: ELBO "
            f"{here:.3f}, {gap:.3f} nats below the evidence {table.evidence[degrees]:.3f}. The best "
            f"Gaussian reaches {best:.3f}.",
        }

    controls = {
        "mean": widgets.FloatSlider(value=-2.6, min=-3, max=3, step=0.05, description="mean of q"),
        "scale": widgets.FloatLogSlider(
            value=10**-0.3, min=-1.6, max=0.3, step=0.05, description="scale of q"
        ),
        "degrees": widgets.IntSlider(
            value=5, min=0, max=180, step=5, description="angle of x (degrees)"
        ),
    }
    strip = [
        {"mean": -2.15, "scale": 0.25, "degrees": 5},
        {"mean": 2.3, "scale": 0.25, "degrees": 5},
        {"mean": 0.0, "scale": 0.04, "degrees": 180},
    ]
    return Explorer(scene, update, controls, strip)


# Explorer 3: mean field


def predict_mean_field() -> Prediction:
    """Ask for the variances of the best factorised q, then move the correlation."""
    question = (
        "The posterior is a Gaussian with variances 1 and correlation 0.9. The best q that treats "
        "the two latents as independent has variances …"
    )
    options = [
        Option("1: each marginal can be matched", False, "That is the minimum of KL(p‖q)."),
        Option(
            "0.19",
            True,
            "1 − ρ², the variance of one latent when the other is known: q must not put mass where "
            "the narrow posterior has none.",
        ),
        Option("above 1, to cover everything", False, "KL(q‖p) punishes mass where p has none."),
    ]
    return predict(question, options, explore_mean_field())


def explore_mean_field() -> Explorer:
    """The best q for a correlated Gaussian, factorised or with full covariance."""
    grid, turn = np.linspace(0, 0.98, 99), np.linspace(0, 2 * pi, 200)
    circle = np.stack([np.cos(turn), np.sin(turn)])

    def scene():
        fig, (left, right) = style.subplots(2)
        left.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal", xlabel="$z_1$")
        left.set(ylabel="$z_2$", title="Two standard deviations")
        right.set(xlim=(0, 1), ylim=(0, 1.8), xlabel="correlation ρ")
        right.set_title("Mean field's price")
        right.plot(grid, -np.log(1 - grid**2) / 2, color=GAP_TEXT, linewidth=3)
        right.plot(grid, 1 - grid**2, **Q.line)
        right.text(0.66, 1.5, "KL, nats", color=GAP_TEXT, ha="right")
        right.text(0.05, 1.06, "variance of q", color=Q.color)
        return fig, {
            "truth": left.plot([], [], **TRUTH.line)[0],
            "q": left.plot([], [], **Q.line)[0],
            "kl": right.plot([], [], "o", color=GAP_TEXT, markersize=12, clip_on=False)[0],
            "variance": right.plot([], [], "D", color=Q.color, markersize=12, clip_on=False)[0],
            "numbers": right.text(0.03, 1.66, ""),
        }

    def update(rho: float, family: str) -> dict:
        free = family == "full covariance"
        root = np.linalg.cholesky([[1, rho], [rho, 1]])
        variance = 1.0 if free else 1 - rho**2
        kl = 0.0 if free else -np.log(1 - rho**2) / 2
        outline = 2 * root @ circle
        return {
            "truth": tuple(outline),
            "q": tuple(outline if free else 2 * variance**0.5 * circle),
            "kl": ([rho], [kl]),
            "variance": ([rho], [variance]),
            "numbers": f"var {variance:.2f}, KL {abs(kl):.2f}",
            "alt": f"A Gaussian posterior with variances 1 and correlation {rho:.2f}. The best q with "
            f"{family} has variances {variance:.3f} and lies {abs(kl):.3f} nats away.",
        }

    controls = {
        "rho": widgets.FloatSlider(
            value=0.9, min=0, max=0.97, step=0.01, description="correlation"
        ),
        "family": widgets.Dropdown(
            options=["mean field", "full covariance"], description="family of q"
        ),
    }
    strip = [{"rho": r, "family": "mean field"} for r in (0.0, 0.6, 0.95)]
    return Explorer(scene, update, controls, strip)


# Explorer 4: epoch by epoch


class Snapshot(NamedTuple):
    """One moment of a training on the arc; a bar for every 60th of the first 1800 points."""

    epoch: int
    curve: Tensor  # the decoder at -2.5, ..., 2.5: (101, 2)
    mean: Tensor  # of every q_n: (N,)
    evidence: Tensor  # of the points with a bar, (30,)
    elbo: Tensor


BARS = torch.arange(0, 1800, 60)


def look(epoch: int, model: deep.Model, q: vem.Local, x: Tensor) -> Snapshot:
    """What the explorer needs of this moment, exact to quadrature."""
    with torch.no_grad():
        curve = model(torch.linspace(-2.5, 2.5, 101)[:, None]).mean
        some = vem.gaussian(q.rows[BARS], 1)
        elbo = vem.exact_elbo(x[BARS], some, model)
        return Snapshot(
            epoch, curve, q().mean[:, 0].clone(), deep.log_evidence(x[BARS], model), elbo
        )


def explore_epochs(x: Tensor, snapshots: list[Snapshot]) -> Explorer:
    """Decoder, codes and gap bars as variational EM goes on."""
    order = torch.atan2(x[BARS, 1], x[BARS, 0]).argsort()
    edges, shown = torch.linspace(-1.6, 1.6, 7), x[:400]
    colors = mpl.colormaps["viridis"](np.linspace(0, 0.95, 8))
    high = 0.8  # nats; longer bars are cut

    def scene():
        fig, (left, right) = style.subplots(2)
        left.set(xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), aspect="equal", xlabel="$x_1$")
        left.set(ylabel="$x_2$", title="Points, coloured by $\\mu_n$")
        right.set(
            xlim=(-1, len(BARS)), ylim=(0, high * 1.5), xticks=[], ylabel="gap, nats (cut at 0.8)"
        )
        right.set(xlabel="30 points, along the arc", title="Each owns a gap bar")
        dots = {"linestyle": "none", "marker": "o", "markersize": 5}
        codes = [left.plot([], [], color=color, **dots)[0] for color in colors]
        halo = {"path_effects": [withStroke(linewidth=9, foreground="white")]}  # over the dots
        return fig, {f"code_{k}": line for k, line in enumerate(codes)} | {
            "decoder": left.plot([], [], **MODEL.line | {"linewidth": 5} | halo)[0],
            "gaps": right.add_collection(
                mpl.collections.LineCollection([], colors=GAP, linewidths=8)
            ),
            "evidence": right.text(-0.6, high * 1.39, "", color=TRUTH.color),
            "elbo": right.text(-0.6, high * 1.27, "", color=Q.color),
            "epoch": left.text(-1.6, 1.6, "", va="top"),
            "gap": right.text(-0.6, high * 1.15, "", color=GAP_TEXT),
        }

    def update(step: int) -> dict:
        s = snapshots[step]
        bin_of = torch.bucketize(s.mean[: len(shown)], edges)
        evidence, elbo = s.evidence[order], s.elbo[order].double()
        gap = evidence - elbo
        bars = [[(n, 0), (n, min(height, high))] for n, height in enumerate(gap.tolist())]
        return {f"code_{k}": tuple(shown[bin_of == k].T) for k in range(8)} | {
            "decoder": tuple(s.curve.T),
            "gaps": bars,
            "evidence": f"evidence {evidence.mean():.3f}".replace("-", "−"),
            "elbo": f"ELBO {elbo.mean():.3f}".replace("-", "−"),
            "epoch": f"epoch {s.epoch}",
            "gap": f"gap {gap.mean():.3f}, on average",
            "alt": f"After {s.epoch} epochs, of 30 data points the mean evidence is "
            f"{evidence.mean():.3f}, the mean ELBO {elbo.mean():.3f} and the mean gap "
            f"{gap.mean():.3f} nats; the largest is {gap.max():.3f}.",
        }

    last = len(snapshots) - 1
    slider = widgets.IntSlider(
        value=last, min=0, max=last, description=f"snapshot, one every {snapshots[1].epoch} epochs"
    )
    return Explorer(
        scene, update, {"step": slider}, [{"step": s} for s in (0, last // 4, last // 2)]
    )


# The M-step of a curve's noise


def mean_misfit(x: Tensor, q: Distribution, model: deep.Curve) -> float:
    """The best noise variance for these q_n: E_q ||x_n - g(z)||^2 per dimension, on average."""
    with torch.no_grad():
        misfit = exact.expectation(lambda z: (x - model.point(z)).square().sum(-1), q, 20)
    return misfit.mean().item() / x.shape[1]


# Figures


def plot_naive(num_samples: list[int], estimates: Tensor, evidence: float) -> Picture:
    """Mean log of the prior-sample average, for growing S, under the truth. estimates: (R, len)."""
    fig, ax = style.subplots()
    middle, spread = estimates.mean(0), estimates.std(0)
    ax.axhline(evidence, **TRUTH.line)
    ax.text(num_samples[-1], evidence + 0.5, "exact", color=TRUTH.color, ha="right", va="bottom")
    ax.errorbar(num_samples, middle, 2 * spread, **Q.line | {"marker": "D"}, capsize=6)
    ax.set(xscale="log", xlabel="samples S from the prior", ylabel="nats per image")
    ax.set(ylim=(estimates.min().item() - 2, evidence + 4), title="Prior samples: low, and slow")
    ax.text(
        0.99, 0.05, f"bars: ± 2 sd of {len(estimates)} runs", transform=ax.transAxes, ha="right"
    )
    pairs = [f"{m:.2f} at S = {s}" for m, s in zip(middle.tolist(), num_samples, strict=True)]
    return figure(
        fig,
        alt=f"Log of the average over prior samples, mean over test images: {', '.join(pairs)}; the exact "
        f"log evidence is {evidence:.2f} nats. The bars are two standard deviations over repetitions.",
    )


def plot_two_latents(
    k: int,
    posterior: Tensor,
    axis: Tensor,
    diagonal: Independent,
    full: MultivariateNormal,
    gaps: Tensor,
) -> Picture:
    """Image k's posterior (G, G) on axis x axis, the best q of both families, all gaps (2, N)."""
    fig, (left, right) = style.subplots(2)
    levels = posterior.max() * torch.tensor([0.03, 0.15, 0.4, 0.8])
    left.contour(axis, axis, posterior.T, levels=levels.tolist(), colors=TRUTH.color)
    turn = torch.linspace(0, 2 * pi, 200, dtype=torch.float64)
    circle = torch.stack([turn.cos(), turn.sin()])
    outlines = []
    roots = torch.diag_embed(diagonal.stddev[k]), full.scale_tril[k]
    looks = {"color": DATA.color, "linestyle": ":", "linewidth": 3}, Q.line
    for mean, root, look_of in zip((diagonal.mean[k], full.mean[k]), roots, looks, strict=True):
        outlines.append(mean[:, None] + 2 * root @ circle)
        left.plot(*outlines[-1], **look_of)
    reach = torch.cat(outlines, 1)
    half = 1.1 * (reach.amax(1) - reach.amin(1)).max().item()
    across, up = reach.mean(1).tolist()
    left.set(xlim=(across - half, across + half), ylim=(up - half, up + half))
    left.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
    left.set_title("One image's posterior")
    left.text(0.03, 0.03, "dotted: diagonal\ndashed: full", transform=left.transAxes)
    places, (wide, narrow) = range(gaps.shape[1]), gaps[:, gaps[0].argsort()].tolist()
    right.bar(places, wide, color=DATA.color, alpha=0.35)
    right.bar(places, narrow, color=GAP, hatch="//")
    top = max(wide)
    right.text(0, top * 0.92, "diagonal (grey)", color=DATA.color)
    right.text(0, top * 0.82, "full covariance", color=GAP_TEXT)
    right.set(xticks=[], xlabel=f"{gaps.shape[1]} test images", ylabel="gap, nats")
    right.set_title("A gap bar each")
    return figure(
        fig,
        alt="Left, contours of an image's exact posterior, tilted, with the best axis-aligned and the best "
        f"tilted Gaussian. Right, the gaps of {gaps.shape[1]} images: {gaps[0].mean():.3f} nats on average "
        f"with diagonal, {gaps[1].mean():.3f} with full covariance.",
    )


def plot_completions(
    image: Tensor, seen: Tensor, exact_fill: Tensor, fills: Tensor, gaps: list[float]
) -> Picture:
    """A binary digit, its visible half, and the hidden half filled in: exactly, by mean field."""
    pictures = [image, torch.where(seen, image, 0.5)]
    for fill in (exact_fill, *fills):
        whole = image.clone()
        whole[~seen] = fill
        pictures.append(whole)
    fig, ax = style.subplots(height=3.2)
    ax.imshow(1 - mosaic(torch.stack(pictures)), cmap="gray", vmin=0, vmax=1)
    names = ["image", "visible", "exact", "start A", "start B"]
    notes = ["", "", "gap 0", *(f"gap {gap:.2f}" for gap in gaps)]
    for n, (name, note) in enumerate(zip(names, notes, strict=True)):
        ax.text(10 * n + 3.5, 9.5, f"{name}\n{note}", ha="center", va="top")
    ax.set_title("The mixture keeps both answers, mean field one")
    ax.set_axis_off()
    return figure(
        fig,
        alt="A digit, its lower half, and its upper half filled in by the exact posterior mean and by mean "
        f"field from two starts, whose ELBOs lie {gaps[0]:.3f} and {gaps[1]:.3f} nats below the evidence.",
    )


def plot_ranking(names: list[str], evidence: Tensor, elbo: Tensor) -> Picture:
    """Three models by evidence and by the best bound."""
    fig, ax = style.subplots(height=3.6)
    places = np.arange(len(names))[::-1]
    ax.hlines(places, elbo, evidence, colors=GAP, linewidth=14)
    ax.plot(evidence, places, "s", color=TRUTH.color, markersize=13)
    ax.plot(elbo, places, "D", color=Q.color, markersize=12)
    ax.set_yticks(places, names)
    ax.text(evidence[0], 0.45 + places[0], "evidence", color=TRUTH.color, ha="center")
    ax.text(elbo[0], 0.45 + places[0], "best ELBO", color=Q.color, ha="center")
    ax.set(xlabel="nats per point", ylim=(-0.5, len(names) - 0.1))
    ax.set_xlim(elbo.min().item() - 0.1, evidence.max().item() + 0.1)
    ax.locator_params("x", nbins=5)
    ax.set_title("Best evidence, worst bound")
    rows = zip(names, evidence.tolist(), elbo.tolist(), strict=True)
    text = "; ".join(f"{name}: evidence {e:.3f}, best ELBO {b:.3f}" for name, e, b in rows)
    return figure(fig, alt=f"In nats per point, {text}.")


# Exercises


def log_evidence(log_joint: Tensor, spacing: float) -> Tensor:
    """log p(x_n) (N,) from log p(x_n, z_g) (N, G) on equally spaced z_g."""
    return log_joint.logsumexp(1) + log(spacing)


def kl_on_grid(log_q: Tensor, log_joint: Tensor, spacing: float) -> Tensor:
    """KL(q_n || p(z | x_n)) (N,) from log q_n(z_g) and log p(x_n, z_g), both (N, G)."""
    q = log_q.exp()
    elbo = (q * (log_joint - log_q)).sum(1) * spacing
    return log_evidence(log_joint, spacing) - elbo


def mean_field_variances(covariance: Tensor) -> Tensor:
    """Variances (H,) of the best factorised q for a posterior N(m, covariance)."""
    return 1 / torch.linalg.inv(covariance).diagonal()


def local_elbo(
    log_likelihood: Callable[[Tensor], Tensor], mu: Tensor, sigma: Tensor, eps: Tensor
) -> Tensor:
    """L_n (N,) of q_n = N(mu_n, diag sigma_n^2), prior N(0, I), from the noise eps (S, N, H)."""
    z = mu + sigma * eps
    kl = (mu.square() + sigma.square() - 1 - 2 * sigma.log()).sum(1) / 2
    return log_likelihood(z).mean(0) - kl


def mean_field_sweep(log_joint: Tensor, means: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """New q(k) (N, C) and hidden pixels (N, M): log_joint = log p(x_seen, k), means (C, M)."""
    on, off = means.log(), (1 - means).log()
    pixels = torch.sigmoid(q @ (on - off))
    score = log_joint + pixels @ on.T + (1 - pixels) @ off.T
    return score.softmax(1), pixels


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _table(spacing: float, seed: int) -> Tensor:
    """log p(x_n, z_g) of three points on a grid from -8 to 8: two-humped, gone at the ends."""
    z = torch.arange(-8, 8 + spacing / 2, spacing, dtype=torch.float64)
    x = _random(3, 1, seed=seed)
    return -(x - (2 * z).sin()).square() / 0.1 - z.square() / 2 - 1.5


def _gaussians(spacing: float, seed: int) -> Tensor:
    """log q_n(z_g) on the grid of `_table`."""
    z = torch.arange(-8, 8 + spacing / 2, spacing, dtype=torch.float64)
    return Normal(_random(3, 1, seed=seed), 0.6).log_prob(z)


Exercise(
    "05.1",
    log_evidence,
    cases=[(_table(0.05, 0), 0.05), (_table(0.1, 1), 0.1)],
    mistakes=[
        Mistake(
            lambda log_joint, spacing: log_joint.logsumexp(1),
            "That is the log of a sum of densities. An integral has a width too: the spacing.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.logsumexp(1) + spacing,
            "The sum is <i>multiplied</i> by the spacing; on logarithms, add its <i>logarithm</i>.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.logsumexp(1) * spacing,
            "You multiplied the logarithm by the spacing. It multiplies the sum, before the log.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.logsumexp(1) - log(log_joint.shape[1]),
            "That is the log of the <i>average</i> over the grid, as if z were uniform on it.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.exp().sum(1) * spacing,
            "That is p(x). The measure of this course is its logarithm, in nats.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.sum(1) * spacing,
            "You integrated the logarithm. Integrate the density: exp inside, log outside.",
        ),
    ],
    nudge="The integral is about the sum of p(x, z) at the nodes times their spacing. Take the log last.",
    formula="$$\\log p(x_n) \\approx \\log\\sum_g p(x_n, z_g) + \\log\\Delta z$$ "
    "<code>logsumexp</code> is the log of a sum of exponentials.",
    tolerance=1e-4,
)

Exercise(
    "05.2",
    kl_on_grid,
    cases=[
        (_gaussians(0.05, 2), _table(0.05, 0), 0.05),
        (_gaussians(0.1, 3), _table(0.1, 1), 0.1),
    ],
    mistakes=[
        Mistake(
            lambda log_q, log_joint, spacing: (log_q.exp() * (log_q - log_joint)).sum(1) * spacing,
            "That is −ELBO: log p(x, z) is not log p(z | x). The log evidence is missing.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                (log_q.exp() * (log_joint - log_q)).sum(1) * spacing
                - log_evidence(log_joint, spacing)
            ),
            "The sign is turned: a KL is never negative.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                log_evidence(log_joint, spacing) - (log_q.exp() * log_joint).sum(1) * spacing
            ),
            "The entropy of q is missing: the bound has − log q inside the expectation, too.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                log_joint.softmax(1) * (log_joint.log_softmax(1) - log(spacing) - log_q)
            ).sum(1),
            "That is KL(posterior‖q). Here the expectation is under q.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                log_evidence(log_joint, spacing) - (log_q.exp() * (log_joint - log_q)).sum(1)
            ),
            "The expectation under q is an integral: it needs the spacing.",
        ),
        Mistake(
            lambda log_q, log_joint, spacing: (
                (log_q.exp() * (log_q - log_joint.log_softmax(1))).sum(1) * spacing
            ),
            "Your posterior sums to 1 over the grid; as a density it must <i>integrate</i> to 1. "
            "Divide by p(x), spacing included.",
        ),
    ],
    nudge="log p(z | x) = log p(x, z) − log p(x), and log p(x) is exercise 05.1.",
    formula="$$\\mathrm{KL} = \\log p(x) - \\Delta z\\sum_g q(z_g)\\,[\\log p(x, z_g) - \\log q(z_g)]$$",
)


def _covariance(size: int, seed: int) -> Tensor:
    root = _random(size, size, seed=seed)
    return root @ root.T + 0.2 * torch.eye(size, dtype=torch.float64)


Exercise(
    "05.3",
    mean_field_variances,
    cases=[(_covariance(2, 4),), (_covariance(4, 5),)],
    mistakes=[
        Mistake(
            lambda covariance: covariance.diagonal(),
            "These are the marginal variances, the best for KL(p‖q). KL(q‖p) wants less.",
        ),
        Mistake(
            lambda covariance: torch.linalg.inv(covariance).diagonal(),
            "These are precisions, 1/s². Turn them over.",
        ),
        Mistake(
            lambda covariance: 1 / covariance.diagonal(),
            "You inverted entry by entry. Λ is the inverse of the whole matrix.",
        ),
        Mistake(
            lambda covariance: torch.linalg.inv(covariance).diagonal().rsqrt(),
            "These are standard deviations; variances were asked for.",
        ),
    ],
    nudge="Precisions, not variances, sit in the exponent: look at the diagonal of the inverse.",
    formula="$$s_i^2 = 1/\\Lambda_{ii}, \\qquad \\Lambda = \\Sigma^{-1}$$",
)


def _likelihood(z: Tensor) -> Tensor:
    """Some log p(x_n | z): (S, N, H) -> (S, N)."""
    return -(z.sin().sum(-1) - 0.3).square() - 0.2 * z.square().sum(-1) - 1.0


def _local_variant(
    kl: float = 1.0,
    width: float = 1.0,
    variance: float = 2.0,
    entropy: float = 2.0,
    mean: bool = False,
    average: bool = True,
):
    """local_elbo with one thing done differently."""

    def answer(log_likelihood, mu: Tensor, sigma: Tensor, eps: Tensor) -> Tensor:
        terms = mu.square() + sigma**variance - 1 - entropy * sigma.log()
        divergence = (terms.mean(1) if mean else terms.sum(1)) / 2
        fits = log_likelihood(mu + sigma**width * eps)
        return (fits.mean(0) if average else fits.sum(0)) - kl * divergence

    return answer


Exercise(
    "05.4",
    local_elbo,
    cases=[
        (_likelihood, _random(4, 2, seed=6), _random(4, 2, seed=7).exp(), _random(3, 4, 2, seed=8)),
        (_likelihood, _random(5, 3), _random(5, 3, seed=1).exp(), _random(8, 5, 3, seed=2)),
    ],
    mistakes=[
        Mistake(_local_variant(kl=-1.0), "The KL is subtracted: straying from the prior costs."),
        Mistake(_local_variant(kl=0.0), "The KL to the prior is missing."),
        Mistake(
            _local_variant(width=2.0),
            "z = μ + σ²ε has the wrong width. The noise is stretched by the scale σ.",
        ),
        Mistake(
            _local_variant(variance=1.0),
            "In the KL stands the variance σ²; you put the scale σ.",
        ),
        Mistake(
            _local_variant(entropy=1.0),
            "The KL contains log σ², which is 2 log σ.",
        ),
        Mistake(
            _local_variant(entropy=0.0),
            "The entropy of q is missing: without −log σ² in the KL, q would shrink to a point.",
        ),
        Mistake(
            _local_variant(mean=True),
            "You averaged the KL over dimensions. Sum: else it weighs H times too little.",
        ),
        Mistake(
            lambda log_likelihood, mu, sigma, eps: (
                log_likelihood(mu + sigma * eps)
                + Normal(0.0, 1.0).log_prob(mu + sigma * eps).sum(-1)
                - Normal(mu, sigma).log_prob(mu + sigma * eps).sum(-1)
            ).mean(0),
            "Unbiased, but you sampled the KL as well. It has a formula: use it, and its noise is gone.",
        ),
        Mistake(_local_variant(kl=2.0), "The KL has a factor ½ in front."),
        Mistake(_local_variant(average=False), "Average over the S samples; you summed."),
        Mistake(
            lambda log_likelihood, mu, sigma, eps: local_elbo(
                log_likelihood, mu, sigma, eps
            ).mean(),
            "Return one bound per data point; the mean is taken later, in sight.",
        ),
    ],
    nudge="Three lines: move the noise to z; average the log-likelihood; subtract the KL of lesson 03 "
    "with a diagonal covariance.",
    formula="$$\\mathcal L_n \\approx \\frac1S\\sum_s\\log p(x_n\\mid z^{(s)}) - \\tfrac12\\sum_h\\big["
    "\\mu_h^2 + \\sigma_h^2 - 1 - \\log\\sigma_h^2\\big]$$",
)


def _sweep_variant(blend: bool = False, off_counts: bool = True, prior: bool = True, dim: int = 1):
    """mean_field_sweep with one thing done differently."""

    def answer(log_joint: Tensor, means: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        on, off = means.log(), (1 - means).log()
        pixels = q @ means if blend else torch.sigmoid(q @ (on - off))
        score = pixels @ on.T + ((1 - pixels) @ off.T if off_counts else 0.0)
        return (score + log_joint if prior else score).softmax(dim), pixels

    return answer


def _log_of_expectation(log_joint: Tensor, means: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    pixels = torch.sigmoid(q @ means.logit())
    expected = pixels[:, None] * means + (1 - pixels[:, None]) * (1 - means)
    return (log_joint + expected.log().sum(2)).softmax(1), pixels


Exercise(
    "05.5",
    mean_field_sweep,
    cases=[
        (
            _random(4, 3) - 5,
            _random(3, 6, seed=1).sigmoid(),
            _random(4, 3, seed=2).softmax(1),
        ),
        (
            _random(2, 5, seed=3) - 9,
            _random(5, 4, seed=4).sigmoid(),
            _random(2, 5, seed=5).softmax(1),
        ),
    ],
    mistakes=[
        Mistake(
            _sweep_variant(blend=True),
            "You averaged the probabilities over k. exp E[log …] averages their <i>logits</i>.",
        ),
        Mistake(
            _sweep_variant(off_counts=False),
            "A pixel that is off is evidence too: add (1 − τ) log(1 − p).",
        ),
        Mistake(
            _sweep_variant(prior=False),
            "log p(x_seen, k) is missing from the score: it holds the visible half and the weights.",
        ),
        Mistake(
            _sweep_variant(dim=0),
            "Normalise over components, dim 1; you did it over images.",
        ),
        Mistake(
            _log_of_expectation,
            "That is log E[p]. The best factor is exp E[log p]: the logarithm is taken inside.",
        ),
        Mistake(
            lambda log_joint, means, q: (log_joint.softmax(1), torch.sigmoid(q @ means.logit())),
            "That q(k) is the exact posterior; mean field must also answer for its own pixels.",
        ),
    ],
    nudge="Pixels first, from the q(k) you were given: a sigmoid of an average of logits. Then k.",
    formula="$$\\operatorname{logit}\\tau_d = \\sum_k q(k)\\operatorname{logit}p_{kd}, \\qquad "
    "q(k) \\propto p(x_{\\text{seen}}, k)\\exp\\sum_d\\big[\\tau_d\\log p_{kd} + "
    "(1-\\tau_d)\\log(1-p_{kd})\\big]$$",
)
