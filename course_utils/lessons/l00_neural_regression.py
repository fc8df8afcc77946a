"""Lesson 00, neural regression: its questions, explorers, figures and exercises."""

import math
from collections.abc import Callable
from decimal import Decimal

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from torch import Tensor, nn
from torch.nn import functional

from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction

DATA, TRUTH, MODEL = style.ROLES["data"], style.ROLES["truth"], style.ROLES["model"]
NO_DATA = {"facecolor": "#F0F0F0", "edgecolor": "#C8C8C8", "hatch": "//", "linewidth": 0}
GUIDE = {"color": "#767676", "linestyle": (0, (5, 2)), "linewidth": 2}
NOISE = 0.1  # the scale of the noise in data.sine


# Questions


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "L = (x − v·u)² with u = relu(w z), and w z > 0. What is dL/dw?",
            [
                Option(
                    "−2 (x − v u) · v · z",
                    True,
                    "The chain rule, outside in: the square, then −v u, then w z.",
                ),
                Option(
                    "2 (x − v u) · v · z",
                    False,
                    "The bracket holds −v u, so its derivative has a minus sign.",
                ),
                Option(
                    "−2 (x − v u) · v",
                    False,
                    "This is the derivative as if u were w; u changes with w at rate z.",
                ),
            ],
        ),
        Poll(
            "ε has mean 0 and variance 1 and is independent of d. What is E[(0.1 ε + d)²]?",
            [
                Option(
                    "0.01 + E[d²]",
                    True,
                    "0.1² E[ε²] + 0.2 E[ε] E[d] + E[d²], and E[ε] = 0.",
                ),
                Option(
                    "0.1 + E[d²]", False, "A factor comes out of a square squared: 0.1² = 0.01."
                ),
                Option(
                    "0.01 + 0.2 E[d] + E[d²]",
                    False,
                    "The cross term is 0.2 E[ε d] = 0.2 E[ε] E[d], and E[ε] = 0.",
                ),
            ],
        ),
        Poll(
            "A model gives each of N independent points the density p(x_n). Their log-likelihood is …",
            [
                Option(
                    "the sum of the log p(x_n)",
                    True,
                    "Densities of independent points multiply, so their logarithms add.",
                ),
                Option(
                    "the logarithm of the sum of the p(x_n)",
                    False,
                    "Adding densities is for “this or that”; all N points happened.",
                ),
                Option(
                    "the product of the log p(x_n)",
                    False,
                    "The densities multiply; their logarithms add.",
                ),
            ],
        ),
    ][number - 1]


def poll_perfect() -> Poll:
    """What the test negative log-likelihood of a perfect network tends to."""
    return Poll(
        "A perfect network, endless data. Its negative log-likelihood per test point tends to …",
        [
            Option("0", False, "Zero has no special place: a density can be above 1 or below."),
            Option(
                "−∞",
                False,
                "That would need the error to vanish, and MSE never falls below σ².",
            ),
            Option(
                "½ log 2πeσ²",
                True,
                "The best MSE is σ², and ½ log 2πe·MSE is the NLL there. The noise alone decides.",
            ),
            Option(
                "a number that depends on the width",
                False,
                "A perfect network is the sine, however it is built. Width decides how close "
                "a real one comes.",
            ),
        ],
    )


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
                "Both fall below 0.01",
                False,
                "Noise learnt by heart does not help on new points: their noise is new.",
            ),
            Option(
                "Training falls below 0.01, test falls and then rises",
                True,
                "First the sine is learnt, which helps everywhere, then the noise of 20 points.",
            ),
        ],
    )


# Explorers


def predict_step() -> Prediction:
    """Ask what a smaller step does to a finite difference, then shrink it."""
    question = (
        "(f(t + h) − f(t)) / h tends to the derivative as h → 0. On a computer, as h shrinks, "
        "its error …"
    )
    options = [
        Option(
            "falls for ever", False, "Mathematics says so; the computer keeps only some digits."
        ),
        Option(
            "falls, then stays at the last digit",
            False,
            "Nearly equal numbers differ in few digits; the error of those is divided by a tiny h.",
        ),
        Option(
            "falls, then rises",
            True,
            "The formula's error falls like h, but the rounding error rises like 1/h.",
        ),
    ]
    return predict(question, options, explore_step())


def difference_error(h: float, dtype: torch.dtype) -> tuple[float, float]:
    """The forward difference of exp at 1 with step h, computed in dtype, and its relative error."""
    t, step = torch.ones((), dtype=dtype), torch.tensor(h, dtype=dtype)
    slope = ((t + step).exp() - t.exp()) / step
    return slope.item(), _relative_error(slope)


def autograd_error(dtype: torch.dtype) -> float:
    """The relative error of autograd's derivative of exp at 1."""
    t = torch.ones((), dtype=dtype, requires_grad=True)
    (slope,) = torch.autograd.grad(t.exp(), t)
    return _relative_error(slope)


def _relative_error(slope: Tensor) -> float:
    e = Decimal(1).exp()  # to 28 digits
    return float(abs(Decimal(slope.item()) - e) / e)


def explore_step() -> Explorer:
    """The secant of exp through 1 and 1 + h, and the error of its slope against h."""
    steps = 10.0 ** np.arange(-15, 0.1, 0.25)
    precisions = {"float32": torch.float32, "float64": torch.float64}
    errors = {
        name: np.array([difference_error(h, dtype)[1] for h in steps])
        for name, dtype in precisions.items()
    }
    exact = {name: autograd_error(dtype) for name, dtype in precisions.items()}
    where = {"float32": (2e-6, 3e-4), "float64": (3e-9, 1e-10)}  # of the lines' labels
    below_formula = {"float32": 1e-6, "float64": 1e-8}
    t, ends = np.linspace(-0.5, 2.5, 200), np.array([-0.5, 2.5])

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.25])
        left.plot(t, np.exp(t), **TRUTH.line)
        left.plot([1], [math.e], "o", color=DATA.color, markersize=10)
        left.text(-0.35, 1.3, "$e^t$", color=TRUTH.color)
        left.text(-0.35, 6.7, "derivative 2.718282", color=TRUTH.color)
        left.set(xlim=(-0.5, 2.5), ylim=(-2, 9), xlabel="$t$", title="Two slopes at $t$ = 1")
        right.set(xscale="log", yscale="log", xlim=(3e-16, 4), ylim=(1e-18, 30))
        right.set(xticks=[1e-15, 1e-10, 1e-5, 1], yticks=[1e-16, 1e-12, 1e-8, 1e-4, 1])
        right.minorticks_off()
        right.set(xlabel="step $h$", ylabel="relative error", title="Smaller is not better")
        return fig, {
            "secant": left.plot([], [], **MODEL.line)[0],
            "second": left.plot([], [], "s", color=MODEL.color, markersize=10)[0],
            "slope": left.text(-0.35, 7.7, "", color=MODEL.color),
            "formula": right.plot([], [], **GUIDE)[0],
            "formula_label": right.text(0, 0, "", ha="right", va="center"),
            "rounding": right.plot([], [], **GUIDE)[0],
            "rounding_label": right.text(0, 0, "", ha="right", va="center"),
            "errors": right.plot([], [], **MODEL.dots)[0],
            "autograd": right.plot([], [], **TRUTH.line)[0],
            "autograd_label": right.text(0, 0, "", color=TRUTH.color, va="bottom"),
            "now": right.plot([], [], "s", color=MODEL.color, markersize=14, zorder=5)[0],
        }

    def update(h: float, precision: str) -> dict:
        dtype = precisions[precision]
        unit = torch.finfo(dtype).eps / 2  # the largest relative error of one rounding
        slope, error = difference_error(h, dtype)
        meet = math.sqrt(6 * unit)  # where h/2 = 3 unit/h
        above, below = steps[steps > meet / 10], steps[steps < meet * 10]
        return {
            "secant": (ends, math.e + slope * (ends - 1)),
            "second": ([1 + h], [math.e + slope * h]),
            "slope": f"secant {slope:.6f}",
            "formula": (above, above / 2),
            "formula_label": (2, below_formula[precision], "formula: $h/2$"),
            "rounding": (below, 3 * unit / below),
            "rounding_label": (*where[precision], "rounding: $3\\delta/h$"),
            "errors": (steps, np.maximum(errors[precision], 1e-18)),
            "autograd": (steps[[0, -1]], [exact[precision]] * 2),
            "autograd_label": (2e-15, 3 * exact[precision], f"autograd: {exact[precision]:.0e}"),
            "now": ([h], [max(error, 1e-18)]),
            "alt": f"Left, the secant of e^t through 1 and 1 + h for h = {h:.1e} in {precision}; its "
            f"slope is {slope:.6f}, the derivative 2.718282. Right, the relative error against h: it "
            f"falls with h down to {errors[precision].min():.0e} at h = "
            f"{steps[errors[precision].argmin()]:.0e} and then rises; here it is {error:.1e}. "
            f"Autograd's error is {exact[precision]:.0e}.",
        }

    controls = {
        "h": widgets.FloatLogSlider(value=0.1, min=-15, max=0, step=0.25, description="step h"),
        "precision": widgets.Dropdown(options=list(precisions), description="numbers kept in"),
    }
    strip = [
        {"h": 1e-3, "precision": "float32"},
        {"h": 1e-7, "precision": "float32"},
        {"h": 1e-8, "precision": "float64"},
    ]
    return Explorer(scene, update, controls, strip)


def predict_rate(features: Tensor, x: Tensor) -> Prediction:
    """Ask which learning rate is too large, then raise it."""
    question = (
        "The loss is a valley: curvature 31.9 across, 0.74 along. From which learning rate α on "
        "does gradient descent no longer converge?"
    )
    options = [
        Option(
            "2 / 31.9 = 0.063",
            True,
            "The steep direction decides: there a longer step lands higher on the other side.",
        ),
        Option(
            "2 / 0.74 = 2.7",
            False,
            "The flat direction would allow it, but the steep one has blown up long before.",
        ),
        Option(
            "4 / (31.9 + 0.74) = 0.123",
            False,
            "Curvatures are not averaged: every direction must be stable by itself.",
        ),
        Option(
            "none: every step goes downhill",
            False,
            "It starts downhill. A step that is too long crosses the valley and climbs.",
        ),
    ]
    return predict(question, options, explore_rate(features, x))


def descend(hessian: Tensor, best: Tensor, start: Tensor, lr: float, num_steps: int) -> Tensor:
    """The path of gradient descent on a quadratic loss, start included. (num_steps + 1, P)"""
    path = [start]
    for _ in range(num_steps):
        gradient = hessian @ (path[-1] - best)
        path.append(path[-1] - lr * gradient)
    return torch.stack(path)


def explore_rate(features: Tensor, x: Tensor) -> Explorer:
    """Gradient descent on the squared error of x (N, 1) regressed on features (N, 2)."""
    hessian = 2 * features.T @ features / len(features)
    curvature, axes = torch.linalg.eigh(hessian)  # ascending: along, across
    best = torch.linalg.lstsq(features, x).solution[:, 0]
    start = torch.tensor([0.0, 0.6], dtype=best.dtype)
    limit, longest = 2 / curvature[1].item(), 80

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.1])
        a, b = torch.meshgrid(
            torch.linspace(-0.6, 1.7, 116), torch.linspace(-1.15, 1.15, 116), indexing="xy"
        )
        away = torch.stack([a, b], -1).double() - best
        excess = 0.5 * torch.einsum("ijp,pq,ijq->ij", away, hessian, away)
        levels = 10.0 ** np.arange(-2.5, 1.6, 0.5)
        left.contour(a, b, excess, levels, colors="#A0A0A0", linewidths=1.5)
        left.plot(*best[:, None], "*", color=TRUTH.color, markersize=18, zorder=4)
        left.set(xlabel="$a$", ylabel="$b$", xticks=[0, 1], yticks=[-1, 0, 1], aspect="equal")
        left.set(xlim=(-0.6, 1.7), ylim=(-1.15, 1.15), title="Steep across, flat along")
        left.text(1.1, -0.2, "$\\theta^*$", color=TRUTH.color, va="center")
        right.set(yscale="log", xlim=(0, longest), ylim=(1e-8, 1e9), xlabel="step $t$")
        right.set(yticks=[1e-8, 1e-4, 1, 1e4, 1e8], title="Each step: × |1 − αλ|")
        right.set_ylabel("error along $u_i$")
        right.minorticks_off()
        dots = {"color": MODEL.color, "linestyle": "none", "markersize": 7}
        return fig, {
            "path": left.plot([], [], "o-", color=MODEL.color, linewidth=1.5, markersize=5)[0],
            "here": left.plot([], [], "s", color=MODEL.color, markersize=13, zorder=5)[0],
            "exact_flat": right.plot([], [], **TRUTH.line)[0],
            "exact_steep": right.plot([], [], **TRUTH.line | {"linestyle": (0, (1, 1))})[0],
            "flat": right.plot([], [], marker="o", **dots)[0],
            "steep": right.plot([], [], marker="D", **dots)[0],
            "verdict": right.text(2, 2e7, ""),
            "flat_label": right.text(2, 1e6, "", color=TRUTH.color),
            "steep_label": right.text(2, 5e4, "", color=TRUTH.color),
        }

    def update(lr: float, num_steps: int) -> dict:
        path = descend(hessian, best, start, lr, num_steps)
        errors = ((path - best) @ axes).abs()
        factors = (1 - lr * curvature).abs()
        t = torch.arange(longest + 1)
        exact = errors[0] * factors ** t[:, None]
        shown = torch.arange(0, num_steps + 1, max(1, num_steps // 16))
        verdict = "stable" if lr < limit else "unstable"
        return {
            "path": tuple(path.T),
            "here": tuple(path[-1:].T),
            "verdict": f"α = {lr / limit:.2f} × 2/λ$_{{\\max}}$: {verdict}",
            "exact_flat": (t, exact[:, 0]),
            "exact_steep": (t, exact[:, 1].clamp(min=1e-30)),
            "flat": (shown, errors[shown, 0]),
            "steep": (shown, errors[shown, 1].clamp(min=1e-30)),
            "flat_label": f"● flat, solid: × {factors[0]:.3f}",
            "steep_label": f"◆ steep, dotted: × {factors[1]:.3f}",
            "alt": f"Gradient descent at learning rate {lr:.3f}, {lr / limit:.2f} of the limit "
            f"2/λ_max = {limit:.4f}: {verdict}. After {num_steps} steps the error is "
            f"{errors[-1, 0]:.2g} along the flat eigenvector, times {factors[0]:.3f} a step, and "
            f"{errors[-1, 1]:.2g} along the steep one, times {factors[1]:.3f} a step.",
        }

    controls = {
        "lr": widgets.FloatSlider(
            value=0.05,
            min=0.002,
            max=0.068,
            step=0.001,
            readout_format=".3f",
            description="learning rate α",
        ),
        "num_steps": widgets.IntSlider(value=20, min=0, max=longest, description="steps t"),
    }
    strip = [{"lr": rate, "num_steps": 40} for rate in (0.01, 0.03, 0.064)]
    return Explorer(scene, update, controls, strip)


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
    with torch.random.fork_rng():
        torch.manual_seed(seed)
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
    """What other activations, optimisers and another layer make of the same data z, x (N, 1).

    predictions: what `train_choices` returns for inputs GRID, then z_test (M, 1).
    """
    squares = (predictions[..., len(GRID) :, :] - x_test).square()
    scores, errors = mean_and_error(squares)  # (T, optimiser, layers, activation)
    by_chance = (z_test.sin() - x_test).square()
    perfect, perfect_error = (v.item() for v in mean_and_error(by_chance))
    excess, excess_error = mean_and_error(squares[-1] - by_chance)  # paired: the same points
    steps = np.linspace(0, 1000, len(scores))

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.1])
        _draw_sine(left, z, x, reach=8, labels=(0.03, 0.89))
        left.set(title="Outside, the parts differ", ylim=(-3, 3))
        right.plot([0, 1120], [NOISE**2] * 2, **TRUTH.line)
        right.text(20, 0.0095, "floor $\\sigma^2$ = 0.01", color=TRUTH.color, va="top")
        ends = perfect - 2 * perfect_error, perfect + 2 * perfect_error
        right.plot([1080, 1080], ends, color=TRUTH.color, linewidth=2.5)
        right.plot([1080], [perfect], "D", color=TRUTH.color, markersize=8)
        right.set(yscale="log", xlim=(0, 1120), ylim=(0.007, 0.15), xlabel="step")
        right.set(xticks=[0, 500, 1000], yticks=[0.01, 0.02, 0.05, 0.1])
        right.set_yticklabels(["0.01", "0.02", "0.05", "0.1"])
        right.minorticks_off()
        right.set(ylabel="MSE on new points", title="None beats the sine")
        return fig, {
            "fit": left.plot([], [], **MODEL.line | {"linestyle": "-"}, zorder=4)[0],
            "score": right.plot([], [], **MODEL.line | {"linestyle": "-", "linewidth": 2})[0],
            "bars": right.add_collection(LineCollection([], colors=MODEL.color, linewidths=2.5)),
            "end": right.plot([], [], "s", color=MODEL.color, markersize=9)[0],
            "end_label": right.text(1110, 0.14, "", color=MODEL.color, ha="right", va="top"),
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
            "It runs off in straight lines",
            True,
            "A sum of 20 functions with one bend each: beyond the last bend it is a straight line.",
        ),
        Option(
            "It stays at its last value",
            False,
            "tanh or sigmoid units would level off; a ReLU unit that is on keeps rising.",
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
        _draw_sine(ax, z, x, reach=10)
        ax.plot(grid, fits.T, color=MODEL.color, linewidth=1.5, linestyle=":", zorder=3)
        ax.text(7.85, 1.15, "$\\sin z$", color=TRUTH.color, ha="center")
        ax.set(ylim=(-6, 6), title="Where there is no data, the start decides")
        return fig, {
            "fit": ax.plot([], [], **MODEL.line | {"linestyle": "-"}, zorder=4)[0],
            "end": ax.plot([], [], "s", color=MODEL.color, markersize=12, zorder=5)[0],
            "label": ax.text(9.7, 5.6, "", color=MODEL.color, ha="right", va="top"),
        }

    def update(start: int) -> dict:
        fit = fits[start - 1]
        return {
            "fit": (grid[:, 0], fit),
            "end": ([10], [fit[-1]]),
            "label": f"start {start}: $g(10)$ = {_signed(fit[-1].item(), 1)} (dotted: the others)",
            "alt": f"The network trained from random start {start} of {len(decoders)} follows the "
            f"sine where there is data and goes on in straight pieces outside: at z = 10 it says "
            f"{fit[-1]:.1f}, the sine is -0.5. For |z| < 2 the starts agree to within "
            f"{spread_inside:.2f}; at z = 10 they differ by up to {spread_end:.1f}.",
        }

    slider = widgets.IntSlider(value=1, min=1, max=len(decoders), description="random start")
    return Explorer(scene, update, {"start": slider}, [{"start": 2}, {"start": 3}])


def _signed(number: float, digits: int) -> str:
    """The number with a minus sign, not a hyphen."""
    return f"{number:.{digits}f}".replace("-", "−")


def _draw_sine(ax, z: Tensor, x: Tensor, reach: float, labels=(0.03, 0.03)) -> None:
    """Some of the data, the sine, and a shade over the sides where there are no data."""
    grid = np.linspace(-reach, reach, 400)
    sides = (-reach, z.min().item()), (z.max().item(), reach)
    for side, height in zip(sides, labels, strict=True):
        ax.axvspan(*side, **NO_DATA)
        ax.text(sum(side) / 2, height, "no data", ha="center", transform=ax.get_xaxis_transform())
    ax.plot(z[:500], x[:500], ".", color=DATA.color, markersize=4, alpha=0.5)
    ax.plot(grid, np.sin(grid), **TRUTH.line)
    ax.set(xlim=(-reach, reach), xlabel="$z$", ylabel="$x$")


# Figures


def plot_data(z: Tensor, x: Tensor) -> Picture:
    """The data and the sine they scatter about."""
    fig, ax = style.subplots()
    grid = np.linspace(-4, 4, 200)
    ax.plot(z[:1000], x[:1000], ".", color=DATA.color, markersize=6, alpha=0.6)
    ax.plot(grid, np.sin(grid), **TRUTH.line)
    ax.text(-1.45, -0.72, "$\\sin z$", color=TRUTH.color, ha="right", va="bottom")
    ax.text(3.95, 1.2, "1000 of the points", color=DATA.color, ha="right")
    ax.set(xlim=(-4, 4), ylim=(-1.5, 1.5), xlabel="$z$", ylabel="$x$")
    ax.set_title("The same spread about the sine everywhere")
    spread = (x - z.sin()).std().item()
    return figure(
        fig,
        alt=f"Points scattered about the sine of z with standard deviation {spread:.3f}, between "
        f"z = {z.min():.1f} and {z.max():.1f}, most of them between -2 and 2.",
    )


def plot_fit(z: Tensor, x: Tensor, decoder: nn.Module, title: str) -> Picture:
    """A network's predictions over the data, with the sine."""
    fig, ax = style.subplots()
    grid = torch.linspace(-4, 4, 401)[:, None]
    with torch.no_grad():
        fit, error = decoder(grid)[:, 0], (x - decoder(z)).square().mean().item()
    ax.plot(z[:1000], x[:1000], ".", color=DATA.color, markersize=6, alpha=0.4)
    ax.plot(grid, grid.sin(), **TRUTH.line)
    ax.plot(grid, fit, **MODEL.line)
    ax.text(-1.45, -0.72, "$\\sin z$", color=TRUTH.color, ha="right", va="bottom")
    ax.text(3.9, 1.2, f"$g(z)$, MSE {error:.4f}", color=MODEL.color, ha="right")
    ax.set(xlim=(-4, 4), ylim=(-1.5, 1.5), xlabel="$z$", ylabel="$x$", title=title)
    miss = (fit - grid[:, 0].sin()).abs()
    return figure(
        fig,
        alt=f"The network's prediction with the data and the sine. Its mean squared error is "
        f"{error:.4f}; it is {miss[150:251].max():.2f} from the sine at most for |z| < 1 and "
        f"{miss.max():.2f} at most for |z| < 4.",
    )


def plot_training(losses: list[float], floor: float) -> Picture:
    """The training loss, falling towards the noise variance."""
    fig, ax = style.subplots()
    ax.plot(losses, **MODEL.line | {"linestyle": "-"})
    ax.axhline(floor, **TRUTH.line)
    ax.text(
        0.98 * len(losses),
        0.93 * floor,
        f"$\\sigma^2$ = {floor:g}",
        color=TRUTH.color,
        ha="right",
        va="top",
    )
    ax.text(
        0.98 * len(losses),
        1.3 * losses[-1],
        f"training loss, at last {losses[-1]:.4f}",
        color=MODEL.color,
        ha="right",
        va="bottom",
    )
    ax.set(yscale="log", xlim=(0, len(losses)), ylim=(0.005, 1), xlabel="step", ylabel="MSE")
    ax.set(yticks=[0.01, 0.1, 1], yticklabels=["0.01", "0.1", "1"])
    ax.minorticks_off()
    ax.set_title("Training stops at the noise variance, not at zero")
    return figure(
        fig,
        alt=f"On a log axis the training loss falls from {losses[0]:.2f} to {losses[-1]:.4f} in "
        f"{len(losses)} steps and levels off just above the noise variance {floor:g}.",
    )


def plot_density(scale: float) -> Picture:
    """The density of the noise: area 1, and far higher than 1."""
    fig, ax = style.subplots()
    t = np.linspace(-0.6, 0.6, 601)
    density = np.exp(-((t / scale) ** 2) / 2) / (scale * math.sqrt(2 * math.pi))
    inside = 0.6 * density.max()
    ax.fill_between(t, density, color="#56B4E9", alpha=0.4)
    ax.plot(t, density, **TRUTH.line)
    ax.axhline(1, **GUIDE)
    ax.text(0.59, 1.08, "density 1: $-\\log p$ = 0", ha="right", va="bottom")
    ax.text(0, 0.35 * density.max(), "area 1", ha="center")
    ax.text(
        0.13,
        inside,
        f"above 1: $-\\log p$ < 0,\ndown to {_signed(-math.log(density.max()), 2)} nats",
        color=TRUTH.color,
    )
    ax.set(xlim=(-0.6, 0.6), ylim=(0, 1.1 * density.max()), xlabel="$x - \\sin z$")
    ax.set(ylabel="density", title="A narrow density is high, so its nats are negative")
    return figure(
        fig,
        alt=f"The normal density with standard deviation {scale:g}. Its area is 1 and its height "
        f"{density.max():.2f}, so the negative logarithm there is {-math.log(density.max()):.2f} "
        f"nats. It is above 1 for deviations up to {np.abs(t[density > 1]).max():.2f}.",
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
    left.set(xlim=(-4, 4), ylim=(-2, 2), xlabel="$z$", ylabel="$x$", title="It learns the noise")
    steps, floor, lowest = every * np.arange(len(test)), NOISE**2, min(test)
    right.plot(steps, train, **MODEL.line | {"linewidth": 2.5})
    right.plot(steps, test, **MODEL.line | {"linestyle": "-"})
    right.axhline(floor, **TRUTH.line)
    right.set(yscale="log", xlim=(0, steps[-1]), ylim=(4e-4, 1), xlabel="step", ylabel="MSE")
    right.set(yticks=[0.001, 0.01, 0.1, 1], yticklabels=["0.001", "0.01", "0.1", "1"])
    right.minorticks_off()
    right.text(
        0.98 * steps[-1], 1.3 * max(test[len(test) // 2 :]), "test", color=MODEL.color, ha="right"
    )
    right.text(0.5 * steps[-1], 1e-3, "training", color=MODEL.color, ha="center", va="top")
    right.text(
        0.98 * steps[-1],
        0.9 * floor,
        f"$\\sigma^2$ = {floor:g}",
        color=TRUTH.color,
        ha="right",
        va="top",
    )
    right.set_title("Below the floor: no prize")
    return figure(
        fig,
        alt=f"Left, a wiggling fit through {len(z)} points, away from the sine. Right, the training "
        f"loss falls to {train[-1]:.4f}, below the noise variance {floor:g}; the test loss is lowest, "
        f"{lowest:.4f}, at step {every * test.index(lowest)} and rises to {test[-1]:.4f}.",
    )


# Exercises


def central_difference(f: Callable[[Tensor], Tensor], t: Tensor, h: float) -> Tensor:
    """The slope of f at t from one step of size h to either side."""
    return (f(t + h) - f(t - h)) / (2 * h)


def gaussian_nll(x: Tensor, mean: Tensor, sigma2: Tensor) -> Tensor:
    """-log N(x | mean, sigma2) in nats, one for every entry of x."""
    return 0.5 * (x - mean).square() / sigma2 + 0.5 * (2 * math.pi * sigma2).log()


def floor_in_nats(scale: Tensor) -> Tensor:
    """The entropy of normal noise with standard deviation scale: 0.5 log(2 pi e scale^2)."""
    return 0.5 * (2 * math.pi * math.e * scale**2).log()


def largest_stable_lr(features: Tensor) -> Tensor:
    """2 / lambda_max of the loss mean((x - features @ theta)^2); features: (N, P)."""
    hessian = 2 * features.T @ features / len(features)
    return 2 / torch.linalg.eigvalsh(hessian).max()


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


Exercise(
    "00.1",
    central_difference,
    cases=[
        (torch.exp, _number(1.0), 0.25),
        (torch.sin, _random(5), 0.5),
        (torch.square, _random(3, seed=1), 0.125),
    ],
    mistakes=[
        Mistake(
            lambda f, t, h: (f(t + h) - f(t)) / h,
            "That is the forward difference again. Step to both sides: t + h and t − h.",
        ),
        Mistake(
            lambda f, t, h: (f(t) - f(t - h)) / h,
            "That is the backward difference: it steps to the left only. Step to both sides.",
        ),
        Mistake(
            lambda f, t, h: (f(t + h) - f(t - h)) / h,
            "Twice too large: from t − h to t + h is a distance of 2h.",
        ),
        Mistake(
            lambda f, t, h: (f(t + h) - f(t - h)) / 2 * h,
            "Python reads <code>/ 2 * h</code> from the left: it divides by 2 and then multiplies by "
            "h. Write <code>/ (2 * h)</code>.",
        ),
        Mistake(
            lambda f, t, h: (f(t - h) - f(t + h)) / (2 * h),
            "The sign is turned round: the value on the right, f(t + h), comes first.",
        ),
        Mistake(
            lambda f, t, h: (f(t + h) + f(t - h)) / (2 * h),
            "A slope is rise over run, and the rise is a difference: minus, not plus.",
        ),
    ],
    nudge="A slope is rise over run. The two points are t − h and t + h: how far apart are they?",
    formula="$$f'(t) \\approx \\frac{f(t+h) - f(t-h)}{2h}$$",
)

Exercise(
    "00.2",
    gaussian_nll,
    cases=[
        (_random(6), _random(6, seed=1), _number(0.25)),
        (_random(4, 1, seed=2), _random(4, 1, seed=3), _number(3.0)),
    ],
    mistakes=[
        Mistake(
            lambda x, mean, sigma2: (
                0.5 * ((x - mean) / sigma2) ** 2 + sigma2.log() + 0.5 * math.log(2 * math.pi)
            ),
            "You use σ² as if it were σ. <code>sigma2</code> is the variance already: do not square "
            "it again.",
        ),
        Mistake(
            lambda x, mean, sigma2: 0.5 * (x - mean).square() / sigma2,
            "The term ½ log 2πσ² is missing. It says what a wide density costs; without it the best "
            "variance would be infinite.",
        ),
        Mistake(
            lambda x, mean, sigma2: 0.5 * (x - mean).square() / sigma2 + 0.5 * sigma2.log(),
            "The 2π is missing: every point is off by ½ log 2π = 0.919 nats.",
        ),
        Mistake(
            lambda x, mean, sigma2: (
                0.5 * (x - mean).square() / sigma2 + (2 * math.pi * sigma2).log()
            ),
            "The ½ in front of the logarithm is missing: it comes from the square root in the "
            "density.",
        ),
        Mistake(
            lambda x, mean, sigma2: (
                (x - mean).square() / sigma2 + 0.5 * (2 * math.pi * sigma2).log()
            ),
            "The ½ in front of the square is missing: the exponent is (x − g)² / (2σ²).",
        ),
        Mistake(
            lambda x, mean, sigma2: -gaussian_nll(x, mean, sigma2),
            "That is the log-likelihood. The loss is its negative: turn the sign.",
        ),
        Mistake(
            lambda x, mean, sigma2: gaussian_nll(x, mean, sigma2).mean(),
            "That is the mean over the points. Return one number per point; whoever calls the "
            "function takes the mean.",
        ),
        Mistake(
            lambda x, mean, sigma2: gaussian_nll(x, mean, sigma2).sum(),
            "That is the sum over the points. Return one number per point; whoever calls the "
            "function takes the mean.",
        ),
    ],
    nudge="Take −log of the density: the exponential gives a square, the factor in front a logarithm.",
    formula="$$-\\log \\mathcal N(x \\mid g, \\sigma^2) = \\frac{(x - g)^2}{2\\sigma^2} + "
    "\\tfrac12 \\log 2\\pi\\sigma^2$$",
)

Exercise(
    "00.3",
    floor_in_nats,
    cases=[(_number(0.1),), (_number(1.0),), (_number(2.5),)],
    mistakes=[
        Mistake(
            lambda scale: 0.5 * (2 * math.pi * math.e * scale).log(),
            "You put σ where the formula has σ². <code>scale</code> is the standard deviation: "
            "square it.",
        ),
        Mistake(
            lambda scale: 0.5 * (2 * math.pi * scale**2).log(),
            "The e is missing. Half a nat per point is the expected square itself: "
            "E(x − g)² / (2σ²) = ½ = ½ log e.",
        ),
        Mistake(
            lambda scale: (2 * math.pi * math.e * scale**2).log(),
            "The ½ is missing: it comes from the square root in the normal density.",
        ),
        Mistake(
            lambda scale: 0.5 * (2 * math.pi * math.e * scale**2).log2(),
            "That is the floor in bits. For nats take the natural logarithm.",
        ),
        Mistake(
            lambda scale: -0.5 * (2 * math.pi * math.e * scale**2).log(),
            "The sign is turned: the floor of the <i>negative</i> log-likelihood is +½ log 2πeσ².",
        ),
        Mistake(
            lambda scale: scale**2,
            "That is the floor of the squared error. In nats: put MSE = σ² into ½ log 2πe·MSE.",
        ),
    ],
    nudge="With the best variance, the NLL is ½ log 2πe·MSE. What is the MSE of a perfect network?",
    formula="$$\\tfrac12 \\log 2\\pi e \\sigma^2$$",
)

Exercise(
    "00.4",
    largest_stable_lr,
    cases=[(_random(9, 2),), (_random(12, 3, seed=1) + 1,), (_random(5, 1, seed=2),)],
    mistakes=[
        Mistake(
            lambda features: 2 / torch.linalg.eigvalsh(features.T @ features / len(features)).max(),
            "Twice too large: the derivative of a square brings a factor 2 into the Hessian.",
        ),
        Mistake(
            lambda features: 2 / torch.linalg.eigvalsh(2 * features.T @ features).max(),
            "Too small by the factor N: the loss is a mean over the points, so its Hessian is too.",
        ),
        Mistake(
            lambda features: 2 / torch.linalg.eigvalsh(features.T @ features).max(),
            "This is the limit for the Hessian ΦᵀΦ. The loss is a <i>mean</i> of <i>squares</i>: its "
            "Hessian is 2ΦᵀΦ/N.",
        ),
        Mistake(
            lambda features: (
                1 / torch.linalg.eigvalsh(2 * features.T @ features / len(features)).max()
            ),
            "Half the limit: that rate removes the steep error in one step. It may overshoot by as "
            "much again before it diverges: |1 − αλ| < 1.",
        ),
        Mistake(
            lambda features: (
                2 / torch.linalg.eigvalsh(2 * features.T @ features / len(features)).min()
            ),
            "You took the smallest eigenvalue. The steepest direction, with the largest, decides.",
        ),
        Mistake(
            lambda features: 2 / (2 * features.square().sum(1).mean()),
            "You divide by the trace, the sum of all eigenvalues. That is safe, but smaller than the "
            "limit: only the largest counts.",
        ),
        Mistake(
            lambda features: torch.linalg.eigvalsh(2 * features.T @ features / len(features)).max(),
            "That is λ_max itself. The limit is 2 / λ_max.",
        ),
    ],
    nudge="Write down the Hessian of mean((x − Φθ)²). Which of its eigenvalues sets the limit?",
    formula="$$\\nabla^2 L = \\frac2N \\Phi^\\top \\Phi, \\qquad \\alpha < "
    "\\frac{2}{\\lambda_{\\max}}$$ with $\\lambda_{\\max}$ from "
    "<code>torch.linalg.eigvalsh</code>.",
)
