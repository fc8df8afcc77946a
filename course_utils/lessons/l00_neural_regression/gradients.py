"""3 · Gradients without error: finite differences beside autograd."""

import math
from collections.abc import Callable
from decimal import Decimal

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l00_neural_regression.cases import number
from course_utils.lessons.l00_neural_regression.drawing import GUIDE, TRUTH


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
        left.plot([1], [math.e], "o", color=style.INK, markersize=10)
        left.text(-0.35, 1.3, "$e^t$", color=TRUTH.ink)
        left.text(-0.35, 6.7, "derivative 2.718282", color=TRUTH.ink)
        left.set(xlim=(-0.5, 2.5), ylim=(-2, 9), xlabel="$t$", title="Two slopes at $t$ = 1")
        right.set(xscale="log", yscale="log", xlim=(3e-16, 4), ylim=(1e-18, 30))
        right.set(xticks=[1e-15, 1e-10, 1e-5, 1], yticks=[1e-16, 1e-12, 1e-8, 1e-4, 1])
        right.minorticks_off()
        right.set(xlabel="step $h$", ylabel="relative error", title="How far off the secant is")
        return fig, {
            "secant": left.plot([], [], color=style.INK, linestyle="--")[0],
            "second": left.plot([], [], "s", color=style.INK, markersize=10)[0],
            "slope": left.text(-0.35, 7.7, ""),
            "formula": right.plot([], [], **GUIDE)[0],
            "formula_label": right.text(0, 0, "", ha="right", va="center"),
            "rounding": right.plot([], [], **GUIDE)[0],
            "rounding_label": right.text(0, 0, "", ha="right", va="center"),
            "errors": right.plot([], [], "o", color=style.INK)[0],
            "autograd": right.plot([], [], **TRUTH.line)[0],
            "autograd_label": right.text(0, 0, "", color=TRUTH.ink, va="bottom"),
            "now": right.plot([], [], "s", color=style.INK, markersize=14, zorder=5)[0],
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


def edge_difference(f: Callable[[Tensor], Tensor], t: Tensor, h: float) -> Tensor:
    """The slope of f at t from its values at t, t + h and t + 2h."""
    return (-3 * f(t) + 4 * f(t + h) - f(t + 2 * h)) / (2 * h)


def _forward(f: Callable[[Tensor], Tensor], t: Tensor, h: float) -> Tensor:
    return (f(t + h) - f(t)) / h


Exercise(
    "00.1",
    edge_difference,
    cases=[
        (torch.exp, number(1.0), 0.25),
        (torch.sin, normal(5), 0.5),
        (torch.exp, normal(3, seed=1), 0.125),
    ],
    mistakes=[
        Mistake(
            _forward,
            "That is the forward difference again: its error falls with h. The third value, "
            "f(t + 2h), is there to cancel the term with f″.",
        ),
        Mistake(
            lambda f, t, h: (f(t + 2 * h) - f(t)) / (2 * h),
            "That is a forward difference with the step 2h (and a central one at t + h): at t its error "
            "falls with h only. The value in the middle is needed, too.",
        ),
        Mistake(
            lambda f, t, h: (f(t + h) - f(t - h)) / (2 * h),
            "You step to t − h, where f has no value. Only t, t + h and t + 2h are allowed.",
        ),
        Mistake(
            lambda f, t, h: (-3 * f(t) + 4 * f(t + h) - f(t + 2 * h)) / h,
            "Twice too large: check that a straight line f(t) = t gets the slope 1.",
        ),
        Mistake(
            lambda f, t, h: (-3 * f(t) + 4 * f(t + h) - f(t + 2 * h)) / 2 * h,
            "Python reads <code>/ 2 * h</code> from the left: it divides by 2 and then multiplies by "
            "h. Write <code>/ (2 * h)</code>.",
        ),
        Mistake(
            lambda f, t, h: (3 * f(t) - 4 * f(t + h) + f(t + 2 * h)) / (2 * h),
            "The sign is turned round: check that f(t) = t gets the slope +1.",
        ),
        Mistake(
            lambda f, t, h: (f(t) - 4 * f(t + h) + 3 * f(t + 2 * h)) / (2 * h),
            "That is the slope at t + 2h, the other end of the three.",
        ),
        Mistake(
            lambda f, t, h: 2 * _forward(f, t, 2 * h) - _forward(f, t, h),
            "The wrong way round: the forward difference with 2h has twice the error of the one with h. "
            "Which combination of the two cancels it?",
        ),
        Mistake(
            lambda f, t, h: (4 * _forward(f, t, h) - _forward(f, t, 2 * h)) / 3,
            "That would cancel an error which falls with h². The forward difference's falls with h: "
            "doubling the step doubles it.",
        ),
    ],
    nudge="Write Taylor's series of f(t + h) and of f(t + 2h) up to f″. With weights a, b, c on the three "
    "values: what must they do to f, to f′ and to f″? Mind that (2h)² = 4h².",
    formula="$$a + b + c = 0, \\qquad b + 2c = \\frac1h, \\qquad \\tfrac12\\,b + 2c = 0$$",
)
