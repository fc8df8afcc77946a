"""9, the sleep phase: an encoder that covers, round the ring."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.distributions import Normal

from course_utils import deep, exact
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

BOUND, Q, MODEL = (style.ROLES[name] for name in ("bound", "q", "model"))
COUNTS = (1, 10, 100)


def ring_gaps(encoder: nn.Module) -> Tensor:
    """The exact gap of the K-sample bound, (len(COUNTS), 12): at points all round, from 15 degrees
    beyond the seam to 15 degrees before it."""
    angle = (torch.arange(12) + 0.5) * torch.pi / 6
    x, nodes = torch.stack([angle.cos(), angle.sin()], 1), torch.linspace(-8, 8, 401).double()
    log_joint = deep.log_joint(x.double(), nodes[:, None], deep.ring().double())
    log_p = (log_joint + (nodes[1] - nodes[0]).log()).logsumexp(1)
    with torch.no_grad():
        q = encoder(x)
    log_q = Normal(q.mean.double(), q.stddev.double()).log_prob(nodes)
    gaps = [log_p - exact.log_mean(log_joint - log_q, log_q.exp(), K) for K in COUNTS]
    return torch.stack(gaps)


def plot_sleep(gaps: Mapping[str, Tensor]) -> Picture:
    """The gaps (len(COUNTS), points) of two encoders of the same model: their means."""
    fig, ax = style.subplots()
    said = []
    for (name, points), role in zip(gaps.items(), (BOUND, MODEL), strict=True):
        values = points.mean(1)
        ax.plot(COUNTS, values, **role.line, marker="o")
        ax.text(COUNTS[-1] * 1.1, values[-1], name, color=role.ink, va="center")
        said.append(f"{name}: {values[0]:.2f} at K = 1, {values[-1]:.4f} at K = 100")
    ax.set(xscale="log", yscale="log", xlabel="samples K", ylabel="mean gap, nats")
    ax.set(xlim=(0.9, 350), ylim=(5e-4, 20))
    ax.set_xticks(COUNTS, [str(K) for K in COUNTS])
    ax.minorticks_off()
    ax.set_title("Asleep, q covers: samples close its gap")
    return figure(fig, alt=f"Mean gap round the ring of two encoders. {'; '.join(said)}.")
