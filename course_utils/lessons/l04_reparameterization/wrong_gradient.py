"""Section 7, the wrong gradient: the climb with sample() where rsample() is meant."""

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction

TRUTH, Q, BOUND = (style.ROLES[role] for role in ("truth", "q", "bound"))
SHARES = [0.1, 0.25, 0.5, 0.75, 0.9]  # of runs that end nearer than the one shown


def predict_descent(right: Tensor, wrong: Tensor, posterior: Normal, evidence: float) -> Prediction:
    """Ask what the wrong gradient does, then watch it."""
    question = (
        "To climb the ELBO, someone samples z and averages log p(x, z) − log q(z), but writes "
        "q.sample() where q.rsample() is meant. What happens?"
    )
    options = [
        Option("PyTorch raises an error", False, "log q(z) still contains μ and s: it runs."),
        Option(
            "q settles in the wrong place",
            False,
            "The gradient that is left has mean zero at every μ and s: it pulls q nowhere.",
        ),
        Option(
            "q wanders at random",
            True,
            "log p(x, z) has lost its gradient. What is left, −∇ log q(z), is noise with mean zero.",
        ),
        Option("The loss becomes NaN", False, "All numbers stay finite, and look like a loss."),
    ]
    return predict(question, options, explore_descent(right, wrong, posterior, evidence))


def explore_descent(right: Tensor, wrong: Tensor, posterior: Normal, evidence: float) -> Explorer:
    """The same climb with the right and with the wrong gradient, step by step.

    right, wrong: (T, R, 2), mean and scale of q after every step of R runs. posterior: N(m, v).
    evidence: log p(x), so that log p(x, z) = log p(x) + log posterior(z). The runs shown are
    chosen by where the wrong gradient ends: its share of runs ends nearer to the posterior.
    """
    ends = kl_divergence(Normal(wrong[-1, :, 0], wrong[-1, :, 1]), posterior)
    order = ends.argsort()[[int(share * (len(ends) - 1)) for share in SHARES]]
    paths = {"right": right[:, order], "wrong": wrong[:, order]}
    num_steps, axis = len(right) - 1, np.linspace(-4, 5, 181)
    generator = torch.Generator().manual_seed(0)
    eps = torch.randn(10, len(right), len(order), generator=generator, dtype=right.dtype)
    gaps, losses = {}, {}
    for name, path in paths.items():
        q = Normal(path[..., 0], path[..., 1])
        gaps[name] = kl_divergence(q, posterior)
        z = q.loc + q.scale * eps
        printed = (q.log_prob(z) - posterior.log_prob(z) - evidence).mean(0)
        losses[name] = _running_mean(printed, 20)

    def bell(mean: Tensor, scale: Tensor) -> np.ndarray:
        return np.exp(-((axis - mean.item()) ** 2) / (2 * scale.item() ** 2))

    def scene():
        fig, (left, right_ax) = style.subplots(2)
        exact = left.plot(axis, bell(posterior.loc, posterior.scale), **TRUTH.line)[0]
        lines = {
            "right": left.plot([], [], **Q.line)[0],
            "wrong": left.plot([], [], **Q.line | {"linestyle": ":"})[0],
        }
        left.legend(
            [exact, *lines.values()],
            ["posterior", *lines],
            loc="upper left",
            ncols=3,
            frameon=False,
            handlelength=1.4,
            columnspacing=0.8,
            handletextpad=0.4,
            borderaxespad=0,
        )
        left.set(xlim=(-4, 5), xticks=range(-4, 5, 2), ylim=(0, 1.85), yticks=[0, 0.5, 1])
        left.set(xlabel="latent $z$", ylabel="density / maximum", title="One arrives, one drifts")
        right_ax.axhline(-evidence, **TRUTH.line)
        floor = f"$-\\log\\,p(x)$ = {-evidence:.2f}"
        right_ax.text(num_steps, -evidence - 0.4, floor, color=TRUTH.ink, ha="right", va="top")
        right_ax.set(xlim=(0, num_steps), ylim=(2, 26), yticks=[5, 10, 15, 20])
        right_ax.set(xlabel="step", ylabel="printed loss (nats)", title="Both print a loss")
        return fig, lines | {
            "gap": left.text(-3.9, 1.12, ""),
            "right_loss": right_ax.plot([], [], **BOUND.line)[0],
            "wrong_loss": right_ax.plot([], [], **BOUND.line | {"linestyle": ":"})[0],
            "printed": right_ax.text(0.03 * num_steps, 25.7, "", va="top"),
        }

    def update(step: int, share: float) -> dict:
        run = SHARES.index(share)
        now = {name: path[step, run] for name, path in paths.items()}
        gap = {name: values[step, run].item() for name, values in gaps.items()}
        loss = {name: values[: step + 1, run] for name, values in losses.items()}
        last = {name: values[-1].item() for name, values in loss.items()}
        steps = np.arange(step + 1)
        shown = {name: np.where(values < 23, values, np.nan) for name, values in loss.items()}
        return {name: (axis, bell(*state)) for name, state in now.items()} | {
            "gap": f"gap to the posterior (nats):\nright {gap['right']:.2f}, wrong {gap['wrong']:.2f}",
            "right_loss": (steps, shown["right"]),
            "wrong_loss": (steps, shown["wrong"]),
            "printed": f"right {last['right']:.2f}, wrong {last['wrong']:.2f}",
            "alt": f"The run of which {share:.0%} end nearer, after {step} steps. With the right "
            f"gradient q has mean {now['right'][0]:.2f} and width {now['right'][1]:.2f}, "
            f"{gap['right']:.2f} nats from the posterior; the printed loss is {last['right']:.2f}. "
            f"With the wrong one it has mean {now['wrong'][0]:.2f} and width "
            f"{now['wrong'][1]:.2f}, {gap['wrong']:.2f} nats away, and prints "
            f"{last['wrong']:.2f}. No loss can be below {-evidence:.2f} on average.",
        }

    controls = {
        "step": widgets.IntSlider(value=100, min=0, max=num_steps, step=5, description="step"),
        "share": widgets.SelectionSlider(
            options=[(_place(share), share) for share in SHARES], value=0.5, description="run"
        ),
    }
    strip = [{"step": num_steps, "share": share} for share in (0.1, 0.5, 0.9)]
    return Explorer(scene, update, controls, strip)


def _place(share: float) -> str:
    return "the median run" if share == 0.5 else f"{share:.0%} end nearer"


def _running_mean(values: Tensor, window: int) -> Tensor:
    """The mean of the last `window` rows (of all so far, in the beginning). (T, R)"""
    sums = torch.cat([torch.zeros_like(values[:1]), values.cumsum(0)])
    ends = torch.arange(1, len(sums))
    starts = (ends - window).clamp(min=0)
    return (sums[ends] - sums[starts]) / (ends - starts)[:, None]
