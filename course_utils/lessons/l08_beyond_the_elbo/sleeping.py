"""9, the sleep phase: an encoder that covers, round the ring."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.distributions import Normal

from course_utils import deep, exact
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

BOUND, Q, MODEL = (style.ROLES[name] for name in ("bound", "q", "model"))
COUNTS = (1, 2, 5, 10, 20, 50, 100)


def ring_gaps(encoder: nn.Module, K: int, num_angles: int = 60) -> Tensor:
    """The exact gap of the K-sample bound at points all round the ring, (num_angles,)."""
    angle = torch.linspace(0, 2 * torch.pi, num_angles + 1)[:-1]
    x, nodes = torch.stack([angle.cos(), angle.sin()], 1), torch.linspace(-10, 10, 1001).double()
    log_joint = deep.log_joint(x.double(), nodes[:, None], deep.ring().double())
    log_p = (log_joint + (nodes[1] - nodes[0]).log()).logsumexp(1)
    with torch.no_grad():
        q = encoder(x)
    log_q = Normal(q.mean.double(), q.stddev.double()).log_prob(nodes)
    return log_p - exact.log_mean(log_joint - log_q, log_q.exp(), K)


def plot_sleep(encoders: Mapping[str, nn.Module]) -> Picture:
    """The mean gap round the ring over K, for two encoders of the same model."""
    fig, ax = style.subplots()
    said = []
    for (name, encoder), role in zip(encoders.items(), (BOUND, MODEL), strict=True):
        gaps = [ring_gaps(encoder, K).mean().item() for K in COUNTS]
        ax.plot(COUNTS, gaps, **role.line, marker="o")
        ax.text(COUNTS[0] * 1.1, gaps[0] * 1.25, name, color=role.ink)
        said.append(f"{name}: {gaps[0]:.2f} at K = 1, {gaps[-1]:.4f} at K = 100")
    ax.set(xscale="log", yscale="log", xlabel="samples K", ylabel="mean gap round the ring, nats")
    ax.set(xlim=(0.9, 130), ylim=(5e-4, 20))
    ax.set_xticks(COUNTS, [str(K) for K in COUNTS], minor=False)
    ax.minorticks_off()
    ax.set_title("One sample: fit a mode. Many: cover")
    return figure(fig, alt=f"Mean gap of two encoders, in nats. {'; '.join(said)}.")
