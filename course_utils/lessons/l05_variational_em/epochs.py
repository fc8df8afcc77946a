"""7, watch it happen: decoder, codes and gaps, epoch by epoch."""

from typing import NamedTuple

import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
import torch
from matplotlib.patheffects import withStroke
from torch import Tensor

from course_utils import deep, vem
from course_utils.kit import Explorer, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction
from course_utils.lessons.l05_variational_em.colors import BOUND, DATA, GAP, MODEL, TRUTH

BARS = torch.arange(0, 1800, 60)


class Snapshot(NamedTuple):
    """One moment of a training on the arc; a bar for every 60th of the first 1800 points."""

    epoch: int
    curve: Tensor  # the decoder at -2.5, ..., 2.5: (101, 2)
    mean: Tensor  # of every q_n: (N,)
    evidence: Tensor  # of the points with a bar, (30,)
    elbo: Tensor


def look(epoch: int, model: deep.Model, q: vem.Local, x: Tensor) -> Snapshot:
    """What the explorer needs of this moment, exact to quadrature."""
    with torch.no_grad():
        curve = model(torch.linspace(-2.5, 2.5, 101)[:, None]).mean
        some = vem.gaussian(q.rows[BARS], 1)
        elbo = vem.exact_elbo(x[BARS], some, model)
        return Snapshot(
            epoch, curve, q().mean[:, 0].clone(), deep.log_evidence(x[BARS], model), elbo
        )


def predict_epochs(x: Tensor, snapshots: list[Snapshot]) -> Prediction:
    """Ask for the gaps before anything is learned, then watch them."""
    question = (
        "Epoch 0: the decoder's weights are small random numbers, every q is N(0, 1). How large "
        "are the gaps log p(x) − ELBO of the data points?"
    )
    options = [
        Option(
            "large: nothing has been learned yet",
            False,
            "The evidence is poor, and the bound is just as poor. The gap is the difference.",
        ),
        Option(
            "nearly 0",
            True,
            "This decoder hardly looks at z, so the posterior is nearly the prior, and q is the prior.",
        ),
        Option("below 0: q is not fitted", False, "A KL is never below 0, fitted or not."),
    ]
    return predict(question, options, explore_epochs(x, snapshots))


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
                mpl.collections.LineCollection([], colors=GAP.tint, linewidths=8)
            ),
            "evidence": right.text(-0.6, high * 1.39, "", color=TRUTH.ink),
            "elbo": right.text(-0.6, high * 1.27, "", color=BOUND.ink),
            "epoch": left.text(-1.6, 1.6, "", va="top"),
            "gap": right.text(-0.6, high * 1.15, "", color=GAP.ink),
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
        value=0, min=0, max=last, description=f"snapshot, one every {snapshots[1].epoch} epochs"
    )
    return Explorer(
        scene, update, {"step": slider}, [{"step": s} for s in (last // 4, last // 2, last)]
    )


def poll_data_size() -> Poll:
    """What ten times the data do at the same number of steps."""
    return Poll(
        "Two trainings, 600 gradient steps of 100 points each: one draws from N = 300 points, one "
        "from N = 3000. On new points, the evidence of the model that saw 3000 is …",
        [
            Option("higher: more data, less overfitting", False, "True of two finished trainings."),
            Option(
                "about the same: the gradients are unbiased, and as many",
                False,
                "Of θ, yes. But count the steps that one λₙ takes.",
            ),
            Option(
                "lower",
                True,
                "Each λₙ moves once an epoch: 200 times at N = 300, 20 times at N = 3000. The "
                "decoder learns from codes that have hardly left the prior.",
            ),
        ],
    )


def plot_data_size(
    models: dict[int, deep.Model], evidences: dict[int, float], x: Tensor
) -> Picture:
    """The decoder's curve that each number of data points led to; x: some points that neither saw."""
    fig, panels = style.subplots(len(models), height=4.0)
    said = []
    for panel, (size, model) in zip(panels, models.items(), strict=True):
        with torch.no_grad():
            curve = model(torch.linspace(-2.5, 2.5, 101)[:, None]).mean
        panel.plot(*x.T, **DATA.dots | {"color": style.PALE, "markersize": 4})
        panel.plot(*curve.T, **MODEL.line | {"linewidth": 5})
        value = f"{evidences[size]:.2f}".replace("-", "−")
        panel.text(-1.6, 1.62, f"test evidence {value}", color=TRUTH.ink, va="top")
        panel.set(xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), aspect="equal", xlabel="$x_1$")
        panel.set_title(f"$N$ = {size}")
        said.append(f"{value} nats per test point with {size} data points")
    panels[0].set_ylabel("$x_2$")
    return figure(
        fig,
        alt="Decoder curves over points of the arc, after as many steps each; with more data points it "
        f"follows the arc less far. Evidence: {', '.join(said)}.",
    )
