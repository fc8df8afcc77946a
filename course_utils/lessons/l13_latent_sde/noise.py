"""4, why the same noise: the price of another noise, and of steps that are not short, exercise 13.4."""

from functools import cache

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.diffusions import push
from course_utils.kit import Exercise, Explorer, Mistake, Option, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l13_latent_sde.cases import FIVE, SIGMA, THETA

TRUTH, Q, GAP, MODEL = (style.ROLES[name] for name in ("truth", "q", "gap", "model"))
FINE = (0.2, 0.1, 0.05, 0.025, 0.0125, 0.00625, 0.003125)


@cache
def narrower(dt: float) -> Tensor:
    """How often the exact variance of each step goes into the model's."""
    precision = push.backward(THETA, SIGMA, FIVE, dt).precision
    return 1 + precision[1:] * SIGMA**2 * dt


def price(times: float, dt: float) -> float:
    """The gap of q with the exact mean of every step, and `times` the model's noise scale."""
    rho = times**2 * narrower(dt)
    return 0.5 * (rho - 1 - rho.log()).sum().item()


def predict_noise() -> Prediction:
    """Ask what a tenth more noise costs in ever shorter steps, then turn the noise."""
    question = (
        "Let q have the exact mean of every step, but 10 % more noise than the model: σ_q = 1.1 σ, as "
        "a network might learn it. The steps become shorter, dt → 0. The gap between evidence and "
        "ELBO …"
    )
    options = [
        Option("goes to 0: so does the noise of a step", False, "But the steps become more."),
        Option("goes to a constant", False, "Each step costs the same, however short it is."),
        Option("stays below a nat", False, "At dt = 0.003 it is above 15."),
        Option(
            "grows without bound",
            True,
            "0.0097 nats a step, and the number of steps is 5/dt. Look at σ_q = 1, too.",
        ),
    ]
    return predict(question, options, explore_noise())


def explore_noise() -> Explorer:
    """The gap against dt on log axes, for q with a noise of its own."""
    ticks = (0.2, 0.05, 0.0125, 0.003125)

    def scene():
        fig, ax = style.subplots()
        ax.set(xscale="log", yscale="log", xlim=(0.23, 0.0027), ylim=(0.008, 300))
        ax.set_xticks(ticks, ["0.2", "0.05", "0.0125", "0.003"])
        ax.minorticks_off()
        ax.set(xlabel="step $dt$ (shorter to the right)", ylabel="gap, nats")
        ax.text(0.019, 0.016, "··· the model's own noise", color=style.INK, ha="right")
        ax.set_title("What q's own noise costs")
        return fig, {
            "same": ax.plot([], [], color=style.GUIDE, linewidth=2.5, linestyle=":")[0],
            "gap": ax.plot([], [], **GAP.line | {"marker": "o", "markersize": 9})[0],
            "words": ax.text(0.21, 120, "", color=GAP.ink),
        }

    def update(times: float) -> dict:
        gaps, same = ([price(c, dt) for dt in FINE] for c in (times, 1.0))
        return {
            "same": (FINE, same),
            "gap": (FINE, gaps),
            "words": f"$\\sigma_q$ = {times:.2f} σ: {gaps[0]:.2f} nats at dt = 0.2, {gaps[-1]:.2f} at 0.003",
            "alt": f"The gap against the step, both on log axes, for q with {times:.2f} times the model's "
            f"noise: {', '.join(f'{g:.3g}' for g in gaps)} nats at dt from 0.2 down to 0.003 at "
            f"each halving. Dotted, q with the model's noise: {same[0]:.2f} down to {same[-1]:.3f}.",
        }

    control = widgets.FloatSlider(
        value=1.1,
        min=0.8,
        max=1.2,
        step=0.05,
        readout_format=".2f",
        description="q's noise, × the model's",
    )
    return Explorer(scene, update, {"times": control}, [{"times": c} for c in (0.9, 1.0, 1.2)])


def plot_errors(steps: list[float], solver: list[float], gaps: list[float]) -> Picture:
    """Both errors against dt, on log axes, with lines of slope 1."""
    fig, ax = style.subplots()
    dt = np.array(steps)
    ax.plot(dt, gaps, **Q.dots | {"markersize": 12, "marker": "D"})
    ax.plot(dt, np.abs(solver), **MODEL.dots | {"markersize": 12, "marker": "s"})
    for values in (gaps, np.abs(solver)):
        ax.plot(dt, values[-1] * dt / dt[-1], color=style.GUIDE, linewidth=1.5, linestyle=":")
    ax.set(xscale="log", yscale="log", xlim=(0.26, 0.0096), ylim=(0.004, 3))
    ax.set_xticks(dt, [f"{step:g}" for step in dt])
    ax.minorticks_off()
    ax.set(xlabel="step $dt$ (shorter to the right)", ylabel="nats")
    ax.text(0.045, 1.2, "◆ gap of the best push", color=Q.ink)
    ax.text(0.24, 0.006, "■ evidence: Euler's steps against exact", color=MODEL.ink)
    ax.set_title("Two errors (dotted: in proportion to $dt$)")
    said = "; ".join(
        f"dt {a:g}: gap {b:.4f}, evidence off by {c:.4f}"
        for a, b, c in zip(steps, gaps, solver, strict=True)
    )
    return figure(
        fig, alt=f"Two errors fall in proportion to dt on log axes. {said}.".replace("-", "−")
    )


def same_noise_gap(Lambda, sigma, dt):
    """Lambda: (T + 1,), precisions of log h at the times 0, dt, ..., data there included."""
    rho = 1 + Lambda[1:] * sigma**2 * dt  # the model's variance over the exact one's
    return 0.5 * (rho - 1 - rho.log()).sum()


def _variant(of=lambda Lambda: Lambda[1:], half=0.5, total=torch.sum, var=lambda sigma: sigma**2):
    def attempt(Lambda, sigma, dt):
        rho = 1 + of(Lambda) * var(sigma) * dt
        return half * total(rho - 1 - rho.log())

    return attempt


def _turned(Lambda, sigma, dt):
    rho = 1 / (1 + Lambda[1:] * sigma**2 * dt)
    return 0.5 * (rho - 1 - rho.log()).sum()


def _inverse(Lambda, sigma, dt):
    rho = 1 + Lambda[1:] / (sigma**2 * dt)
    return 0.5 * (rho - 1 - rho.log()).sum()


Exercise(
    "13.4",
    same_noise_gap,
    cases=[(normal(7, seed=0).square(), 0.7, 0.1), (normal(4, seed=3).exp(), 1.8, 0.05)],
    mistakes=[
        Mistake(
            _variant(of=lambda Lambda: Lambda[:-1]),
            "A step from k to k + 1 is narrowed by what is said of its end: Λ at k + 1.",
        ),
        Mistake(
            _variant(of=lambda Lambda: Lambda),
            "T + 1 precisions, T steps: the first is that of X₀, at whose end no step is.",
        ),
        Mistake(_turned, "KL(q ‖ exact): q's variance over the exact one's, not the reverse."),
        Mistake(_variant(half=1.0), "The KL of two Gaussians begins with a ½."),
        Mistake(_variant(total=torch.mean), "KLs of the steps add up: the sum, not the mean."),
        Mistake(_variant(var=lambda sigma: sigma), "The model's variance of a step is σ²dt."),
        Mistake(
            _inverse, "Precisions add: 1/(σ²dt) + Λ. Which variance, then, over which, is above 1?"
        ),
    ],
    nudge="The exact step is the model's Gaussian times a Gaussian of precision Λ at its end. Precisions "
    "add. Then use the price of a wrong variance, step by step.",
    formula="$$\\rho_k=\\sigma^2dt\\Big(\\frac1{\\sigma^2dt}+\\Lambda_{k+1}\\Big),\\qquad"
    "\\text{gap}=\\sum_k\\tfrac12(\\rho_k-1-\\log\\rho_k)$$",
)
