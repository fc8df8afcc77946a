"""Lesson 02, the PPCA posterior: its questions, explorers, figures and exercises."""

from math import log, pi, sqrt

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from torch import Tensor

from course_utils import ppca
from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.kit.poll import Prediction

DATA, PRIOR, TRUTH = style.ROLES["data"], style.ROLES["prior"], style.ROLES["truth"]
MODEL = style.ROLES["model"]


# Questions


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 00: minimising squared error is maximum likelihood if the noise is …",
            [
                Option(
                    "any noise with mean zero",
                    False,
                    "The mean is then still estimated well, but "
                    "the likelihood is another function.",
                ),
                Option(
                    "Gaussian with the same variance everywhere",
                    True,
                    "Then −log p is the squared error over 2σ², plus a constant.",
                ),
                Option("zero", False, "Without noise the likelihood is not even a density."),
            ],
        ),
        Poll(
            "From lesson 01: the smallest loss of a linear autoencoder with H units is …",
            [
                Option("the sum of the H largest eigenvalues of S", False, "That is what is kept."),
                Option(
                    "zero, after enough training",
                    False,
                    "Only if the data lie in a plane of H dimensions.",
                ),
                Option("the sum of the D − H smallest eigenvalues of S", True, "What is left out."),
            ],
        ),
        Poll(
            "From lesson 01: encoder and decoder are trained without constraint. Their loss determines …",
            [
                Option(
                    "the plane, but not the axes in it",
                    True,
                    "The decoder undoes any invertible mixing of the code.",
                ),
                Option(
                    "the plane and the axes", False, "It sees only the product of the two matrices."
                ),
                Option(
                    "the axes, but not the plane",
                    False,
                    "Any other plane has a larger loss, if λ_H > λ_{H+1}.",
                ),
            ],
        ),
    ][number - 1]


# Explorers

W_TOY = torch.tensor([[1.0], [1.0]], dtype=torch.float64)  # ||w||^2 = 2
ALONG = W_TOY[:, 0] / sqrt(2)
ACROSS = torch.tensor([-1.0, 1.0], dtype=torch.float64) / sqrt(2)


def toy(sigma2: float) -> ppca.PPCA:
    """One latent, two dimensions: w = (1, 1), mu = 0."""
    return ppca.PPCA(W_TOY, torch.zeros(2, dtype=torch.float64), sigma2)


def predict_posterior() -> Prediction:
    """Ask what the posterior does when x leaves the line, then move x."""
    question = "The point x moves straight away from the line. The posterior of z …"
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
        left.text(-3.3, -2.2, "$w z$", color=MODEL.color)
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
            "offset": left.plot([], [], color=DATA.color, linewidth=2, linestyle="--")[0],
            "spread": left.plot([], [], color=TRUTH.color, linewidth=10, alpha=0.45)[0],
            "mean": left.plot([], [], "s", color=TRUTH.color, markersize=11)[0],
            "x": left.plot([], [], **DATA.dots | {"markersize": 11})[0],
            "x_label": left.text(0, 0, "$x$", color=DATA.color, ha="center", va="center"),
            "likelihood": likelihood,
            "posterior": posterior,
            "numbers": right.text(-3.9, 1.3, "", color=TRUTH.color),
            "evidence": right.text(-3.9, 1.14, ""),
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


def explore_collapse(x: Tensor) -> Explorer:
    """Let the noise of the toy model go to 0: the posteriors of x (N, 2) shrink onto the scores."""
    scores = x @ W_TOY[:, 0] / 2  # least squares: (w^T w)^-1 w^T x

    def scene():
        fig, (left, right) = style.subplots(2)
        left.plot([-4, 4], [-4, 4], **MODEL.line | {"linewidth": 2}, zorder=1)
        left.plot(*x.T, **DATA.dots)
        left.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
        left.set_title("Each x and its posterior")
        right.plot([-3, 3], [-3, 3], **TRUTH.line | {"linewidth": 2.5})
        right.text(2.9, 2.95, "$\\sigma^2\\to 0$", color=TRUTH.color, ha="right", va="bottom")
        right.set(
            xlim=(-3, 3), ylim=(-3.4, 3.9), xlabel="least-squares score", ylabel="posterior of $z$"
        )
        right.set_title("Shrunk by one factor")
        return fig, {
            "spreads": left.add_collection(
                LineCollection([], colors=TRUTH.color, linewidths=8, alpha=0.3)
            ),
            "means": left.plot([], [], "s", color=TRUTH.color, markersize=8)[0],
            "slope": right.plot([], [], **TRUTH.line | {"linestyle": "--", "linewidth": 2.5})[0],
            "bars": right.add_collection(
                LineCollection([], colors=TRUTH.color, linewidths=3, alpha=0.6)
            ),
            "points": right.plot([], [], "s", color=TRUTH.color, markersize=8)[0],
            "factor": right.text(-2.8, 3.0, ""),
        }

    def update(sigma2: float) -> dict:
        q = toy(sigma2).posterior(x)
        mean, sd = q.mean[:, 0], q.variance[0, 0].sqrt()
        low, high, factor = mean - 2 * sd, mean + 2 * sd, 2 / (2 + sigma2)
        return {
            "spreads": torch.stack([low, low, high, high], 1).reshape(-1, 2, 2).numpy(),
            "means": (mean, mean),
            "slope": ([-3, 3], [-3 * factor, 3 * factor]),
            "bars": torch.stack([scores, low, scores, high], 1).reshape(-1, 2, 2).numpy(),
            "points": (scores, mean),
            "factor": f"factor {factor:.3f}",
            "alt": f"With noise variance {sigma2:.3g} every posterior mean is {factor:.3f} times the "
            f"least-squares score, with a standard deviation of {sd:.3f} that all points share.",
        }

    slider = widgets.FloatLogSlider(
        value=1, min=-4, max=1, step=0.05, description="noise variance σ²"
    )
    return Explorer(scene, update, {"sigma2": slider}, [{"sigma2": s} for s in (10.0, 1.0, 0.001)])


def explore_reconstructions(train: Tensor, test: Tensor) -> Explorer:
    """Encode a test digit, draw codes from its posterior, decode. train, test: (N, 64)."""
    dims = [1, 2, 5, 10, 20, 40]
    models = {h: ppca.fit(train, h) for h in dims}
    posteriors = {h: model.posterior(test[:20]) for h, model in models.items()}
    spreads = {h: torch.trace(m.W @ m.G @ m.W.T).item() for h, m in models.items()}
    generator = torch.Generator().manual_seed(0)
    eps_z = torch.randn(4, 40, generator=generator, dtype=train.dtype)
    eps_x = torch.randn(4, 64, generator=generator, dtype=train.dtype)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 3.6])
        for ax in (left, right):
            ax.axis("off")
        left.set_title("$x$; mean")
        right.set_title("Four draws: $Wz+\\mu$; below, $\\hat x$ with noise")
        blank = {"cmap": "gray_r", "vmin": 0, "vmax": 1}
        return fig, {
            "pair": left.imshow(mosaic(test[:1], test[:1]), **blank),
            "draws": right.imshow(mosaic(test[:4], test[:4]), **blank),
            "error": right.text(0, 21.5, "", fontsize=18),
        }

    def update(index: int, latent_dim: int) -> dict:
        model, x = models[latent_dim], test[index]
        q = posteriors[latent_dim]
        z = q.mean[index] + eps_z[:, :latent_dim] @ q.scale_tril[index].T
        decoded = z @ model.W.T + model.mu
        noisy = decoded + sqrt(model.sigma2) * eps_x
        centre = q.mean[[index]] @ model.W.T + model.mu
        miss = (x - centre).square().sum().item()
        spread = spreads[latent_dim]
        return {
            "pair": mosaic(x[None], centre),
            "draws": mosaic(decoded, noisy),
            "error": f"E‖x − Wz − μ‖² = {miss:.2f} (mean) + {spread:.2f} (spread)",
            "alt": f"Test digit {index} and its mean reconstruction from H = {latent_dim}, then four "
            f"draws from the posterior decoded, without and with pixel noise of variance "
            f"{model.sigma2:.4f}. The expected squared error is {miss:.2f} for the mean plus {spread:.2f} "
            "for the spread of the posterior.",
        }

    controls = {
        "index": widgets.IntSlider(value=3, min=0, max=19, description="test image"),
        "latent_dim": widgets.SelectionSlider(
            options=dims, value=10, description="latent dimensions H"
        ),
    }
    strip = [{"index": 3, "latent_dim": h} for h in (2, 10, 40)]
    return Explorer(scene, update, controls, strip)


# Figures


def plot_samples(model: ppca.PPCA, z: Tensor, x: Tensor) -> Picture:
    """How the model makes data: z (N, 1) to the line, noise to x (N, 2)."""
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.2])
    grid = np.linspace(-3.5, 3.5, 201)
    left.plot(grid, np.exp(-(grid**2) / 2) / sqrt(2 * pi), **PRIOR.line)
    left.plot(z[:, 0], torch.zeros(len(z)), "|", color=DATA.color, markersize=16, clip_on=False)
    left.text(1.1, 0.3, "prior", color=PRIOR.color)
    left.set(xlabel="latent $z$", ylabel="density", ylim=(0, 0.45), title="First draw z …")
    on_line = z @ model.W.T + model.mu
    right.plot([-4, 4], [-4, 4], **MODEL.line, zorder=1)
    right.add_collection(
        LineCollection(list(torch.stack([on_line, x], 1).numpy()), colors="#E69F00")
    )
    right.plot(*x.T, **DATA.dots)
    right.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    right.set_title("… then x round $Wz+\\mu$")
    return figure(
        fig,
        alt=f"Left, {len(z)} draws of z from a standard normal prior. Right, the line W z + mu and the "
        "data points, each displaced from its place on the line by noise.",
    )


def plot_digits(
    train: Tensor, test: Tensor, blurred_train: Tensor, blurred_test: Tensor
) -> Picture:
    """Log evidence per image of PPCA with 1 to 60 latents, as the digits are and dequantised."""
    dims = [1, 2, *range(5, 61, 5)]
    models, smooth = ([ppca.fit(x, h) for h in dims] for x in (train, blurred_train))
    seen, held_out = ([m.log_evidence(x).mean().item() for m in models] for x in (train, test))
    dequantised = [m.log_evidence(blurred_test).mean().item() for m in smooth]
    fig, ax = style.subplots()
    ax.plot(dims, seen, **MODEL.line)
    ax.plot(dims, held_out, **DATA.dots)
    ax.plot(dims, dequantised, **DATA.dots | {"fillstyle": "none", "markeredgewidth": 2})
    ax.text(2, 69, "training images", color=MODEL.color)
    ax.text(2, 60, "● test images", color=DATA.color)
    ax.text(2, 51, "○ test images, dequantised", color=DATA.color)
    ax.set(xlabel="latent dimensions H", ylabel="nats per image", xlim=(0, 62), ylim=(-8, 78))
    ax.set_title("Past 45 latents, evidence is a bet on sixteenths")
    worst = models[-1].log_evidence(test).min()
    return figure(
        fig,
        alt=f"The mean log evidence per test image rises from {held_out[0]:.1f} nats with one latent to "
        f"{held_out[2]:.2f} with five, {held_out[9]:.1f} with forty and {held_out[-1]:.1f} with sixty, "
        f"where one image has {worst:.0f}; training images lie above. Dequantised, it rises with it "
        f"to {dequantised[9]:.1f} with forty and ends at {dequantised[-1]:.1f}.",
    )


def plot_curved(grid: Tensor, x: Tensor, density: Tensor) -> Picture:
    """Posteriors (2, G) of two points x (2, 2) when the decoder is the arc."""
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.3])
    angle = np.linspace(-pi, pi, 201)
    left.plot(np.cos(angle), np.sin(angle), **MODEL.line, zorder=1)
    styles = ["-", (0, (4, 1.5))]
    for name, point, curve, linestyle in zip("AB", x, density, styles, strict=True):
        left.plot(*point[:, None], **DATA.dots | {"markersize": 11})
        left.text(*(point + 0.12), name)
        right.plot(grid, curve, **TRUTH.line | {"linestyle": linestyle})
        right.text(grid[curve.argmax()] - 0.3, curve.max(), name, color=TRUTH.color, ha="right")
    left.set(xlim=(-1.4, 1.5), ylim=(-1.4, 1.5), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    left.set_title("A curved decoder")
    right.set(xlim=(-3, 3), xlabel="latent $z$", ylabel="posterior density", ylim=(0, None))
    right.set_title("The width depends on x")
    sd = posterior_sd(grid, density)
    return figure(
        fig,
        alt=f"On the circle-shaped decoder, the posterior of point A on the curve has standard deviation "
        f"{sd[0]:.2f}, that of point B near the centre {sd[1]:.2f}.",
    )


def posterior_sd(grid: Tensor, density: Tensor) -> Tensor:
    """Standard deviations (N,) of densities (N, G) on a grid (G,), by the trapezoid rule."""
    mean = torch.trapezoid(density * grid, grid)
    return torch.trapezoid(density * (grid - mean[:, None]) ** 2, grid).sqrt()


# Exercises


def posterior(x: Tensor, W: Tensor, mu: Tensor, sigma2: float) -> tuple[Tensor, Tensor]:
    """Mean (N, H) and covariance (H, H) of p(z | x_n) for x (N, D), W (D, H), mu (D,)."""
    M = sigma2 * torch.eye(W.shape[1], dtype=W.dtype) + W.T @ W
    mean = (x - mu) @ torch.linalg.solve(M, W.T).T
    return mean, sigma2 * torch.linalg.inv(M)


def shrinkage(eigenvalues: Tensor, sigma2: float) -> Tensor:
    """The factor by which W E[z|x] multiplies each kept component, for eigenvalues (H,)."""
    return 1 - sigma2 / eigenvalues


def max_log_likelihood(eigenvalues: Tensor, latent_dim: int, num_points: int) -> Tensor:
    """The largest log-likelihood of num_points data points with eigenvalues (D,), descending."""
    D = len(eigenvalues)
    sigma2 = eigenvalues[latent_dim:].mean()
    log_det = eigenvalues[:latent_dim].log().sum() + (D - latent_dim) * sigma2.log()
    return -num_points / 2 * (D * log(2 * pi) + log_det + D)


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _moments(x: Tensor, W: Tensor, M: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    return x @ W @ torch.linalg.inv(M), scale * torch.linalg.inv(M)


def _eye(W: Tensor) -> Tensor:
    return torch.eye(W.shape[1], dtype=W.dtype)


Exercise(
    "02.1",
    posterior,
    cases=[
        (_random(6, 4), _random(4, 2, seed=1), _random(4, seed=2), 0.3),
        (_random(5, 3, seed=3), _random(3, 1, seed=4), _random(3, seed=5), 2.5),
    ],
    mistakes=[
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, sigma2**2 * _eye(W) + W.T @ W, sigma2**2),
            "You squared <code>sigma2</code>. It already is the variance σ².",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(
                x - mu, W, sigma2**0.5 * _eye(W) + W.T @ W, sigma2**0.5
            ),
            "You used the standard deviation σ. The formula has the variance σ², which is what "
            "<code>sigma2</code> holds.",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, sigma2 + W.T @ W, sigma2),
            "<code>sigma2 + W.T @ W</code> adds σ² to every entry. It belongs on the diagonal alone: "
            "multiply it by the identity, <code>torch.eye(W.shape[1])</code>.",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x, W, sigma2 * _eye(W) + W.T @ W, sigma2),
            "You forgot to subtract μ from x.",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, W.T @ W, sigma2),
            "You left out the prior: WᵀW alone gives least squares, with nothing drawn to 0. Add σ²I.",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, sigma2 * _eye(W) + W.T @ W, 1.0),
            "The mean is right. The covariance is σ²M⁻¹; yours lacks the factor σ².",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, _eye(W) + W.T @ W, 1.0),
            "You set σ² to 1: put <code>sigma2</code> before the identity and before the inverse.",
        ),
    ],
    nudge="Read E and G off the last line of the derivation. In rows: mean = (x − μ) Eᵀ.",
    formula="$$M = \\sigma^2 I + W^\\top W,\\quad m_n = M^{-1}W^\\top(x_n-\\mu),\\quad G = \\sigma^2 M^{-1}$$"
    "<code>torch.linalg.solve(M, W.T)</code> is $M^{-1}W^\\top$.",
)

Exercise(
    "02.2",
    shrinkage,
    cases=[
        (torch.tensor([5.0, 2.0, 1.0], dtype=torch.float64), 0.5),
        (torch.tensor([3.0, 0.7], dtype=torch.float64), 0.09),
    ],
    mistakes=[
        Mistake(
            lambda eigenvalues, sigma2: eigenvalues / (eigenvalues + sigma2),
            "That would be right if λ were the length of w squared. But λ = ‖w‖² + σ² already contains "
            "the noise.",
        ),
        Mistake(
            lambda eigenvalues, sigma2: sigma2 / eigenvalues,
            "That is the part that is lost; the factor is 1 minus it.",
        ),
        Mistake(
            lambda eigenvalues, sigma2: (1 - sigma2 / eigenvalues).sqrt(),
            "You took a root too many: E gives √(λ − σ²)/λ, W gives √(λ − σ²); their product has no root.",
        ),
        Mistake(
            lambda eigenvalues, sigma2: eigenvalues - sigma2,
            "That is the square of the length of the column of W. Divide by M = λ.",
        ),
    ],
    nudge="At the maximum WᵀW = Λ − σ²I. What then is M = σ²I + WᵀW, and what is W M⁻¹ Wᵀ?",
    formula="$$W E = U_H(\\Lambda-\\sigma^2 I)\\Lambda^{-1}U_H^\\top \\quad\\Rightarrow\\quad "
    "1-\\frac{\\sigma^2}{\\lambda_i}$$",
)

_SPECTRUM_A = torch.tensor([5.0, 3.0, 1.0, 0.4, 0.2], dtype=torch.float64)
_SPECTRUM_B = torch.tensor([2.0, 0.9, 0.3], dtype=torch.float64)


def _variant(sigma2: str = "mean", constant: bool = True, trace: bool = True, scale: bool = True):
    """max_log_likelihood with one thing done differently."""

    def answer(eigenvalues: Tensor, latent_dim: int, num_points: int) -> Tensor:
        D, left_out = len(eigenvalues), eigenvalues[latent_dim:]
        noise = getattr(left_out, sigma2)()
        log_det = eigenvalues[:latent_dim].log().sum() + (D - latent_dim) * noise.log()
        inside = log_det + D * trace + D * log(2 * pi) * constant
        return -inside / 2 * (num_points if scale else 1)

    return answer


Exercise(
    "02.3",
    max_log_likelihood,
    cases=[(_SPECTRUM_A, 2, 100), (_SPECTRUM_B, 1, 7)],
    mistakes=[
        Mistake(
            _variant(sigma2="sum"),
            "σ² is the mean of the eigenvalues left out, not their sum.",
        ),
        Mistake(
            _variant(trace=False),
            "The last term is missing: at the maximum Tr[C⁻¹S] is D, not 0.",
        ),
        Mistake(
            _variant(constant=False),
            "The constant D log 2π is missing. Without it the number is no log-density.",
        ),
        Mistake(
            _variant(scale=False),
            "That is the mean per data point. The likelihood of all of them is N times as much.",
        ),
    ],
    nudge="C has H eigenvalues λᵢ and D − H equal to σ². What are log|C| and Tr[C⁻¹S]?",
    formula="$$-\\frac N2\\Big[D\\log 2\\pi + \\sum_{i\\le H}\\log\\lambda_i + (D-H)\\log\\sigma^2 + D\\Big],"
    "\\qquad \\sigma^2 = \\frac1{D-H}\\sum_{i>H}\\lambda_i$$",
)
