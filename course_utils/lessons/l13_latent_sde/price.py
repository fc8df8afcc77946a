"""2, what a push costs: weights of steered paths, exercise 13.2."""

from functools import cache

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from torch import Tensor

from course_utils.diffusions import grid, push, sde
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l13_latent_sde.cases import FIVE, SIGMA, THETA, evidence, segments

DATA, TRUTH, Q, BOUND = (style.ROLES[name] for name in ("data", "truth", "q", "bound"))
STEPS, EDGES = (0.2, 0.1, 0.05, 0.025), np.arange(-16, 0.25, 0.5)


@cache
def steered(share: float, dt: float) -> tuple[Tensor, Tensor, float]:
    """Paths steered by a share of the best push, their log-weights, and the bound by quadrature."""
    model = sde.ou(THETA, SIGMA)
    start, best = push.linear(THETA, SIGMA, FIVE, dt)

    def some(k: int, x: Tensor) -> Tensor:
        return share * best(k, x)

    torch.manual_seed(0)
    made = sde.paths(model, some, dt, round(5 / dt), 400, start)
    bound = grid.grid_elbo(model, some, FIVE, dt, grid.nodes(4.0, 101), start).elbo.item()
    return made.x, sde.log_weights(made, model, FIVE), bound


def predict_steer() -> Prediction:
    """Ask how weights of random paths can be, then steer by hand."""
    question = (
        "Section 3 derives the best push there is. Steered by it, in steps dt → 0, every path is still "
        "random, with its own fit to the data and its own cost. The log-weights of different paths …"
    )
    options = [
        Option("vary, as the paths do", False, "Set the push to 1 and make dt smaller: watch."),
        Option(
            "become equal",
            True,
            "The posterior itself has p(path, y) / p(path | y) = p(y) for every path. What a path "
            "gains in fit it has paid for.",
        ),
        Option("average to 0", False, "E log w is the bound, at most log p(y): not 0."),
    ]
    return predict(question, options, explore_steer())


def explore_steer() -> Explorer:
    """Left: steered paths. Right: their log-weights, the bound and the evidence."""

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.1, 1])
        left.errorbar(
            FIVE.times, FIVE.y, 2 * FIVE.scale, fmt="o", color=DATA.color, markersize=9, lw=2.5
        )
        left.set(xlim=(0, 5.15), ylim=(-2.4, 2.4), xlabel="time $t$", ylabel="$X_t$")
        left.set_title("Ten steered paths")
        right.set(xlim=(-16, 0), ylim=(0, 0.75), xlabel="$\\log w$, nats", yticks=[])
        right.set_xticks([-16, -12, -8, -4, 0], ["≤ −16", "−12", "−8", "−4", "0"])
        right.set_title("Log-weights of 400")
        lines = LineCollection([], colors=Q.color, linewidths=1.5, alpha=0.7)
        return fig, {
            "paths": left.add_collection(lines),
            "weights": right.plot([], [], color=Q.color, linewidth=3, drawstyle="steps-post")[0],
            "evidence": right.plot([], [], **TRUTH.line)[0],
            "bound": right.plot([], [], **BOUND.line)[0],
            "evidence_label": right.text(-15.7, 0.68, "", color=TRUTH.ink),
            "bound_label": right.text(-15.7, 0.61, "", color=BOUND.ink),
            "spread": right.text(-15.7, 0.54, "", color=Q.ink),
        }

    def update(share: float, dt: float) -> dict:
        x, log_w, bound = steered(share, dt)
        exact, spread = evidence(dt), log_w.std().item()
        shares = np.histogram(log_w.clamp(-15.9, -0.1), EDGES)[0] / len(log_w)
        return {
            "paths": segments(x, dt, 10),
            "weights": (EDGES, np.append(shares, 0)),
            "evidence": ([exact] * 2, [0, 0.5]),
            "bound": ([bound] * 2, [0, 0.5]),
            "evidence_label": f"evidence {exact:.2f}".replace("-", "−"),
            "bound_label": f"ELBO {bound:.2f}".replace("-", "−"),
            "spread": f"sd of log w {spread:.2f}",
            "alt": f"Paths steered by {share:g} times the best push, in steps of {dt:g}. The evidence is "
            f"{exact:.2f} nats, the ELBO {bound:.2f}; the log-weights of 400 paths have standard "
            f"deviation {spread:.2f}.".replace(" -", " −"),
        }

    controls = {
        "share": widgets.FloatSlider(
            value=0.5,
            min=0,
            max=1.5,
            step=0.25,
            readout_format=".2f",
            description="push, × the best",
        ),
        "dt": widgets.SelectionSlider(options=STEPS, value=0.1, description="step dt"),
    }
    strip = [{"share": s, "dt": dt} for s, dt in ((0.0, 0.1), (1.0, 0.1), (1.0, 0.025))]
    return Explorer(scene, update, controls, strip)


def log_weight(fit, u, eps, dt):
    """fit: (P,), log p(y | path). u, eps: (T, P), pushes and standard normal noise. Returns (P,)."""
    cost = 0.5 * u.square().sum(0) * dt + dt**0.5 * (u * eps).sum(0)
    return fit - cost


def _variant(half=0.5, width=lambda dt: dt**0.5, sign=1.0, time=lambda dt: dt, total=torch.sum):
    def attempt(fit, u, eps, dt):
        return fit - half * total(u**2, 0) * time(dt) - sign * width(dt) * total(u * eps, 0)

    return attempt


def _over_all(fit, u, eps, dt):
    return fit - (0.5 * u**2 * dt + dt**0.5 * u * eps).sum()


def _upside_down(fit, u, eps, dt):
    return fit + (0.5 * u**2 * dt + dt**0.5 * u * eps).sum(0)


def _case(num_steps: int, seed: int, dt: float):
    fit = normal(4, seed=seed)
    return fit, normal(num_steps, 4, seed=seed + 1), normal(num_steps, 4, seed=seed + 2), dt


Exercise(
    "13.2",
    log_weight,
    cases=[_case(6, 0, 0.1), _case(3, 9, 0.3)],
    mistakes=[
        Mistake(_variant(half=1.0), "Half the square: expand both exponents once more."),
        Mistake(_variant(time=lambda dt: 1.0), "Each step costs ½u² times its dt."),
        Mistake(
            _variant(sign=-1.0),
            "The sign of the noise's part: noise along the push makes a path likelier under q, so "
            "its weight smaller.",
        ),
        Mistake(
            _variant(width=lambda dt: 0.0),
            "That is the ELBO's integrand. Of one path the product of push and noise counts, too; "
            "only its mean is 0.",
        ),
        Mistake(_variant(width=lambda dt: 1.0), "The noise of a step is √dt ε, not ε."),
        Mistake(_variant(width=lambda dt: dt), "The noise of a step is √dt ε, not dt ε."),
        Mistake(_variant(half=-0.5), "p over q: the ½u²dt is lost, not gained."),
        Mistake(_variant(total=torch.mean), "A path's log-weight is the sum over its steps."),
        Mistake(_over_all, "Sum over the steps, .sum(0): every path has a weight of its own."),
        Mistake(
            lambda fit, u, eps, dt: log_weight(0 * fit, u, eps, dt),
            "That is the steps' part alone. How well does the path fit the data?",
        ),
        Mistake(_upside_down, "Model over q: you have log q less log p of the steps."),
        Mistake(
            _variant(time=lambda dt: dt**2),
            "Between the means lies σu dt; its square is divided by 2σ²dt. One dt is left.",
        ),
    ],
    nudge="Under q a step ends σ√dt ε away from its mean, x + (f + σu) dt. Seen from the model, whose "
    "mean is x + f dt, the same end is σu dt + σ√dt ε away. Take the difference of −(…)²/(2σ²dt).",
    formula="$$-\\frac{(\\sigma u\\,dt+\\sigma\\sqrt{dt}\\,\\varepsilon)^2-(\\sigma\\sqrt{dt}\\,"
    "\\varepsilon)^2}{2\\sigma^2dt}=-\\tfrac12u^2dt-u\\sqrt{dt}\\,\\varepsilon$$",
)
