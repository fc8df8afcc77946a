"""3, what is still to come: messages backwards in time, exercise 13.3."""

import math

import ipywidgets as widgets
import torch

from course_utils.diffusions import push, sde
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l13_latent_sde.cases import DT, FIVE, SIGMA, THETA

DATA, TRUTH, Q = (style.ROLES[name] for name in ("data", "truth", "q"))
X = torch.linspace(-2, 2, 81).double()


def predict_ahead() -> Prediction:
    """Ask which data the push depends on, then move one of them."""
    question = (
        "The best push u(t, x) is told the time t and the place x. Which of the observations does it "
        "depend on?"
    )
    options = [
        Option(
            "on those after t alone",
            True,
            "Given X_t = x the past says nothing of what follows: the state is all that it has left.",
        ),
        Option("on all of them", False, "As a smoother does. But x is given here."),
        Option("on those before t alone", False, "They brought the path to x, and no further."),
        Option("on the nearest one", False, "Move y₂ while t is before 1, and after 2."),
    ]
    return predict(question, options, explore_ahead())


def explore_ahead() -> Explorer:
    """Left: the data, and what those to come say of X_t. Right: the push as a function of x."""

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.15, 1])
        left.set(xlim=(0, 5.15), ylim=(-2.2, 2.9), xlabel="time $t$", ylabel="$X_t$")
        left.set_title("Still to come, and past")
        right.axhline(0, color=style.GUIDE, linewidth=1.5)
        right.set(xlim=(-2, 2), ylim=(-8, 8), xlabel="$x$", title="The push $u(t, x)$")
        return fig, {
            "past": left.plot([], [], **DATA.dots | {"markersize": 11, "fillstyle": "none"})[0],
            "future": left.plot([], [], **DATA.dots | {"markersize": 11})[0],
            "now": left.plot([], [], color=style.GUIDE, linewidth=1.5)[0],
            "said": left.plot([], [], color=TRUTH.color, linewidth=8, alpha=0.6)[0],
            "said_label": left.text(0.1, 2.5, "", color=TRUTH.ink),
            "push": right.plot([], [], **Q.line)[0],
            "zero": right.plot([], [], **Q.dots | {"markersize": 12, "marker": "D"})[0],
        }

    def update(t: float, y2: float) -> dict:
        y = FIVE.y.clone()
        y[1] = y2
        seen = sde.Seen(y, FIVE.times, FIVE.scale)
        k = round(t / DT)
        precision, shift = (part[k + 1].item() for part in push.backward(THETA, SIGMA, seen, DT))
        _, best = push.linear(THETA, SIGMA, seen, DT)
        mean, width = shift / precision, precision**-0.5
        ahead = seen.times > t + 1e-9
        u = best(k, X)
        place = X[u.abs().argmin()].item()
        return {
            "past": (seen.times[~ahead], y[~ahead]),
            "future": (seen.times[ahead], y[ahead]),
            "now": ([t, t], [-2.2, 2.3]),
            "said": ([t, t], [max(-2.2, mean - width), min(2.3, mean + width)]),
            "said_label": f"data to come: {mean:z.2f} ± {width:.2f}".replace("-", "−"),
            "push": (X, u),
            "zero": ([place], [0.0]),
            "alt": f"Five observations, the second at {y2:.2f}. Those after t = {t:.1f} say of the state "
            f"at that time {mean:z.2f} ± {width:.2f}. The push is a falling line in x, "
            f"{u[0]:z.1f} at x = −2, {u[-1]:z.1f} at x = 2, and 0 near {place:z.2f}.".replace(
                " -", " −"
            ),
        }

    controls = {
        "t": widgets.FloatSlider(
            value=0.5, min=0, max=4.9, step=0.1, readout_format=".1f", description="time t"
        ),
        "y2": widgets.FloatSlider(
            value=0.3,
            min=-1.5,
            max=1.5,
            step=0.1,
            readout_format=".1f",
            description="move y₂ (at t = 2)",
        ),
    }
    strip = [{"t": t, "y2": y2} for t, y2 in ((1.9, 0.3), (1.9, 1.5), (2.1, 1.5))]
    return Explorer(scene, update, controls, strip)


def message(Lambda, eta, y, s, a, v):
    """At t_i, data after it: (Lambda, eta). y, s: seen at t_i. Returns (Lambda, eta) at t_i - delta."""
    Lambda, eta = Lambda + 1 / s**2, eta + y / s**2  # before the move: y was seen at its end
    c = 1 / (1 + v * Lambda)
    return a**2 * c * Lambda, a * c * eta


def _variant(
    power=2, pull=1, shrink=1, shrink_eta=1, before=True, scale=lambda s: s**2, noise=lambda v: v
):
    def attempt(Lambda, eta, y, s, a, v):
        if before:
            Lambda, eta = Lambda + 1 / scale(s), eta + y / scale(s)
        c = 1 / (1 + noise(v) * Lambda)
        Lambda, eta = a**power * c**shrink * Lambda, a**pull * c**shrink_eta * eta
        return (Lambda, eta) if before else (Lambda + 1 / scale(s), eta + y / scale(s))

    return attempt


def _unseen(Lambda, eta, y, s, a, v):
    c = 1 / (1 + v * Lambda)
    return a**2 * c * Lambda, a * c * eta


def _bare_y(Lambda, eta, y, s, a, v):
    Lambda, eta = Lambda + 1 / s**2, eta + y
    c = 1 / (1 + v * Lambda)
    return a**2 * c * Lambda, a * c * eta


def _forwards(Lambda, eta, y, s, a, v):
    """Kalman's prediction: the law of a X + noise, from a law of X."""
    Lambda, eta = Lambda + 1 / s**2, eta + y / s**2
    precision = 1 / (a**2 / Lambda + v)
    return precision, precision * a * eta / Lambda


def _mean(Lambda, eta, y, s, a, v):
    Lambda, eta = message(Lambda, eta, y, s, a, v)
    return Lambda, eta / Lambda


Exercise(
    "13.3",
    message,
    cases=[
        (0.0, 0.0, 0.7, 0.4, math.exp(-0.5), 0.3),
        (3.1, -1.2, 0.2, 0.8, math.exp(-0.2), 0.9),
        (0.4, 2.0, -1.3, 1.5, 0.6, 0.25),
    ],
    mistakes=[
        Mistake(
            _variant(power=1), "x enters as a x, so its square with a²: look at the precision."
        ),
        Mistake(_variant(pull=2), "x enters as a x: the shift, linear in x, has a, not a²."),
        Mistake(
            _variant(shrink=0, shrink_eta=0),
            "On the way noise comes in, of variance v: what is said of X at the end says less of "
            "the X at the beginning.",
        ),
        Mistake(_variant(before=False), "y was seen at the end: add it before you move back."),
        Mistake(_variant(scale=lambda s: s), "s is a standard deviation: precision 1/s²."),
        Mistake(_unseen, "Where is the observation y?"),
        Mistake(_variant(noise=lambda v: v**2), "v is a variance already."),
        Mistake(
            _variant(shrink_eta=0), "The noise of the way weakens the shift as well: the same c."
        ),
        Mistake(
            _variant(power=-2, pull=-1),
            "You divided by a. Λx²/2 is a form in the end; put a x there, and a² comes in as a factor.",
        ),
        Mistake(_bare_y, "y enters the shift weighed by its precision: y/s²."),
        Mistake(
            _forwards,
            "That carries a message forwards, as a filter predicts. Here the X at the beginning is "
            "asked about, and a X plus noise is what is known.",
        ),
        Mistake(_mean, "That is the mean η/Λ. The shift η is asked for."),
    ],
    nudge="(Λ, η) says as much as one observation, η/Λ, with variance 1/Λ. Of X at the end, that is. "
    "X at the end is a x plus noise of variance v: so of a x it is an observation with variance …?",
    formula="$$\\Lambda^+=\\Lambda+\\frac1{s^2},\\quad\\eta^+=\\eta+\\frac y{s^2};\\qquad"
    "\\Lambda'=\\frac{a^2\\Lambda^+}{1+v\\Lambda^+},\\quad\\eta'=\\frac{a\\,\\eta^+}{1+v\\Lambda^+}$$",
)
