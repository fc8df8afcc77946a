"""Lesson 04, gradients of expectations: its questions, explorers, figures and exercises."""

from collections.abc import Callable
from math import cos, exp, sin, sqrt

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction

DATA, TRUTH, Q = style.ROLES["data"], style.ROLES["truth"], style.ROLES["q"]
MOVED, WEIGHED = "#56B4E9", "#E69F00"  # fills: pathwise, score function
MU = 1.0  # the mean of q in the figures
SHARES = [0.1, 0.25, 0.5, 0.75, 0.9]  # of runs that end nearer than the one shown


# Questions


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 02: one latent, ‖w‖² = 2 and σ² = 1. The posterior variance of z is …",
            [
                Option("1/3", True, "σ²/(σ² + ‖w‖²) = 1/(1 + 2), whatever x is."),
                Option("2/3", False, "That is the factor ‖w‖²/(σ² + ‖w‖²) that shrinks the mean."),
                Option("it depends on x", False, "Only the posterior's mean does."),
            ],
        ),
        Poll(
            "From lesson 03: EM climbs the ELBO. The gap between log p(x) and the ELBO of q is …",
            [
                Option(
                    "KL(q ‖ posterior)",
                    True,
                    "Never negative, and 0 where q is the posterior: there the E-step goes.",
                ),
                Option(
                    "KL(posterior ‖ q)", False, "The ELBO averages under q, so the gap does too."
                ),
                Option("KL(q ‖ prior)", False, "That is a term inside the ELBO."),
            ],
        ),
        Poll(
            "z has mean μ and standard deviation s. The mean of z² is …",
            [
                Option("μ²", False, "Only if z never varies."),
                Option("μ² + s²", True, "Variance is the mean of z² minus μ²."),
                Option("μ² + s", False, "s is a standard deviation: its square is the variance."),
            ],
        ),
    ][number - 1]


# Explorers


def predict_step() -> Prediction:
    """Ask what can follow a change of q, then change it."""
    question = (
        "We have drawn nine numbers from q = N(μ, s²). Now μ grows a little, and we may not draw "
        "again. How can the nine stand for the new q?"
    )
    options = [
        Option("Only by moving them", False, "Moving works, but there is another way."),
        Option("Only by reweighting them", False, "Weights work, but there is another way."),
        Option(
            "Either: move them, or reweight them",
            True,
            "Move each by the step of μ; or leave it there, with the weight new density over old.",
        ),
        Option("Not at all", False, "Both panels below stand for the new q, without a new draw."),
    ]
    return predict(question, options, explore_step())


def explore_step() -> Explorer:
    """Nine samples follow a step of mu: on the left they move, on the right they are reweighted."""
    axis = np.linspace(-2, 3.8, 233)

    def scene():
        fig, (left, right) = style.subplots(2)
        left.plot(axis, axis**2, color=DATA.color, linewidth=2, zorder=1)
        left.text(-1.55, 4.2, "$h(z)=z^2$", color=DATA.color)
        left.set(xlim=(-2, 3.8), ylim=(-0.5, 17.5), yticks=[0, 4, 8, 12])
        left.set(xlabel="$z$", ylabel="$h(z)$", title="Pathwise: samples move")
        right.axhline(1, color=DATA.color, linewidth=2, linestyle=":")
        right.text(-1.95, 1.1, "before", color=DATA.color)
        right.set(xlim=(-2, 3.8), ylim=(0, 8), yticks=[0, 2, 4, 6])
        right.set(xlabel="$z$", ylabel="weight", title="Score: weights change")
        hollow = {"color": DATA.color, "linestyle": "none", "marker": "o", "markersize": 9}
        return fig, {
            "before": left.plot([], [], **hollow, fillstyle="none", markeredgewidth=1.5)[0],
            "paths": left.add_collection(LineCollection([], colors=MOVED, linewidths=4)),
            "after": left.plot([], [], **Q.dots | {"markersize": 9})[0],
            "moved": left.text(-1.8, 13.6, ""),
            "bars": right.add_collection(LineCollection([], colors=WEIGHED, linewidths=8)),
            "ratio": right.plot([], [], **Q.line)[0],
            "weighed": right.text(-1.8, 6.25, ""),
        }

    def update(draw: int, step: float, scale: float) -> dict:
        eps = _random(9, seed=draw).numpy()
        old, new = MU + scale * eps, MU + scale * eps + step
        weights, curve = _ratio(old, step, scale), _ratio(axis, step, scale)
        start, exact = (old**2).mean(), 2 * MU + step
        moved, weighed = (new**2).mean(), (weights * old**2).mean()
        if step:
            slopes = [(average - start) / step for average in (moved, weighed)]
        else:  # the limit: the two gradient estimates
            slopes = [(2 * old).mean(), (old**2 * eps / scale).mean()]
        spreads = [spread / 3 for spread in slope_spreads(step, scale)]  # of a mean of nine
        corners = [(old, old**2), (new, old**2), (new, new**2)]  # run, then rise
        return {
            "before": (old, old**2),
            "paths": np.stack([np.stack(corner, 1) for corner in corners], 1),
            "after": (new, new**2),
            "moved": f"average {start:.2f} → {moved:.2f}\nslope {slopes[0]:.2f}, exact {exact:.2f}\n"
            f"sd over draws {spreads[0]:.2f}",
            "bars": np.stack([np.stack([old, 0 * old], 1), np.stack([old, weights], 1)], 1),
            "ratio": (axis, np.where(curve < 6, curve, np.nan)),
            "weighed": f"average {start:.2f} → {weighed:.2f}\nslope {slopes[1]:.2f}\n"
            f"sd over draws {spreads[1]:.2f}",
            "alt": f"Draw {draw} of nine samples of q with width {scale:.2f}; mu takes a step of {step:.2f}. "
            f"Moved along, their average square goes from {start:.2f} to {moved:.2f}, a slope of "
            f"{slopes[0]:.2f}. Left in place with weights between {weights.min():.2f} and "
            f"{weights.max():.2f}, it goes to {weighed:.2f}, a slope of {slopes[1]:.2f}. The exact "
            f"slope is {exact:.2f}; over all draws of nine the two scatter about it with standard "
            f"deviations {spreads[0]:.2f} and {spreads[1]:.2f}.",
        }

    controls = {
        "draw": widgets.IntSlider(value=1, min=1, max=20, description="draw nine new samples"),
        "step": widgets.FloatSlider(
            value=0.4, min=-0.6, max=0.6, step=0.05, description="step of μ"
        ),
        "scale": widgets.FloatSlider(
            value=1, min=0.4, max=1, step=0.05, description="width s of q"
        ),
    }
    strip = [{"draw": n, "step": 0.6, "scale": s} for n, s in ((1, 1.0), (1, 0.4), (2, 0.4))]
    return Explorer(scene, update, controls, strip)


def _ratio(z: np.ndarray, step: float, scale: float) -> np.ndarray:
    """New density over old at z, when the mean of q moves from MU by `step`."""
    return np.exp((step * (z - MU) - step**2 / 2) / scale**2)


def slope_spreads(step: float, scale: float) -> tuple[float, float]:
    """Standard deviations of the slopes of z^2 that one sample gives, moved and reweighted."""
    if not step:
        moved, weighed = square_variances(MU, scale)
        return sqrt(moved), sqrt(weighed)

    def fourth(mean: float) -> float:
        return mean**4 + 6 * mean**2 * scale**2 + 3 * scale**4  # E[z^4] under N(mean, scale^2)

    # E[w^k z^4] for k = 0, 1, 2: the k-th power of the weight is a shifted bell, times a number.
    square = fourth(MU) - 2 * fourth(MU + step) + exp((step / scale) ** 2) * fourth(MU + 2 * step)
    return 2 * scale, sqrt(square / step**2 - (2 * MU + step) ** 2)


def predict_variance() -> Prediction:
    """Ask whether pathwise always wins, then compare the two."""
    question = "“Reparameterization always has the lower variance.” True or false?"
    options = [
        Option(
            "True",
            False,
            "Choose cos 8z at s = 1: the pathwise estimator has variance 32, the other 0.5.",
        ),
        Option(
            "False",
            True,
            "Moving pays for the slope of h, reweighting for its height. A low function with steep "
            "slopes, such as cos 8z, turns the order round.",
        ),
        Option("True for Gaussian q", False, "q is Gaussian here, and cos 8z turns it round."),
    ]
    return predict(question, options, explore_variance())


def explore_variance() -> Explorer:
    """Histograms of 2000 one-sample gradients in mu, pathwise above and score function below."""
    eps = torch.randn(2000, generator=torch.Generator().manual_seed(1), dtype=torch.float64).numpy()
    edges = np.linspace(-12, 12, 97)

    def scene():
        fig, ax = style.subplots()
        ax.axhline(0, color=DATA.color, linewidth=1)
        ax.set(xlim=(-12, 12), ylim=(-1.9, 1.9), yticks=[])
        ax.set(xlabel="gradient in $\\mu$ from one sample (bars: ± 1 sd)", ylabel="root of count")
        ax.set_title("The same mean, not the same noise")
        hatched = {"facecolor": WEIGHED, "edgecolor": "white", "hatch": "//"}
        bar = {"color": DATA.color, "linewidth": 3, "marker": "|", "markersize": 12}
        return fig, {
            "moved": ax.add_patch(Polygon([[0, 0]] * 3, facecolor=MOVED)),
            "weighed": ax.add_patch(Polygon([[0, 0]] * 3, **hatched)),
            "truth": ax.plot([], [], **TRUTH.line)[0],
            "exact": ax.text(0, 0, "", color=TRUTH.color, va="center"),
            "moved_sd": ax.plot([], [], **bar)[0],
            "weighed_sd": ax.plot([], [], **bar)[0],
            "moved_label": ax.text(-11.8, 1.88, "", va="top"),
            "weighed_label": ax.text(-11.8, -1.84, "", va="bottom"),
        }

    def update(k: int, scale: float, baseline: int) -> dict:
        z = MU + scale * eps
        h, slope = (np.cos(k * z), -k * np.sin(k * z)) if k else (z**2, 2 * z)
        gradient, b, moved, weighed = _exact(k, scale, baseline)
        estimates = {"moved": slope, "weighed": (h - b) * eps / scale}
        outlines = {name: _outline(values, edges) for name, values in estimates.items()}
        outlines["weighed"][:, 1] *= -1
        outside = {name: np.mean(np.abs(values) > 12) for name, values in estimates.items()}
        beyond = {
            side: f" ({v:.0%} outside)" if v >= 0.01 else " (under 1% outside)" if v else ""
            for side, v in outside.items()
        }
        with_baseline = f", b = {_two(b)}" if baseline else ""
        name = f"cos {k if k > 1 else ''}z" if k else "z squared"
        return outlines | {
            "truth": ([gradient, gradient], [-1.35, 1.35]),
            "exact": (gradient - 0.1, 1.6, f"exact gradient {_two(gradient)}"),
            "moved_sd": (gradient + np.array([-1, 1]) * moved**0.5, [1.18, 1.18]),
            "weighed_sd": (gradient + np.array([-1, 1]) * weighed**0.5, [-1.18, -1.18]),
            "moved_label": f"pathwise\nvariance {moved:.3g}{beyond['moved']}",
            "weighed_label": f"score function{with_baseline}\nvariance {weighed:.3g}{beyond['weighed']}",
            "alt": f"h is {name}, q has mean 1 and width {scale:.2f}. The exact gradient is "
            f"{_two(gradient)}. Single pathwise estimates scatter round it with variance {moved:.3g}, "
            f"score-function estimates with baseline {_two(b)} with variance {weighed:.3g}; "
            f"{outside['moved']:.0%} and {outside['weighed']:.0%} of them lie outside the axis.",
        }

    names = {"z²": 0, "cos z": 1, "cos 2z": 2, "cos 4z": 4, "cos 8z": 8}
    baselines = {"none": 0, "the mean of h": 1, "the best": 2}
    controls = {
        "k": widgets.SelectionSlider(
            options=list(names.items()), value=0, description="function h(z)"
        ),
        "scale": widgets.FloatSlider(
            value=1, min=0.3, max=2, step=0.05, description="width s of q"
        ),
        "baseline": widgets.SelectionSlider(
            options=list(baselines.items()), value=0, description="baseline b"
        ),
    }
    strip = [{"k": k, "scale": 1.0, "baseline": b} for k, b in ((0, 0), (0, 2), (8, 0))]
    return Explorer(scene, update, controls, strip)


def _two(number: float) -> str:
    """Two decimals, and no minus before a zero."""
    return f"{round(number, 2) + 0.0:.2f}"


def _outline(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The outline (2 B + 2, 2) of a histogram of root counts, so that tails are seen, up to 1."""
    counts, _ = np.histogram(values, edges)
    heights = np.repeat(np.sqrt(counts / counts.max()), 2)
    return np.stack([np.repeat(edges, 2), np.concatenate([[0], heights, [0]])], 1)


def _exact(k: int, scale: float, baseline: int) -> tuple[float, float, float, float]:
    """Gradient, baseline, and both variances, for h = cos kz, or z squared if k = 0.

    baseline: 0 is none, 1 the mean of h, 2 the best, E[h eps^2].
    """
    if k:
        u, angle = (k * scale) ** 2, k * MU
        gradient, average = -k * sin(angle) * exp(-u / 2), cos(angle) * exp(-u / 2)
        best = (1 - u) * average
        moved, weighed = cos_variances(k, MU, scale)
    else:
        gradient, average, best = 2 * MU, MU**2 + scale**2, MU**2 + 3 * scale**2
        moved, weighed = square_variances(MU, scale)
    b = [0.0, average, best][baseline]
    return gradient, b, moved, weighed + b * (b - 2 * best) / scale**2


def predict_descent(right: Tensor, wrong: Tensor, posterior: Normal, evidence: float) -> Prediction:
    """Ask what the wrong gradient does, then watch it."""
    question = (
        "To climb the ELBO E_q[log p(x, z) − log q(z)], someone writes q.sample() where q.rsample() "
        "is meant. What happens?"
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
        right_ax.text(num_steps, -evidence - 0.4, floor, color=TRUTH.color, ha="right", va="top")
        right_ax.set(xlim=(0, num_steps), ylim=(2, 26), yticks=[5, 10, 15, 20])
        right_ax.set(xlabel="step", ylabel="printed loss (nats)", title="Both print a loss")
        return fig, lines | {
            "gap": left.text(-3.9, 1.12, ""),
            "right_loss": right_ax.plot([], [], **Q.line)[0],
            "wrong_loss": right_ax.plot([], [], **Q.line | {"linestyle": ":"})[0],
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


# Figures


def plot_error() -> Picture:
    """The root mean square error of both estimators against S, for a smooth and a wiggly h."""
    sizes, num_runs = [4**k for k in range(7)], 300
    fig, panels = style.subplots(2, sharey=True)
    eps = torch.randn(
        num_runs, sizes[-1], generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    z = MU + eps
    low, steep = (8 * z).cos(), -8 * (8 * z).sin()
    cases = [
        ("$z^2$: moving wins", 2 * z, z**2 * eps, 2 * MU, square_variances(MU, 1.0)),
        ("$\\cos\\,8z$: reweighting wins", steep, low * eps, 0.0, cos_variances(8, MU, 1.0)),
    ]
    labels = ["pathwise", "score function"]
    looks = [{"marker": "o", "color": MOVED}, {"marker": "s", "color": WEIGHED}]
    reports = []
    for ax, (name, *estimates, exact, variances) in zip(panels, cases, strict=True):
        for values, variance, label, look in zip(estimates, variances, labels, looks, strict=True):
            errors = [(values.reshape(-1, s).mean(1) - exact).square().mean().sqrt() for s in sizes]
            ax.plot(sizes, (variance / np.array(sizes)) ** 0.5, **TRUTH.line | {"linewidth": 2.5})
            ax.plot(sizes, errors, **look, linestyle="none", markersize=11, markeredgecolor="k")
            above = variance == max(variances)
            ax.annotate(
                label,
                (sizes[3], (variance / sizes[3]) ** 0.5),
                (9, 8) if above else (-9, -8),
                textcoords="offset points",
                ha="left" if above else "right",
                va="bottom" if above else "top",
            )
            reports.append(f"{label} {errors[0]:.2f} to {errors[-1]:.3f}")
        ax.set(xscale="log", yscale="log", xlim=(0.6, 8000), ylim=(0.003, 20))
        ax.set(xlabel="samples $S$", title=name)
    panels[0].set_ylabel("error of the mean")
    panels[1].text(0.8, 0.005, "lines: (variance / S)$^{1/2}$", color=TRUTH.color)
    return figure(
        fig,
        alt="Root mean square error of the estimated gradient from 1 to 4096 samples, on the line "
        f"(variance / S)^1/2 throughout. For z squared: {reports[0]}, {reports[1]}. For cos 8z: "
        f"{reports[2]}, {reports[3]}.",
    )


def plot_dimension() -> Picture:
    """Variance of one coordinate's gradient for h = sum of z_d^2, against the dimension."""
    dims, num_samples = 2 ** np.arange(8), 20_000
    eps = torch.randn(
        num_samples, dims[-1], generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    z = MU + eps
    sums = (z**2).cumsum(1)[:, dims - 1]  # (S, 8): h in 1, 2, 4, ..., 128 dimensions
    measured = {
        "pathwise": (2 * z[:, :1]).expand_as(sums),
        "score, b = 0": sums * eps[:, :1],
        "score, b = $\\mathbb{E}h$": (sums - 2 * torch.as_tensor(dims)) * eps[:, :1],
    }
    others = dims - 1
    exact = [4.0 + 0 * dims, 30 + 22 * others + 4 * others**2, 18.0 + 6 * others]
    looks = [("o", MOVED), ("s", WEIGHED), ("D", WEIGHED)]
    fig, ax = style.subplots()
    for (name, values), line, (marker, color) in zip(measured.items(), exact, looks, strict=True):
        ax.plot(dims, line, **TRUTH.line | {"linewidth": 2.5})
        spread = values.var(0)
        ax.plot(dims, spread, marker, color=color, markersize=11, markeredgecolor="k")
        ax.text(dims[-1] * 1.15, line[-1], name, va="center")
    ax.set(xscale="log", yscale="log", xlim=(0.8, 700), ylim=(1.5, 2e5), xticks=dims)
    ax.set_xticklabels([str(d) for d in dims])
    ax.minorticks_off()
    ax.set(
        xlabel="dimensions $H$", ylabel="variance", title="Reweighting suffers from every dimension"
    )
    return figure(
        fig,
        alt=f"Variance of the gradient in one mean, for 1 to 128 dimensions. Pathwise: always 4. Score "
        f"function: from 30 to {exact[1][-1]}. With the mean of h as baseline: from 18 to "
        f"{exact[2][-1]:.0f}. Measured dots lie on the exact lines.",
    )


# Exercises


def square_variances(mu: float, scale: float) -> tuple[float, float]:
    """Variances, pathwise and score function, of the gradient in mu of E[z^2]."""
    return 4 * scale**2, mu**4 / scale**2 + 14 * mu**2 + 15 * scale**2


def cos_variances(k: float, mu: float, scale: float) -> tuple[float, float]:
    """Variances, pathwise and score function, of the gradient in mu of E[cos kz]."""
    u = (k * scale) ** 2
    wave = cos(2 * k * mu) * exp(-2 * u)  # E[cos 2kz]
    mean = -k * sin(k * mu) * exp(-u / 2)
    pathwise = k**2 * (1 - wave) / 2 - mean**2
    score = (1 + (1 - 4 * u) * wave) / (2 * scale**2) - mean**2
    return pathwise, score


def pathwise(slope, mu: float, scale: float, eps: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of E[h] in mu and in scale, one per sample (S,); slope is h', eps is (S,)."""
    z = mu + scale * eps
    return slope(z), slope(z) * eps


def score_function(log_joint, mu: float, scale: float, z: Tensor) -> Tensor:
    """Gradients of the ELBO in mu, one per sample (S,), from samples z (S,) of N(mu, scale^2)."""
    log_q = Normal(mu, scale).log_prob(z)
    score = (z - mu) / scale**2
    return (log_joint(z) - log_q) * score


def best_baseline(reward: Tensor, score: Tensor) -> Tensor:
    """The b with the least variance of (reward - b) score, estimated from samples (S,)."""
    return (reward * score**2).mean() / (score**2).mean()


def crossing(mu: float, scale: float) -> float:
    """The k between 0 and 2 / scale at which both variances of cos kz are equal."""
    low, high = 0.0, 2 / scale
    for _ in range(40):
        k = (low + high) / 2
        pathwise, score = cos_variances(k, mu, scale)
        low, high = (k, high) if pathwise < score else (low, k)
    return k


def _random(size: int, seed: int = 0) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _cube_slope(z: Tensor) -> Tensor:
    return 3 * z**2


def _bell(z: Tensor) -> Tensor:
    return -((z - 2) ** 2) / 2 - z**4 / 8


def _wave(z: Tensor) -> Tensor:
    return (3 * z).sin() - z**2


def _score(z: Tensor, mu: float, scale: float) -> Tensor:
    return (z - mu) / scale**2


def _log_q(z: Tensor, mu: float, scale: float) -> Tensor:
    return Normal(mu, scale).log_prob(z)


def _bisection(end: Callable[[float], float], backwards: bool = False) -> Callable:
    """`crossing` between 0 and end(scale), or keeping the wrong half each time."""

    def answer(mu: float, scale: float) -> float:
        low, high = 0.0, end(scale)
        for _ in range(40):
            k = (low + high) / 2
            pathwise, score = cos_variances(k, mu, scale)
            low, high = (k, high) if (pathwise < score) != backwards else (low, k)
        return k

    return answer


Exercise(
    "04.1",
    pathwise,
    cases=[(torch.cos, 0.5, 1.25, _random(6)), (_cube_slope, -1.0, 0.25, _random(5, seed=1))],
    mistakes=[
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale**2 * eps),
                slope(mu + scale**2 * eps) * eps,
            ),
            "You squared <code>scale</code>. It is a standard deviation already: z = μ + s ε.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale**0.5 * eps),
                slope(mu + scale**0.5 * eps) * eps,
            ),
            "You took a square root. <code>scale</code> is the standard deviation, not the variance.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (slope(mu + scale * eps),) * 2,
            "The gradient in μ is right. In s the chain rule gives the factor ∂z/∂s = ε.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (slope(eps), slope(eps) * eps),
            "The slope belongs at z = μ + s ε, where the sample is, not at ε.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale * eps).mean(),
                (slope(mu + scale * eps) * eps).mean(),
            ),
            "Right on average, but return one gradient per sample: we want to see how they scatter.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale * eps),
                slope(mu + scale * eps) * (mu + scale * eps),
            ),
            "In s the factor is ∂z/∂s. With z = μ + s ε that is ε, not z.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale * eps),
                slope(mu + scale * eps) * scale,
            ),
            "You multiplied by ∂z/∂ε = s. The gradient in s needs ∂z/∂s = ε.",
        ),
    ],
    nudge="Where does the sample go when ε is fixed? How fast does it move when μ, or s, grows?",
    formula="$$z = \\mu + s\\,\\varepsilon, \\qquad h'(z)\\,\\frac{\\partial z}{\\partial \\mu} = h'(z), "
    "\\qquad h'(z)\\,\\frac{\\partial z}{\\partial s} = h'(z)\\,\\varepsilon$$",
)

Exercise(
    "04.2",
    score_function,
    cases=[(_bell, 0.5, 1.25, _random(6, seed=2)), (_wave, -1.0, 0.5, _random(5, seed=3))],
    mistakes=[
        Mistake(
            lambda log_joint, mu, scale, z: (
                (log_joint(z) - 2 * _log_q(z, mu, scale)) * _score(z, mu, scale)
            ),
            "The reward is not detached. The product rule then adds log q times ∇(−log q), and "
            "log q counts twice. The reward must be a plain number: <code>.detach()</code>.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: score_function(log_joint, mu, scale, z).mean(),
            "Right on average, but return one gradient per sample: leave out the mean.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: log_joint(z) - _log_q(z, mu, scale),
            "That is the reward alone. Multiply each by the gradient of log q in μ.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: -score_function(log_joint, mu, scale, z),
            "The sign is turned round. ∂ log q/∂μ = (z − μ)/s²: a sample above μ wants a larger μ.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: scale * score_function(log_joint, mu, scale, z),
            "You divided z − μ by s. The score has s², the variance, below.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: log_joint(z) * _score(z, mu, scale),
            "That climbs E[log p(x, z)] alone. The ELBO's reward is log p(x, z) − log q(z).",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: (
                score_function(log_joint, mu, scale, z) - _score(z, mu, scale)
            ),
            "Right on average: you kept E[∇(−log q)], which is 0. It is a baseline of 1 in disguise; this "
            "exercise leaves it out.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: -_score(z, mu, scale),
            "That is what autograd makes of log p − log q with z held fixed: log p has no gradient, "
            "and the rest has mean zero. Multiply the reward by the score instead.",
        ),
    ],
    nudge="Two numbers per sample: what it earned, log p(x, z) − log q(z), and the direction in "
    "which μ makes it more probable.",
    formula="$$\\big[\\log p(x,z) - \\log q(z)\\big]\\,\\frac{z-\\mu}{s^2}$$ "
    "<code>Normal(mu, scale).log_prob(z)</code> is log q(z).",
)

Exercise(
    "04.3",
    best_baseline,
    cases=[
        (_random(7, seed=4) ** 2, _random(7, seed=5)),
        (3 + _random(9, seed=6), 2 * _random(9, seed=7)),
    ],
    mistakes=[
        Mistake(
            lambda reward, score: reward.mean(),
            "The mean reward is the usual choice, often a good one. The best weighs every reward with "
            "its squared score: far from μ the score is large and noise costs most.",
        ),
        Mistake(
            lambda reward, score: (reward * score).mean() / score.mean(),
            "The weights are the <i>squared</i> scores. The mean score is 0 but for noise: never "
            "divide by it.",
        ),
        Mistake(
            lambda reward, score: (reward * score**2).mean(),
            "Divide by the mean squared score, so that the weights add up to 1.",
        ),
        Mistake(
            lambda reward, score: (reward * score).mean() / (score**2).mean(),
            "One factor of the score is missing above: (reward − b) score is squared as a whole.",
        ),
        Mistake(
            lambda reward, score: (
                (score * (reward * score - (reward * score).mean())).mean()
                / score.var(correction=0)
            ),
            "That allows for the mean score of these samples. Its expectation is 0, so the formula "
            "needs only E[h score²] and E[score²].",
        ),
        Mistake(
            lambda reward, score: (reward * score.abs()).mean() / score.abs().mean(),
            "The weights are the squared scores, not their absolute values.",
        ),
    ],
    nudge="Only E[(h − b)² score²] contains b. Differentiate it in b and set it to zero.",
    formula="$$b^* = \\frac{\\mathbb E[h\\,\\text{score}^2]}{\\mathbb E[\\text{score}^2]}$$",
)

Exercise(
    "04.4",
    crossing,
    cases=[(0.0, 0.5), (0.5, 2.0), (1.0, 2.0), (0.0, 0.25), (0.0, 0.05)],
    mistakes=[
        Mistake(
            lambda mu, scale: 1 / scale,
            "That is the rule of thumb, k s = 1. The terms with exp(−2k²s²) shift it by some per cent.",
        ),
        Mistake(
            lambda mu, scale: crossing(mu, scale) * scale,
            "That is k s, without units. Divide by s to get k.",
        ),
        Mistake(
            lambda mu, scale: (crossing(mu, scale) * scale) ** 2,
            "That is k² s². Take the root and divide by s.",
        ),
        Mistake(
            _bisection(lambda scale: 2 / scale, backwards=True),
            "Your bisection runs to an end of the interval: below the crossing the pathwise variance "
            "is the smaller one, so there move <code>low</code> up.",
        ),
        Mistake(
            _bisection(lambda scale: 2.0),
            "You searched between 0 and 2. The narrower q, the farther the crossing: go to 2 / s.",
        ),
        Mistake(
            _bisection(lambda scale: 2 * scale),
            "You searched between 0 and 2s. The narrower q, the farther the crossing: go to 2 / s.",
        ),
        Mistake(
            lambda mu, scale: crossing(mu, scale**2),
            "You passed scale² to the variances: <code>scale</code> is the standard deviation.",
        ),
    ],
    nudge="Take the middle of the interval. Is the pathwise variance smaller there? Then the crossing "
    "lies to the right of it. Forty halvings are plenty.",
    formula="$$\\operatorname{Var}_{\\text{path}}(k) < \\operatorname{Var}_{\\text{score}}(k)"
    "\\ \\Rightarrow\\ \\text{low} = k, \\quad\\text{else high} = k$$",
    tolerance=1e-4,
)
