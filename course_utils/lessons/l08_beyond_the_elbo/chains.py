"""7, chains and rejection: what neither tells at the ring."""

import torch
from torch import Tensor

from course_utils import deep
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l08_beyond_the_elbo.cases import WIDE, on_ring

TRUTH, SCORE, MODEL = (style.ROLES[name] for name in ("truth", "score", "model"))


def plot_chains(states: Tensor, ends: Tensor, log_w: Tensor, degrees: float) -> Picture:
    """The posterior, where HMC chains have been, and annealed ends, as they are and weighted.

    states (M, S): of S chains. ends (S,), log_w (S,): of annealed ones.
    """
    log_joint = deep.log_joint(on_ring(degrees), WIDE[:, None], deep.ring().double())[0]
    posterior = (log_joint - log_joint.max()).exp()
    posterior = posterior / torch.trapezoid(posterior, WIDE)
    edges, share = torch.linspace(-4.2, 4.2, 61, dtype=torch.float64), log_w.softmax(0)

    def outline(z: Tensor, weight: Tensor) -> Tensor:
        counts, _ = torch.histogram(z, edges, weight=weight / weight.sum())
        return counts / edges.diff()

    fig, ax = style.subplots()
    ax.plot(WIDE, posterior, **TRUTH.line)
    flat = states.flatten()
    ax.stairs(outline(flat, torch.ones_like(flat)), edges, **SCORE.line)
    ax.stairs(outline(ends, share), edges, **MODEL.line)
    ax.set(xlim=(-4.2, 4.2), ylim=(0, 1.75), xlabel="latent z", ylabel="density")
    ax.text(-1.3, 1.55, "— posterior", color=TRUTH.ink)
    ax.text(-1.3, 1.4, "- - HMC chains from the left", color=SCORE.ink)
    ax.text(-1.3, 1.25, "- · - annealed, weighted", color=MODEL.ink)
    ax.set_title("A chain that looks converged has seen one mode of two")
    right = (share * (ends > 0)).sum().item()
    return figure(
        fig,
        alt=f"Near the seam the posterior has a large mode on the left and a small one on the right. "
        f"{int((states > 0).any(0).sum())} of {states.shape[1]} HMC chains have been on the right; "
        f"annealed samples, weighted, put {right:.2f} of the mass there.",
    )
