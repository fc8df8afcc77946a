"""9, three unknowns: the noise of a step is to be learned too."""

import torch
from torch import Tensor
from torch.distributions import Normal

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.simulators.ricker import Exact

TRUTH, Q, PRIOR = (style.ROLES[name] for name in ("truth", "q", "prior"))


def plot_three(
    drawn: Tensor, z_sigma: Tensor, mass: Tensor, given: list[Exact], truth: Tensor
) -> Picture:
    """Marginals of log sigma and log r: q's samples beside the exact ones, in the prior's units.

    drawn (S, 3): of (log r, log phi, log sigma). z_sigma (G,): even, with exact masses (G,); given,
    for each, the posterior of the other two, whose marginals are Gaussian to a thousandth of a nat.
    truth (3,).
    """
    mean, scale = (
        torch.cat([part(one) for one in given])
        for part in (lambda one: one.mean[:, 0], lambda one: one.cov[:, 0, 0].sqrt())
    )
    fine = torch.linspace(-2.5, 2.5, 201).double()
    exact = Normal(mean, scale).log_prob(fine[:, None]).exp() @ mass
    fig, (left, right) = style.subplots(2)
    left.plot(z_sigma, mass / (z_sigma[1] - z_sigma[0]), **TRUTH.line | {"marker": "o"})
    right.plot(fine, exact, **TRUTH.line)
    for ax, column, name in ((left, 2, "log σ"), (right, 0, "log r")):
        ax.hist(drawn[:, column].numpy(), bins=30, density=True, histtype="step", **Q.line)
        wide = torch.linspace(-2.5, 3.5, 201)
        ax.plot(wide, Normal(0.0, 1.0).log_prob(wide).exp(), **PRIOR.line)
        ax.axvline(truth[column].item(), color=style.INK, linewidth=1.5)
        ax.set(xlabel=f"{name}, in the prior's units", xlim=(-2.5, 3.5), ylim=(0, 1.6))
        ax.set_title(f"What is known of {name}")
    left.set(ylabel="density")
    for height, words, ink in (
        (0.92, "— exact", TRUTH.ink),
        (0.83, "- - q", Q.ink),
        (0.74, "· · prior", PRIOR.ink),
        (0.65, "| truth", style.INK),
    ):
        left.text(0.02, height, words, color=ink, transform=left.transAxes)
    centre = mass @ z_sigma.double()
    spread = (mass @ (z_sigma - centre).square()).sqrt()
    said = [
        f"log sigma has mean {centre:.2f} and sd {spread:.2f}, q {drawn[:, 2].mean():.2f} and "
        f"{drawn[:, 2].std():.2f}",
        f"log r has mean {mass @ mean:.2f}, q {drawn[:, 0].mean():.2f}",
    ]
    return figure(
        fig,
        alt=f"Exact marginals and q's samples, in the prior's standard deviations: {'; '.join(said)}.",
    )
