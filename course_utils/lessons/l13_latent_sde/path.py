"""1, a random path: noise and drift in a step, the model's paths, exercise 13.1."""

import math

import torch
from matplotlib.collections import LineCollection
from torch import Tensor

from course_utils.diffusions import sde
from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l13_latent_sde.cases import segments

PRIOR, DATA = style.ROLES["prior"], style.ROLES["data"]


def poll_step() -> Poll:
    """Which of the two rules a short time."""
    return Poll(
        "dX = −X dt + dW. The path is at X = 1, and the next step is short: dt = 0.0001. By how much "
        "does X move in it?",
        [
            Option(
                "by 0.0001 or so: drift and noise alike",
                False,
                "The noise has variance dt, so its size is √dt.",
            ),
            Option(
                "by 0.0001 for certain: in so short a time noise averages out",
                False,
                "Over long times it is the drift that wins. Over short ones √dt is far above dt.",
            ),
            Option(
                "by 0.01 or so, up or down: the drift's 0.0001 hardly counts",
                True,
                "√0.0001 = 0.01. A path has no slope: its steps divided by dt grow as 1/√dt.",
            ),
        ],
    )


def plot_paths(x: Tensor, dt: float, seen: sde.Seen) -> Picture:
    """Paths of the model, and what was seen of another one."""
    fig, ax = style.subplots()
    lines = LineCollection(segments(x, dt, 8), colors=PRIOR.color, linewidths=1.5, alpha=0.75)
    ax.add_collection(lines)
    ax.errorbar(seen.times, seen.y, 2 * seen.scale, fmt="o", color=DATA.color, markersize=9, lw=2.5)
    ax.set(xlim=(0, 5.15), ylim=(-2.6, 3.6), xlabel="time $t$", ylabel="$X_t$")
    ax.text(0.05, 3.05, "— eight paths of the model", color=PRIOR.ink)
    ax.text(2.9, 3.05, "● seen, ± 2 sd of its noise", color=DATA.ink)
    ax.set_title("Five numbers seen, a hundred steps between")
    return figure(
        fig,
        alt=f"Eight paths of the model, {len(x) - 1} steps each, wandering with standard deviation "
        f"{x.std():.2f}, and five observations at times 1 to 5: "
        f"{', '.join(f'{y:.2f}'.replace('-', '−') for y in seen.y.tolist())}, each ± {2 * seen.scale:.1f}.",
    )


def walk(f, u, sigma, start, eps, dt):
    """f(x): (P,). u(k, x): (P,). start: (P,). eps: (T, P), standard normal. Returns x, (T + 1, P)."""
    x = [start]
    for k in range(len(eps)):
        move = (f(x[k]) + sigma * u(k, x[k])) * dt
        x.append(x[k] + move + sigma * math.sqrt(dt) * eps[k])
    return torch.stack(x)


def _variant(
    noise=lambda dt: math.sqrt(dt),
    strength=lambda sigma: sigma,
    drift=True,
    fresh=True,
    here=True,
    clock=lambda k, dt: k,
):
    def attempt(f, u, sigma, start, eps, dt):
        x = [start]
        for k in range(len(eps)):
            at = x[k] if here else start
            push = strength(sigma) * u(clock(k, dt), at)
            move = ((f(at) if drift else 0) + push) * dt
            x.append(x[k] + move + sigma * noise(dt) * eps[k if fresh else 0])
        return torch.stack(x)

    return attempt


def _without_dt(f, u, sigma, start, eps, dt):
    x = [start]
    for k in range(len(eps)):
        x.append(x[k] + f(x[k]) + sigma * u(k, x[k]) + sigma * math.sqrt(dt) * eps[k])
    return torch.stack(x)


def _noise_without_sigma(f, u, sigma, start, eps, dt):
    return walk(f, u, sigma, start, eps / sigma, dt)


def _variance_as_scale(f, u, sigma, start, eps, dt):
    return walk(f, u, sigma, start, eps * sigma * math.sqrt(dt), dt)


def _moves_alone(f, u, sigma, start, eps, dt):
    x = [start]
    for k in range(len(eps)):
        x.append((f(x[k]) + sigma * u(k, x[k])) * dt + sigma * math.sqrt(dt) * eps[k])
    return torch.stack(x)


def _case(num_steps: int, seed: int, sigma: float, dt: float):
    eps, start = normal(num_steps, 3, seed=seed), normal(3, seed=seed + 1)
    return (lambda x: -x - x**3 / 9), (lambda k, x: 1 + 0.3 * k - x), sigma, start, eps, dt


Exercise(
    "13.1",
    walk,
    cases=[_case(5, 0, 0.7, 0.1), _case(3, 7, 1.6, 0.04)],
    mistakes=[
        Mistake(
            _variant(noise=lambda dt: dt), "dW has variance dt: its standard deviation is √dt."
        ),
        Mistake(_variant(noise=lambda dt: 1.0), "A step's noise must shrink with dt: √dt times ε."),
        Mistake(
            _variant(strength=lambda sigma: 1), "The push enters as σu: it is measured in noise."
        ),
        Mistake(_variant(fresh=False), "One noise for all steps: step k needs its own, eps[k]."),
        Mistake(_variant(drift=False), "Where is the model's own drift f?"),
        Mistake(
            _variant(here=False), "Drift and push are those of the place where the path is now."
        ),
        Mistake(_without_dt, "Drift and push are rates: times dt."),
        Mistake(_noise_without_sigma, "dW is multiplied by σ, too."),
        Mistake(_variant(strength=lambda sigma: 0), "Where is the push u?"),
        Mistake(
            _variant(clock=lambda k, dt: k * dt), "u(k, x) takes the number of the step, not k dt."
        ),
        Mistake(
            _variant(clock=lambda k, dt: k + 1), "The push of step k is u(k, ·): k begins at 0."
        ),
        Mistake(_variance_as_scale, "σ²dt is a variance; ε must be multiplied by its root."),
        Mistake(_moves_alone, "That is only how far it moves: add where it was."),
    ],
    nudge="One step: where it is, plus a rate times dt, plus noise of variance σ²dt.",
    formula="$$x_{k+1}=x_k+\\big(f(x_k)+\\sigma u_k(x_k)\\big)dt+\\sigma\\sqrt{dt}\\,\\varepsilon_k$$",
)
