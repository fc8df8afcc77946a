"""6 · Learning W, μ and σ² in closed form: what the noise and the latents make of a spectrum."""

import ipywidgets as widgets
import numpy as np
import torch

from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l02_ppca_posterior.closed_form import best_log_likelihood

DATA, TRUTH, MODEL = style.ROLES["data"], style.ROLES["truth"], style.ROLES["model"]
SPECTRUM = torch.tensor([4.0, 2.0, 1.2, 0.6, 0.4, 0.2], dtype=torch.float64)


def predict_noise() -> Prediction:
    """Ask for the likeliest noise variance, then move it."""
    question = (
        "The data's variances along the eigenvectors are 4, 2, 1.2, 0.6, 0.4 and 0.2. "
        "W takes the first two. Which noise variance σ² makes the data most probable?"
    )
    wrong = "The four directions left out must share one variance, "
    options = [
        Option(
            "0.2, the smallest of those left out", False, wrong + "and three of them have more."
        ),
        Option("0.6, the mean of those left out", True, wrong + "and a mean suits all best."),
        Option("1.2, the largest of those left out", False, wrong + "and three of them have less."),
        Option(
            "2.4, the sum of those left out",
            False,
            "That is PCA's loss. The noise of variance σ² enters each direction, not one.",
        ),
    ]
    return predict(question, options, explore_spectrum())


def explore_spectrum() -> Explorer:
    """The variances of data and model, and the likelihood: for every H and every noise."""
    noise = np.logspace(-1.5, 0.7, 111)
    places = np.arange(1, len(SPECTRUM) + 1)

    def height(latent_dim: int, sigma2: float) -> float:
        return best_log_likelihood(SPECTRUM, latent_dim, 1, sigma2).item()

    def scene():
        fig, (left, right) = style.subplots(2)
        left.bar(places, SPECTRUM.numpy(), 0.6, color=style.PALE)
        left.text(6.5, 2.8, "bars: data", color=DATA.ink, ha="right")
        left.text(6.5, 2.3, "line: model", color=MODEL.ink, ha="right")
        left.set(xlabel="eigenvector", ylabel="variance", ylim=(0, 4.4), xticks=places)
        left.set_title("Variances of data and model")
        right.set(xscale="log", xlim=(noise[0], noise[-1]), ylim=(-16, -6))
        right.set(xlabel="noise variance $\\sigma^2$", ylabel="nats per point")
        right.set_title("Likelihood, best W")
        return fig, {
            "model": left.plot([], [], **MODEL.line, drawstyle="steps-mid")[0],
            "likelihood": right.plot([], [], **TRUTH.line)[0],
            "here": right.plot([], [], "o", color=style.INK, markersize=12)[0],
            "numbers": right.text(0.035, -6.8, ""),
        }

    def update(latent_dim: int, sigma2: float) -> dict:
        variances = SPECTRUM.clamp(min=sigma2)
        variances[latent_dim:] = sigma2
        here = height(latent_dim, sigma2)
        return {
            "model": ([0.5, *places, 6.5], variances[[0, *range(6), 5]]),
            "likelihood": (noise, [height(latent_dim, value) for value in noise]),
            "here": ([sigma2], [here]),
            "numbers": f"σ² = {sigma2:.2f}: {here:.2f}",
            "alt": f"With {latent_dim} latents and noise variance {sigma2:.3g} the model's variances are "
            f"{', '.join(f'{v:.2g}' for v in variances.tolist())}; the log-likelihood is {here:.2f} nats "
            "per point, and has one peak over all noise variances.",
        }

    controls = {
        "latent_dim": widgets.IntSlider(value=2, min=1, max=5, description="latent dimensions H"),
        "sigma2": widgets.FloatLogSlider(
            value=0.1, min=-1.5, max=0.7, step=0.05, description="noise variance σ²"
        ),
    }
    strip = [{"latent_dim": 2, "sigma2": s} for s in (0.1, 10**-0.2, 10**0.5)]
    return Explorer(scene, update, controls, strip)
