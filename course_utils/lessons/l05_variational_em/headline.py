"""11, where the headline fails: three rings ranked, and the noise that the bound prefers."""

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution

from course_utils import deep, exact
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l05_variational_em.colors import APPROXIMATION, BOUND, TRUTH


def plot_ranking(names: list[str], evidence: Tensor, elbo: Tensor) -> Picture:
    """Three models by evidence and by the best bound."""
    fig, ax = style.subplots(height=3.6)
    places = np.arange(len(names))[::-1]
    ax.barh(places, evidence - elbo, 0.25, elbo, **APPROXIMATION.area)
    ax.plot(evidence, places, "s", color=TRUTH.color, markersize=13)
    ax.plot(elbo, places, "D", color=BOUND.color, markersize=12)
    ax.set_yticks(places, names)
    ax.text(evidence[0], 0.45 + places[0], "evidence", color=TRUTH.ink, ha="center")
    ax.text(elbo[0], 0.45 + places[0], "best ELBO", color=BOUND.ink, ha="center")
    ax.set(xlabel="nats per point", ylim=(-0.5, len(names) - 0.1))
    ax.set_xlim(elbo.min().item() - 0.1, evidence.max().item() + 0.1)
    ax.locator_params("x", nbins=5)
    ax.set_title("Best evidence, worst bound")
    rows = zip(names, evidence.tolist(), elbo.tolist(), strict=True)
    text = "; ".join(f"{name}: evidence {e:.3f}, best ELBO {b:.3f}" for name, e, b in rows)
    return figure(fig, alt=f"In nats per point, {text}.")


def mean_misfit(x: Tensor, q: Distribution, model: deep.Curve) -> float:
    """The best noise variance for these q_n: E_q ||x_n - g(z)||^2 per dimension, on average."""
    with torch.no_grad():
        misfit = exact.expectation(lambda z: (x - model.point(z)).square().sum(-1), q, 20)
    return misfit.mean().item() / x.shape[1]
