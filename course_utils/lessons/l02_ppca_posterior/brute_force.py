"""2 · Turn it round, by brute force: prior times likelihood, for any x and noise."""

from math import sqrt

import ipywidgets as widgets
import numpy as np

from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l02_ppca_posterior.toy_model import ACROSS, ALONG, toy

DATA, PRIOR, TRUTH = style.ROLES["data"], style.ROLES["prior"], style.ROLES["truth"]
MODEL = style.ROLES["model"]


def predict_posterior() -> Prediction:
    """Ask what the posterior does when x leaves the line, then move x."""
    question = "The point x moves away from the line, at a right angle to it. The posterior of z …"
    options = [
        Option(
            "widens",
            False,
            "Its variance σ²/(σ² + ‖w‖²), derived below, does not contain x at all.",
        ),
        Option(
            "narrows",
            False,
            "Its variance σ²/(σ² + ‖w‖²), derived below, does not contain x at all.",
        ),
        Option("moves", False, "Its mean contains x only through wᵀ(x − μ), which stays the same."),
        Option(
            "does not change",
            True,
            "Every z explains the new x worse, but by the same factor. "
            "Only the evidence p(x) falls: the model is surprised, not undecided.",
        ),
    ]
    return predict(question, options, explore_posterior())


def explore_posterior() -> Explorer:
    """Prior times likelihood gives the posterior: move x, change the noise."""
    z = np.linspace(-4, 4, 401)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.25])
        left.plot([-4, 4], [-4, 4], **MODEL.line)
        left.text(-3.3, -2.2, "$w z$", color=MODEL.ink)
        left.set(xlim=(-4.2, 4.2), ylim=(-4.2, 4.2), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
        left.set_title("Data space")
        right.plot(z, np.exp(-(z**2) / 2), **PRIOR.line, label="prior")
        likelihood = right.plot([], [], **MODEL.line, label="likelihood")[0]
        posterior = right.plot([], [], **TRUTH.line, label="posterior")[0]
        right.legend(
            loc="upper left",
            ncols=3,
            frameon=False,
            handlelength=1.5,
            columnspacing=0.8,
            handletextpad=0.4,
            borderaxespad=0,
        )
        right.set(xlim=(-4, 4), ylim=(0, 1.6), xlabel="latent $z$", ylabel="density / maximum")
        right.set_yticks([0, 0.5, 1])
        right.set_title("Latent space")
        return fig, {
            "offset": left.plot([], [], color=style.GUIDE, linewidth=2, linestyle="--")[0],
            "spread": left.plot([], [], color=TRUTH.color, linewidth=10, alpha=0.45)[0],
            "mean": left.plot([], [], "s", color=TRUTH.color, markersize=11)[0],
            "x": left.plot([], [], **DATA.dots | {"markersize": 11})[0],
            "x_label": left.text(0, 0, "$x$", color=DATA.ink, ha="center", va="center"),
            "likelihood": likelihood,
            "posterior": posterior,
            "numbers": right.text(-3.9, 1.3, "", color=TRUTH.ink),
            "evidence": right.text(-3.9, 1.14, "", color=TRUTH.ink),
        }

    def update(sigma2: float, along: float, across: float) -> dict:
        x = along * ALONG + across * ACROSS
        model = toy(sigma2)
        q = model.posterior(x[None])
        mean, sd = q.mean.item(), q.variance.sqrt().item()
        misfit = ((x.numpy() - z[:, None]) ** 2).sum(1) / (2 * sigma2)
        ends = np.array([mean - 2 * sd, mean + 2 * sd])
        evidence = model.log_evidence(x[None]).item()
        inwards = 0.7 if across >= 0 else -0.7  # where neither line nor frame is
        return {
            "offset": ([x[0], along / sqrt(2)], [x[1], along / sqrt(2)]),
            "spread": (ends, ends),
            "mean": ([mean], [mean]),
            "x": ([x[0]], [x[1]]),
            "x_label": (x[0].item() + inwards, x[1].item(), "$x$"),
            "likelihood": (z, np.exp(misfit.min() - misfit)),
            "posterior": (z, np.exp(-((z - mean) ** 2) / (2 * sd**2))),
            "numbers": f"posterior: mean {mean:.2f}, sd {sd:.2f}",
            "evidence": f"log evidence: {evidence:.1f} nats",
            "alt": f"The point x lies {along:.1f} along the line and {across:.1f} across it, the noise "
            f"variance is {sigma2:.3g}. The posterior of z is a bell with mean {mean:.2f} and standard "
            f"deviation {sd:.2f}, between prior and likelihood; the log evidence is {evidence:.1f} nats.",
        }

    controls = {
        "sigma2": widgets.FloatLogSlider(
            value=10**-0.3, min=-2, max=1, step=0.05, description="noise variance σ²"
        ),
        "along": widgets.FloatSlider(value=2, min=-3, max=3, description="x along the line"),
        "across": widgets.FloatSlider(
            value=0, min=-2.5, max=2.5, description="x away from the line"
        ),
    }
    strip = [
        {"sigma2": 0.5, "along": 2.0, "across": 0.0},
        {"sigma2": 0.5, "along": 2.0, "across": 2.5},
        {"sigma2": 5.0, "along": 2.0, "across": 0.0},
    ]
    return Explorer(scene, update, controls, strip)
