"""8 · Other parts, same floor: activations, optimisers and another layer."""

import math
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
import torch

# The lesson uses torch.optim itself, which loads this at its first use. Interrupted there it would
# stay half loaded, and every later optimiser fail, so it is loaded here.
import torch._dynamo
from matplotlib.collections import LineCollection
from torch import Tensor, nn
from torch.nn import functional

from course_utils.kit import Explorer, style
from course_utils.lessons.draws import seeded
from course_utils.lessons.l00_neural_regression.drawing import MODEL, NOISE, TRUTH, draw_sine

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "ReLU": torch.relu,
    "GELU": functional.gelu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}
# Rates found by trying 0.003, 0.01, 0.03, 0.1 and 0.3: good for all eight networks, and none
# close to divergence.
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "SGD, α = 0.1": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum, α = 0.1": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "RMSProp, α = 0.01": lambda p: torch.optim.RMSprop(p, lr=0.01),
    "Adam, α = 0.03": lambda p: torch.optim.Adam(p, lr=0.03),
}
LAYERS = (1, 2)


class Networks(nn.Module):
    """One network for every optimiser, number of layers and activation, trained side by side.

    Every parameter has the leading dimensions (optimiser, layers, activation); all networks
    start from the same weights. With one layer, the second is there but not used.
    """

    def __init__(self, num_units: int = 20) -> None:
        super().__init__()
        kinds = len(OPTIMIZERS), len(LAYERS), len(ACTIVATIONS)
        layers = nn.Linear(1, num_units), nn.Linear(num_units, num_units), nn.Linear(num_units, 1)
        self.parts = nn.ParameterList()
        for layer in layers:
            for part in (layer.weight.detach().T, layer.bias.detach()[None]):
                self.parts.append(nn.Parameter(part.expand(*kinds, *part.shape).clone()))

    def forward(self, z: Tensor) -> Tensor:
        """z: (N, 1). Returns (optimiser, layers, activation, N, 1)."""
        W1, b1, W2, b2, W3, b3 = self.parts
        one = _activate(z @ W1 + b1)
        two = _activate(one[:, 1:] @ W2[:, 1:] + b2[:, 1:])
        return torch.cat([one[:, :1], two], 1) @ W3 + b3


def _activate(u: Tensor) -> Tensor:
    parts = [f(part) for f, part in zip(ACTIVATIONS.values(), u.unbind(2), strict=True)]
    return torch.stack(parts, 2)


def train_choices(
    z: Tensor, x: Tensor, inputs: Tensor, num_steps: int = 1000, every: int = 100, seed: int = 0
) -> Tensor:
    """Train all the networks on z, x (N, 1), with minibatches of 100 and decaying steps.

    Returns what they predict at inputs (M, 1) every few steps, as
    (T, optimiser, layers, activation, M, 1).
    """
    with seeded(seed):
        networks = Networks()
        epochs = range(-(-num_steps * 100 // len(z)))
        batches = [rows for _ in epochs for rows in torch.randperm(len(z)).split(100)]
    descents = []
    for kind, make in enumerate(OPTIMIZERS.values()):  # each moves its slice of every parameter
        descents.append(make([p.detach()[kind] for p in networks.parts]))
    rates = [descent.param_groups[0]["lr"] for descent in descents]
    predictions = []
    for step in range(num_steps + 1):
        if step % every == 0:
            with torch.no_grad():
                predictions.append(networks(inputs))
        if step == num_steps:
            break
        networks.zero_grad()
        rows = batches[step]
        (networks(z[rows]) - x[rows]).square().mean((-2, -1)).sum().backward()
        for kind, descent in enumerate(descents):
            group = descent.param_groups[0]
            group["lr"] = rates[kind] * (1 + math.cos(math.pi * step / num_steps)) / 2
            for part, whole in zip(group["params"], networks.parts, strict=True):
                part.grad = whole.grad[kind]
            descent.step()
    return torch.stack(predictions)


def mean_and_error(values: Tensor) -> tuple[Tensor, Tensor]:
    """The mean over M values (..., M, 1), and its standard error."""
    return values.mean((-2, -1)), values.std((-2, -1)) / values.shape[-2] ** 0.5


GRID = torch.linspace(-8, 8, 321)[:, None]  # where `explore_choices` draws the networks


def explore_choices(
    predictions: Tensor, z: Tensor, x: Tensor, z_test: Tensor, x_test: Tensor
) -> Explorer:
    """What other activations, optimisers and another layer make of the same data.

    z, x: (N, 1). predictions: what `train_choices` returns for inputs GRID, then z_test (M, 1).
    """
    squares = (predictions[..., len(GRID) :, :] - x_test).square()
    scores, errors = mean_and_error(squares)  # (T, optimiser, layers, activation)
    by_chance = (z_test.sin() - x_test).square()
    perfect, perfect_error = (v.item() for v in mean_and_error(by_chance))
    excess, excess_error = mean_and_error(squares[-1] - by_chance)  # paired: the same points
    steps = np.linspace(0, 1000, len(scores))

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.1])
        draw_sine(left, z, x, reach=8, labels=(0.03, 0.89))
        left.set(title="Predictions", ylim=(-3, 3))
        right.plot([0, 1120], [NOISE**2] * 2, **TRUTH.line)
        right.text(20, 0.0095, "floor $\\sigma^2$ = 0.01", color=TRUTH.ink, va="top")
        ends = perfect - 2 * perfect_error, perfect + 2 * perfect_error
        right.plot([1080, 1080], ends, color=TRUTH.color, linewidth=2.5)
        right.plot([1080], [perfect], "D", color=TRUTH.color, markersize=8)
        right.set(yscale="log", xlim=(0, 1120), ylim=(0.007, 0.15), xlabel="step")
        right.set(xticks=[0, 500, 1000], yticks=[0.01, 0.02, 0.05, 0.1])
        right.set_yticklabels(["0.01", "0.02", "0.05", "0.1"])
        right.minorticks_off()
        right.set(ylabel="MSE on new points", title="Beside the sine's score")
        return fig, {
            "fit": left.plot([], [], **MODEL.line | {"linestyle": "-"}, zorder=4)[0],
            "score": right.plot([], [], **MODEL.line | {"linestyle": "-", "linewidth": 2})[0],
            "bars": right.add_collection(LineCollection([], colors=MODEL.color, linewidths=2.5)),
            "end": right.plot([], [], "s", color=MODEL.color, markersize=9)[0],
            "end_label": right.text(1110, 0.14, "", color=MODEL.ink, ha="right", va="top"),
        }

    def update(activation: str, optimizer: str, layers: int) -> dict:
        index = (
            list(OPTIMIZERS).index(optimizer),
            LAYERS.index(layers),
            list(ACTIVATIONS).index(activation),
        )
        fit, score, error = (
            predictions[-1, *index, : len(GRID), 0],
            scores[:, *index],
            errors[:, *index],
        )
        low, high = score - 2 * error, score + 2 * error
        times = torch.as_tensor(steps)
        last, bar = score[-1].item(), 2 * error[-1].item()
        above = f"{excess[index]:.5f} ± {2 * excess_error[index]:.5f}"
        return {
            "fit": (GRID[:, 0], fit),
            "score": (steps, score),
            "bars": torch.stack([times, low, times, high], 1).reshape(-1, 2, 2).numpy(),
            "end": ([steps[-1]], [last]),
            "end_label": f"{last:.4f} ± {bar:.4f}\n{above}\nabove the sine (◆)",
            "alt": f"{layers} hidden layer{'s' * (layers > 1)} of 20 {activation} units trained with "
            f"{optimizer}. After 1000 steps the measured error on {len(x_test)} new points is "
            f"{last:.4f} ± {bar:.4f}, two standard errors; the sine itself scores {perfect:.4f} ± "
            f"{2 * perfect_error:.4f} on them, and the network, point by point, {above} "
            f"more. The noise variance is 0.01. At z = -8 and 8, far from all data, the network says "
            f"{fit[0]:.1f} and {fit[-1]:.1f}; the sine is -1.0 and 1.0 there.",
        }

    controls = {
        "activation": widgets.Dropdown(options=list(ACTIVATIONS), description="activation"),
        "optimizer": widgets.Dropdown(
            options=list(OPTIMIZERS), value=list(OPTIMIZERS)[3], description="optimiser"
        ),
        "layers": widgets.Dropdown(options=list(LAYERS), description="hidden layers"),
    }
    strip = [
        {"activation": "GELU", "optimizer": list(OPTIMIZERS)[3], "layers": 2},
        {"activation": "tanh", "optimizer": list(OPTIMIZERS)[1], "layers": 1},
        {"activation": "sigmoid", "optimizer": list(OPTIMIZERS)[2], "layers": 1},
    ]
    return Explorer(scene, update, controls, strip)
