"""3, a prior with edges: what a q leaks beyond them."""

import torch
from torch.distributions import Normal

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.simulators.npe import Posterior

TRUTH, Q, GAP, MODEL = (style.ROLES[name] for name in ("truth", "q", "gap", "model"))


def plot_leak(raw: Posterior, probit: Posterior, y: float = 1.5) -> Picture:
    """The exact posterior of theta ~ U(-1, 1) given y ~ N(theta, 0.5^2), and two trained q.

    raw: of theta. probit: of z with theta = 2 Phi(z) - 1.
    """
    theta = torch.linspace(-0.9, 2.3, 801)
    inside = theta[theta.abs() < 1]
    normal, seen = Normal(0.0, 1.0), torch.tensor([[y]])
    exact = Normal(y, 0.5).log_prob(inside).exp()
    exact = exact / (
        normal.cdf(torch.tensor((1 - y) / 0.5)) - normal.cdf(torch.tensor(-(1 + y) / 0.5))
    )
    with torch.no_grad():
        leaking = raw(seen).log_prob(theta[:, None, None])[:, 0].exp()
        z = normal.icdf((inside + 1) / 2)
        bent = probit(seen).log_prob(z[:, None, None])[:, 0] - (2 * normal.log_prob(z).exp()).log()
    beyond = theta > 1
    far = torch.linspace(1, 9, 2001)
    with torch.no_grad():
        share = torch.trapezoid(raw(seen).log_prob(far[:, None, None])[:, 0].exp(), far).item()
    fig, ax = style.subplots()
    ax.axvline(1, color=style.GUIDE, linewidth=1.5)
    ax.fill_between(theta[beyond], leaking[beyond], **GAP.area)
    ax.plot([*inside, 1], [*exact, 0], **TRUTH.line)
    ax.plot([*inside, 1], [*bent.exp(), 0], **MODEL.line)
    ax.plot(theta, leaking, **Q.line)
    ax.set(xlim=(-0.9, 2.3), ylim=(0, 4.4), xlabel="θ", ylabel="density")
    ax.set_title(f"The prior ends at 1, q does not: y = {y}")
    ax.text(-0.85, 3.9, "— exact", color=TRUTH.ink)
    ax.text(-0.85, 3.4, "-·- q of z, as θ", color=MODEL.ink)
    ax.text(-0.85, 2.9, "- - q of θ", color=Q.ink)
    ax.text(1.35, 1.0, f"// {share:.0%} of q\nbeyond the edge", color=GAP.ink)
    return figure(
        fig,
        alt=f"Densities of theta at y = {y}. The exact posterior rises to the prior's edge at 1 and "
        f"ends there. The Gaussian q of theta goes on: {share:.1%} of it lies beyond the edge. The q "
        "of z, drawn over theta, ends at the edge too.",
    )
