"""Section 10, a discrete z: four gradients for one coin, beside the exact one by enumeration."""

from math import comb, exp, sqrt

import numpy as np

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l04_reparameterization.estimators import MOVED, WEIGHED

TRUTH = style.ROLES["truth"]
LOGIT = 0.5  # of the coin; h(z) = (1 + z)^2
HEADS = 1 / (1 + exp(-LOGIT))
EXACT = HEADS * (1 - HEADS) * 3  # h(1) - h(0) = 3


def plot_coin(num_samples: int = 4) -> Picture:
    """The bias and the noise of Gumbel-softmax, and the error of each estimator."""
    fig, (left, right) = style.subplots(2, width_ratios=[1.15, 1])
    temperatures = np.geomspace(0.1, 4, 41)
    means, spreads = np.array([relaxed(t) for t in temperatures]).T
    left.fill_between(temperatures, means - spreads, means + spreads, **MOVED.area)
    left.plot(temperatures, means, color=MOVED.color, linewidth=3)
    left.axhline(EXACT, **TRUTH.line)
    left.text(4, 2.5, "band: ± 1 sd\nof one sample", color=MOVED.ink, ha="right", va="top")
    left.text(4, EXACT + 0.1, f"exact {EXACT:.3f}", color=TRUTH.ink, ha="right")
    left.set(xscale="log", xlim=(0.1, 4), ylim=(-1, 2.9), xlabel="temperature $\\tau$")
    left.set(xticks=[0.1, 0.3, 1, 3], xticklabels=["0.1", "0.3", "1", "3"])
    left.minorticks_off()
    left.set(ylabel="gradient in $\\lambda$", title="Gumbel-softmax")
    errors = coin_errors(num_samples)
    for row, (name, error) in enumerate(errors.items()):
        role = MOVED if "Gumbel" in name else WEIGHED
        right.barh(-row, error, height=0.42, **role.area)
        right.text(0, 0.27 - row, f"{name}: {error:.2f}", va="bottom")
    right.set(xlim=(0, 0.62), ylim=(-3.4, 0.75), yticks=[], xlabel="rms error")
    right.set_title(f"{num_samples} values of $h$ each")
    listed = ", ".join(f"{name} {error:.2f}" for name, error in errors.items())
    return figure(
        fig,
        alt=f"Left: the mean of the Gumbel-softmax gradient goes from {means[0]:.2f} at temperature 0.1 "
        f"to {means[-1]:.2f} at 4, where the exact one is {EXACT:.3f}; its standard deviation falls "
        f"from {spreads[0]:.2f} to {spreads[-1]:.2f}. Right: root mean square errors with "
        f"{num_samples} values of h: {listed}.",
    )


def relaxed(temperature: float) -> tuple[float, float]:
    """Mean and standard deviation of the Gumbel-softmax gradient, by quadrature over its noise."""
    noise = np.linspace(-30, 30, 6_001)  # the difference of two Gumbels is logistic
    density = 1 / (2 * np.cosh(noise / 2)) ** 2
    z = 1 / (1 + np.exp(-(LOGIT + noise) / temperature))
    estimate = 2 * (1 + z) * z * (1 - z) / temperature  # h'(z) dz/dλ
    mean = float(np.trapezoid(density * estimate, noise))
    return mean, sqrt(np.trapezoid(density * (estimate - mean) ** 2, noise))


def coin_errors(num_samples: int) -> dict[str, float]:
    """Root mean square errors with that many values of h, exact."""
    scores, rewards = np.array([-HEADS, 1 - HEADS]), np.array([1.0, 4.0])
    chances = np.array([1 - HEADS, HEADS])
    plain = (chances * (scores * rewards) ** 2).sum() - EXACT**2
    heads = np.arange(num_samples + 1)
    # Leave-one-out is the sample covariance of reward and score: 3 times the variance of z.
    left_out = 3 * heads * (num_samples - heads) / (num_samples * (num_samples - 1))
    ways = np.array([comb(num_samples, k) for k in range(num_samples + 1)])
    counts = ways * HEADS**heads * (1 - HEADS) ** (num_samples - heads)
    mean, spread = relaxed(0.5)
    return {
        "score function": sqrt(plain / num_samples),
        "leave-one-out": sqrt((counts * (left_out - EXACT) ** 2).sum()),
        "Gumbel-softmax, τ = ½": sqrt((mean - EXACT) ** 2 + spread**2 / num_samples),
        "measure-valued": 0.0,  # h(1) and h(0) are all there is
    }
