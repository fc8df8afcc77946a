"""5, old models in new words: their programs, and exercise 14.4."""

import torch
from matplotlib.patches import Ellipse
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from course_utils import deep
from course_utils.bayes_net import BayesianNet
from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal


class Generator(BayesianNet):
    """z ~ N(0, I), x | z from a decoder: lessons 06 to 09."""

    def __init__(self, decoder: deep.Model, num_images: int = 1) -> None:
        super().__init__()
        self.decoder, self.num_images = decoder, num_images

    def program(self) -> None:
        """Nodes z (N, H) and x (N, D); the images' means are kept in the cache."""
        zero = torch.zeros(self.num_images, self.decoder.latent_dim)
        z = self.node("z", Independent(Normal(zero, 1.0), 1))
        p = self.decoder(z)
        self.cache["image"] = p.mean
        self.node("x", p)


class Variational(BayesianNet):
    """z | x from an encoder, S samples at once."""

    def __init__(self, encoder: nn.Module, num_samples: int = 1) -> None:
        super().__init__()
        self.encoder, self.num_samples = encoder, num_samples

    def program(self, x: Tensor) -> None:
        """Node z, (S, N, H)."""
        self.node("z", self.encoder(x), (self.num_samples,))


# Each model's nodes from the top, with their distributions; the last is observed.
GRAPHS = {
    "PPCA": ("z  N(0, I)", "x  N(Wz + μ,\nσ²I)"),
    "mixture": ("k  Categorical", "x  N(μₖ, σ²I)"),
    "VAE": ("z  N(0, I)", "x  N(g(z), σ²I)"),
    "both": ("k  Categorical", "z  N(mₖ, sₖ)", "x  N(g(z), σ²I)"),
}


def plot_graphs() -> Picture:
    """Four models of the course as graphs of nodes."""
    fig, axes = style.subplots(4, height=3.7)
    arrow = {"arrowstyle": "-|>", "lw": 2, "color": style.INK}
    for ax, (name, nodes) in zip(axes, GRAPHS.items(), strict=True):
        ax.set(xlim=(-0.7, 2.7), ylim=(-1, 8.4), title=name)
        ax.axis("off")
        for i, node in enumerate(nodes):
            letter, says = node.split("  ")
            y, seen = 7.2 - 3 * i, node is nodes[-1]
            role = style.ROLES["data" if seen else "prior"]
            face = style.PALE if seen else "white"
            ax.add_patch(Ellipse((0, y), 1.1, 1.6, fc=face, ec=role.color, lw=3))
            ax.text(0, y, letter, ha="center", va="center", fontsize=20)
            ax.text(0.75, y, says, va="center", color=role.ink)
            if i:
                ax.annotate("", (0, y + 0.8), (0, y + 2.2), arrowprops=arrow)
    said = "; ".join(f"{name}: {', then '.join(nodes)}" for name, nodes in GRAPHS.items())
    said = said.replace("\n", " ")
    return figure(fig, alt=f"Four models as columns of nodes, the observed one shaded. {said}.")


def enumerated(log_p: Tensor, log_q_k: Tensor, log_q_z: Tensor) -> Tensor:
    """The ELBO of a net with a node k, summed over, and a node z, drawn once for every k.

    log_p: log p(x, z_k, k), (K,). log_q_k: log q(k | x), (K,). log_q_z: log q(z_k | x, k), (K,).
    """
    return (log_q_k.exp() * (log_p - log_q_k - log_q_z)).sum()


Exercise(
    "14.4",
    enumerated,
    cases=[
        (normal(3) - 9, torch.tensor([0.2, 0.5, 0.3]).double().log(), normal(3, seed=1)),
        (normal(2, seed=2), torch.tensor([0.9, 0.1]).double().log(), normal(2, seed=3) - 1),
    ],
    gradients=("log_p", "log_q_k", "log_q_z"),
    mistakes=[
        Mistake(
            lambda log_p, log_q_k, log_q_z: (log_q_k.exp() * (log_p - log_q_z)).sum(),
            "k is a node, too: its −log q(k) is missing, and with it the entropy of the classes.",
        ),
        Mistake(
            lambda log_p, log_q_k, log_q_z: (log_q_k.exp() * (log_p - log_q_k)).sum(),
            "z is a node, too: −log q(z | k) is missing.",
        ),
        Mistake(
            lambda log_p, log_q_k, log_q_z: (log_q_k.exp() * (log_p + log_q_k + log_q_z)).sum(),
            "The guide's log-probabilities come off: log p − log q.",
        ),
        Mistake(
            lambda log_p, log_q_k, log_q_z: (log_p - log_q_k - log_q_z).mean(),
            "Every k counts alike here. The mean is over q(k).",
        ),
        Mistake(
            lambda log_p, log_q_k, log_q_z: (log_p - log_q_z).logsumexp(0),
            "This sums the joint over k: an estimate of log p(x) with the best q(k) in it, whatever "
            "the q(k) given. Asked is the bound of the given one.",
        ),
        Mistake(
            lambda log_p, log_q_k, log_q_z: (
                log_q_k.exp().detach() * (log_p - log_q_k - log_q_z)
            ).sum(),
            "The value is right. Held, the weights cannot learn: through them q(k) is taught which "
            "class explains x.",
        ),
        Mistake(
            lambda log_p, log_q_k, log_q_z: (log_q_k * (log_p - log_q_k - log_q_z)).sum(),
            "The weight of a class is q(k), not its logarithm.",
        ),
    ],
    nudge="An expectation over q(k, z) = q(k) q(z | k): the outer one is a sum, with weights.",
    formula="$$\\sum_k q(k)\\,\\big(\\log p(x,z_k,k) - \\log q(k) - \\log q(z_k\\mid k)\\big)$$",
)
