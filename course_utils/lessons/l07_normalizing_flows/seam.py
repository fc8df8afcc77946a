"""6, a flow as posterior: both sides of the seam, and exercise 07.5."""

from collections.abc import Mapping

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

TRUTH, Q = style.ROLES["truth"], style.ROLES["q"]


def kl(log_q: Tensor, log_p: Tensor, nodes: Tensor) -> Tensor:
    """KL(q || p) in nats by the trapezoid rule, for log densities (..., G) at the nodes (G,)."""
    return torch.trapezoid(log_q.exp() * (log_q - log_p), nodes)


def predict_seam(
    nodes: Tensor, log_posterior: Tensor, log_gaussian: Tensor, runs: Mapping[str, Tensor]
) -> Prediction:
    """Ask which gradient of the ELBO finds both modes, then watch."""
    question = (
        "A spline flow can have both modes. From N(0, 1) it climbs the ELBO at the seam, five times "
        "over. Which gradient of lesson 04 leads it to both modes, half its mass on each?"
    )
    options = [
        Option(
            "the pathwise one",
            False,
            "A sample knows the slope where it stands, and nothing of the hill behind the valley. "
            "How much mass ends on either side is chance.",
        ),
        Option(
            "the score function's",
            False,
            "It compares samples on both sides, but the valley is emptied in a few steps, towards "
            "whichever mode is ahead by then.",
        ),
        Option(
            "neither",
            True,
            "The likelihood is so sharp that the first steps decide. It must be let in slowly; and "
            "then only one of the two gets the halves right.",
        ),
    ]
    return predict(question, options, explore_seam(nodes, log_posterior, log_gaussian, runs))


def explore_seam(
    nodes: Tensor, log_posterior: Tensor, log_gaussian: Tensor, runs: Mapping[str, Tensor]
) -> Explorer:
    """Training at the seam, watched: the flow, the true posterior, the best Gaussian.

    log_posterior, log_gaussian: log densities (G,) at the nodes (G,). runs: {gradient: log q
    (R, T, G) of R runs at T times, evenly spaced over the training}.
    """
    least = kl(log_gaussian, log_posterior, nodes).item()
    gaps = {name: kl(log_q, log_posterior, nodes).tolist() for name, log_q in runs.items()}
    num_runs, most = next(iter(runs.values())).shape[0], next(iter(runs.values())).shape[1] - 1
    top = 1.45 * max(log_posterior.exp().max().item(), log_gaussian.exp().max().item())

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-4.5, 4.5), ylim=(0, top), xlabel="latent z", ylabel="density")
        ax.set_title("A posterior with two modes, and what q makes of it")
        ax.plot(nodes, log_posterior.exp(), **TRUTH.line)
        ax.plot(nodes, log_gaussian.exp(), **Q.line | {"linestyle": ":"})
        ax.text(-1.4, 0.94 * top, "— true posterior", color=TRUTH.ink, va="top")
        ax.text(-1.4, 0.84 * top, f"···· best Gaussian, KL {least:.3f}", color=Q.ink, va="top")
        return fig, {
            "flow": ax.plot([], [], **Q.line)[0],
            "numbers": ax.text(-1.4, 0.74 * top, "", color=Q.ink, va="top"),
        }

    def update(gradient: str, run: int, time: int) -> dict:
        density, gap = runs[gradient][run - 1, time].exp(), gaps[gradient][run - 1][time]
        right = torch.trapezoid(density * (nodes > 0), nodes).item()
        return {
            "flow": (nodes, density),
            "numbers": f"- - flow, KL {gap:.3f}",
            "alt": f"{gradient}, run {run}, after {time / most:.0%} of the training: the flow has "
            f"{right:.0%} of its mass at z > 0 and KL {gap:.3f} nats to the posterior, which has two equal "
            f"modes; the best Gaussian has KL {least:.3f}.",
        }

    controls = {
        "gradient": widgets.Dropdown(options=list(runs), description="gradient"),
        "run": widgets.IntSlider(value=1, min=1, max=num_runs, description="run"),
        "time": widgets.IntSlider(value=most, min=0, max=most, description="time in training"),
    }
    strip = [{"gradient": name, "run": k, "time": most} for name in runs for k in (1, num_runs)]
    return Explorer(scene, update, controls, strip)


def score_weights(log_q: Tensor, log_prior: Tensor, log_likelihood: Tensor, power: float) -> Tensor:
    """The weight (S,) of every sample's grad log q in the gradient of KL(q || tempered)."""
    cost = log_q - log_prior - power * log_likelihood
    return cost - cost.mean()


Exercise(
    "07.5",
    score_weights,
    cases=[
        (normal(6), normal(6, seed=1), 5 * normal(6, seed=2), 0.3),
        (normal(4, seed=3), normal(4, seed=4), 5 * normal(4, seed=5), 1.0),
    ],
    mistakes=[
        Mistake(
            lambda log_q, log_prior, log_likelihood, power: (
                log_q - log_prior - power * log_likelihood
            ),
            "Unbiased, but without the baseline. Subtract the mean of ℓ over the samples.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, power: (
                score_weights(log_q, log_prior, log_likelihood, power)
                * (len(log_q) / (len(log_q) - 1))
            ),
            "A mean over the other samples: unbiased, and as good. Here take it over all of them.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, power: (
                -score_weights(log_q, log_prior, log_likelihood, power)
            ),
            "The sign: these weights belong to the KL, which is to fall, not to the ELBO.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, power: score_weights(
                log_q, power * log_prior, log_likelihood, power
            ),
            "The power belongs to the likelihood alone: at η = 0 the target is the prior.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, power: score_weights(
                log_q, log_prior, log_likelihood, 1.0
            ),
            "η is missing: the likelihood counts in full from the first step.",
        ),
        Mistake(
            lambda log_q, log_prior, log_likelihood, power: score_weights(
                torch.zeros_like(log_q), log_prior, log_likelihood, power
            ),
            "log q is missing: without its entropy q shrinks onto one point.",
        ),
    ],
    nudge="ℓ is log q minus the log of the tempered target; its mean is the baseline.",
    formula="$$\\ell = \\log q(z) - \\log p(z) - \\eta\\log p(x\\mid z),\\qquad "
    "\\nabla\\mathrm{KL} \\approx \\frac1S\\sum_s (\\ell_s - \\bar\\ell)\\,\\nabla\\log q(z_s)$$",
)
