"""9 · What the score does not say: outside the data, and with few points."""

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor, nn

from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l00_neural_regression.drawing import (
    DATA,
    MODEL,
    NOISE,
    TRUTH,
    draw_sine,
    signed,
)


def predict_beyond(decoders: list[nn.Module], z: Tensor, x: Tensor) -> Prediction:
    """Ask what a ReLU network says where it has seen nothing, then look."""
    question = (
        "All z lie between −3.6 and 3.4. What does a trained ReLU network say further out, "
        "towards z = 10?"
    )
    options = [
        Option("It continues the sine", False, "Nothing in the loss ever asked it to."),
        Option("It falls back to 0", False, "Nothing pulls it there: each unit goes on as before."),
        Option(
            "It stays at its last value",
            False,
            "tanh or sigmoid units would level off; a ReLU unit that is on keeps rising.",
        ),
        Option(
            "It runs off in straight lines",
            True,
            "A sum of 20 functions with one bend each: beyond the last bend it is a straight line.",
        ),
    ]
    return predict(question, options, explore_beyond(decoders, z, x))


def explore_beyond(decoders: list[nn.Module], z: Tensor, x: Tensor) -> Explorer:
    """The same network from several random starts, inside and outside the data."""
    grid = torch.linspace(-10, 10, 401)[:, None]
    with torch.no_grad():
        fits = torch.cat([decoder(grid) for decoder in decoders], 1).T  # (starts, G)
    inside = (grid[:, 0].abs() < 2).nonzero()[:, 0]
    spread_inside = (fits[:, inside].amax(0) - fits[:, inside].amin(0)).max().item()
    spread_end = (fits[:, -1].max() - fits[:, -1].min()).item()

    def scene():
        fig, ax = style.subplots()
        draw_sine(ax, z, x, reach=10)
        ax.plot(grid, fits.T, color=MODEL.color, linewidth=1.5, linestyle=":", zorder=3)
        ax.text(7.85, 1.15, "$\\sin z$", color=TRUTH.ink, ha="center")
        ax.set(ylim=(-6, 6), title="Six random starts")
        return fig, {
            "fit": ax.plot([], [], **MODEL.line | {"linestyle": "-"}, zorder=4)[0],
            "end": ax.plot([], [], "s", color=MODEL.color, markersize=12, zorder=5)[0],
            "label": ax.text(9.7, 5.6, "", color=MODEL.ink, ha="right", va="top"),
        }

    def update(start: int) -> dict:
        fit = fits[start - 1]
        return {
            "fit": (grid[:, 0], fit),
            "end": ([10], [fit[-1]]),
            "label": f"start {start}: $g(10)$ = {signed(fit[-1].item(), 1)} (dotted: the others)",
            "alt": f"The network trained from random start {start} of {len(decoders)} follows the "
            f"sine where there is data and goes on in straight pieces outside: at z = 10 it says "
            f"{fit[-1]:.1f}, the sine is -0.5. For |z| < 2 the starts agree to within "
            f"{spread_inside:.2f}; at z = 10 they differ by up to {spread_end:.1f}.",
        }

    slider = widgets.IntSlider(value=1, min=1, max=len(decoders), description="random start")
    return Explorer(scene, update, {"start": slider}, [{"start": 2}, {"start": 3}])


def poll_few() -> Poll:
    """What happens to both losses with twenty points and ten thousand parameters."""
    return Poll(
        "Twenty points, a network with 10 401 parameters, 2000 steps. What do the losses do?",
        [
            Option(
                "Both stop near 0.01, the floor",
                False,
                "The floor binds a network that has not seen the noise. Training shows it the noise.",
            ),
            Option(
                "Training falls below 0.01, test falls and then rises",
                True,
                "First the sine is learnt, which helps everywhere, then the noise of 20 points.",
            ),
            Option(
                "Both fall below 0.01",
                False,
                "Noise learnt by heart does not help on new points: their noise is new.",
            ),
        ],
    )


def plot_few(
    z: Tensor, x: Tensor, decoder: nn.Module, train: list[float], test: list[float], every: int
) -> Picture:
    """A large network on few points: its fit, and both losses, taken every few steps."""
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.1])
    grid = torch.linspace(-4, 4, 801)[:, None]
    with torch.no_grad():
        fit = decoder(grid)[:, 0]
    left.plot(grid, grid.sin(), **TRUTH.line)
    left.plot(grid, fit, **MODEL.line | {"linestyle": "-", "linewidth": 2.5})
    left.plot(z, x, **DATA.dots, zorder=4)
    left.set(xlim=(-4, 4), ylim=(-2, 2), xlabel="$z$", ylabel="$x$", title="Twenty points, one fit")
    steps, floor, lowest = every * np.arange(len(test)), NOISE**2, min(test)
    right.plot(steps, train, **MODEL.line | {"linewidth": 2.5})
    right.plot(steps, test, **MODEL.line | {"linestyle": "-"})
    right.axhline(floor, **TRUTH.line)
    right.set(yscale="log", xlim=(0, steps[-1]), ylim=(4e-4, 1), xlabel="step", ylabel="MSE")
    right.set(yticks=[0.001, 0.01, 0.1, 1], yticklabels=["0.001", "0.01", "0.1", "1"])
    right.minorticks_off()
    right.text(
        0.98 * steps[-1], 1.3 * max(test[len(test) // 2 :]), "test", color=MODEL.ink, ha="right"
    )
    right.text(0.5 * steps[-1], 1e-3, "training", color=MODEL.ink, ha="center", va="top")
    right.text(
        0.98 * steps[-1],
        0.9 * floor,
        f"$\\sigma^2$ = {floor:g}",
        color=TRUTH.ink,
        ha="right",
        va="top",
    )
    right.set_title("Both losses")
    return figure(
        fig,
        alt=f"Left, a wiggling fit through {len(z)} points, away from the sine. Right, the training "
        f"loss falls to {train[-1]:.4f}, below the noise variance {floor:g}; the test loss is lowest, "
        f"{lowest:.4f}, at step {every * test.index(lowest)} and rises to {test[-1]:.4f}.",
    )


def best_and_floor(z: Tensor, share: float, sigma2: float) -> tuple[Tensor, Tensor]:
    """E[x | z] and Var(x | z) of x = ±sin z + noise, plus with probability share; z (N,)."""
    best = (2 * share - 1) * z.sin()
    return best, sigma2 + z.sin().square() - best.square()


def _best_variant(middle: float = 1.0, noise: float = 1.0, spread: float = 1.0, power: float = 1.0):
    """best_and_floor with one thing done differently."""

    def answer(z: Tensor, share: float, sigma2: float) -> tuple[Tensor, Tensor]:
        best = (2 * share - 1) * z.sin()
        inside = z.sin().square() - middle * best.square()
        return best, noise * sigma2**power + spread * inside

    return answer


Exercise(
    "00.6",
    best_and_floor,
    cases=[(normal(5), 0.75, 0.01), (normal(4, seed=1), 0.4, 0.25)],
    mistakes=[
        Mistake(
            lambda z, share, sigma2: (z.sin(), best_and_floor(z, share, sigma2)[1]),
            "The best prediction is the mean of x, not its likelier branch: weigh sin z and −sin z.",
        ),
        Mistake(
            lambda z, share, sigma2: (z.sin(), torch.full_like(z, sigma2)),
            "That is one branch and its noise. Nobody tells the network the branch: the mean of x has both, "
            "share · sin z − (1 − share) · sin z, and the coin adds to the variance.",
        ),
        Mistake(
            lambda z, share, sigma2: (z.sin(), sigma2 + 4 * (1 - share) * z.sin().square()),
            "You measure the error of the likelier branch, and rightly. But a smaller one is possible: the "
            "best predictor is the mean of x, between the branches.",
        ),
        Mistake(
            lambda z, share, sigma2: (share * z.sin(), torch.full_like(z, sigma2)),
            "The mean has both branches, share · sin z − (1 − share) · sin z, and the coin adds to the "
            "variance.",
        ),
        Mistake(
            lambda z, share, sigma2: (
                share * z.sin(),
                sigma2 + share * (1 - share) * z.sin().square(),
            ),
            "You let the coin choose between sin z and 0. The other branch is −sin z: weigh it with "
            "1 − share.",
        ),
        Mistake(
            lambda z, share, sigma2: (share * z.sin(), best_and_floor(z, share, sigma2)[1]),
            "The other branch counts, too: −sin z with probability 1 − share.",
        ),
        Mistake(
            lambda z, share, sigma2: (
                best_and_floor(z, share, sigma2)[0],
                sigma2 + share * (1 - share) * z.sin().square(),
            ),
            "The mean is right. share · (1 − share) is the variance of a coin with sides 0 and 1; its sides "
            "here, sin z and −sin z, lie 2 sin z apart, and a variance goes with the square.",
        ),
        Mistake(
            _best_variant(spread=0.0),
            "That is the noise alone. Nobody can tell the branch from z: its variance is noise, too.",
        ),
        Mistake(
            _best_variant(noise=0.0),
            "σ² is missing: the noise comes on top of the choice of the branch.",
        ),
        Mistake(
            _best_variant(middle=0.0),
            "That is E[x² | z]. A variance subtracts the squared mean.",
        ),
        Mistake(
            _best_variant(power=0.5),
            "The noise enters with its variance σ², not with its standard deviation σ.",
        ),
    ],
    nudge="Given z there are two values, ±sin z, and noise. Mean and variance of that coin, then add "
    "the variance of the noise.",
    formula="$$\\mathbb E[x\\mid z] = (2\\,\\text{share} - 1)\\sin z, \\qquad "
    "\\operatorname{Var}(x\\mid z) = \\sigma^2 + 4\\,\\text{share}\\,(1-\\text{share})\\sin^2 z$$",
)
