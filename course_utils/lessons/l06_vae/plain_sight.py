"""2 · All of it, in plain sight: the encoder's head and the ELBO by hand; exercises 06.1 and 06.2."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def encoder_head(output: Tensor, latent_dim: int) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation, (N, H) each, from outputs (N, 2 H): means, then log variances."""
    mean, log_variance = output[:, :latent_dim], output[:, latent_dim:]
    return mean, (log_variance / 2).exp()


Exercise(
    "06.1",
    encoder_head,
    cases=[(normal(5, 4), 2), (normal(4, 2, seed=1), 1), (normal(3, 6, seed=2), 3)],
    mistakes=[
        Mistake(
            lambda output, latent_dim: (output[:, :latent_dim], output[:, latent_dim:].exp()),
            "exp of a log variance is the variance. The standard deviation is its root: halve first.",
        ),
        Mistake(
            lambda output, latent_dim: (output[:, :latent_dim], output[:, latent_dim:] / 2),
            "Half the log variance is log σ, still a logarithm: take its exp.",
        ),
        Mistake(
            lambda output, latent_dim: (output[:, :latent_dim], output[:, latent_dim:]),
            "The second half holds log variances, which may be negative: a scale needs exp.",
        ),
        Mistake(
            lambda output, latent_dim: (
                output[:, :latent_dim],
                nn.functional.softplus(output[:, latent_dim:]),
            ),
            "Softplus would do for another code. These outputs are log variances: exp(½ ·).",
        ),
        Mistake(
            lambda output, latent_dim: (
                output[:, latent_dim:],
                (output[:, :latent_dim] / 2).exp(),
            ),
            "You took the halves in the wrong order: the means come first.",
        ),
        Mistake(
            lambda output, latent_dim: (output[:, ::2], (output[:, 1::2] / 2).exp()),
            "You alternated. The means are the first H columns, the log variances the last H.",
        ),
        Mistake(
            lambda output, latent_dim: (
                output[:, :latent_dim],
                (-output[:, latent_dim:] / 2).exp(),
            ),
            "The sign: that is one over the standard deviation, as for log precisions.",
        ),
    ],
    nudge="The network's second half is log σ². What is σ?",
    formula="$$\\sigma_n = \\exp\\big(\\tfrac12\\log\\sigma_n^2\\big)$$",
)


def elbo(x: Tensor, mean: Tensor, scale: Tensor, decode: Callable, sigma2: Tensor) -> Tensor:
    """One-sample ELBO (N,) for x (N, D) with q = N(mean, scale^2), both (N, H); sigma2 ()."""
    q = Normal(mean, scale)
    z = q.rsample()
    fit = Normal(decode(z), sigma2**0.5).log_prob(x).sum(1)
    kl = kl_divergence(q, Normal(torch.zeros_like(mean), 1.0)).sum(1)
    return fit - kl


def _elbo_variant(
    across: str = "sum",
    kl: float = 1.0,
    root: bool = True,
    of_q: float = 1.0,
    moving: bool = True,
    divergence: str = "closed",
    noise: str = "own",
    constant: bool = True,
) -> Callable:
    """`elbo` with one thing done differently."""

    def answer(x: Tensor, mean: Tensor, scale: Tensor, decode: Callable, sigma2: Tensor) -> Tensor:
        q = Normal(mean, scale**of_q)
        if noise == "own":
            z = q.rsample() if moving else q.sample()
        else:
            z = mean + scale * (torch.randn(mean.shape[1]) if noise == "shared" else 0.0)
        terms = Normal(decode(z), sigma2**0.5 if root else sigma2).log_prob(x)
        if not constant:
            terms = -(x - decode(z)).square() / (2 * sigma2)
        fit = terms.sum(1) if across == "sum" else terms.mean(1)
        prior = Normal(torch.zeros_like(mean), 1.0)
        price = {
            "closed": kl_divergence(q, prior),
            "sampled": q.log_prob(z) - prior.log_prob(z),
            "reversed": kl_divergence(prior, q),
        }[divergence]
        return fit - kl * (price.mean(1) if across == "both" else price.sum(1))

    return answer


def _decode(z: Tensor) -> Tensor:
    """A little nonlinear decoder, H latents -> 3."""
    return torch.stack([z.sum(1).sin(), z[:, 0].cos(), z.square().mean(1)], 1)


Exercise(
    "06.2",
    elbo,
    gradients=("mean", "scale", "sigma2"),
    cases=[
        # In float32, as in the notebook, so that torch.randn(mean.shape) draws what rsample draws.
        (
            *(part.float() for part in (normal(n, 3), normal(n, h, seed=n), normal(n, h).exp())),
            _decode,
            torch.tensor(sigma2),
        )
        for n, h, sigma2 in ((6, 2, 0.3), (5, 3, 2.0))
    ],
    mistakes=[
        Mistake(
            _elbo_variant(moving=False),
            "The value is right, the gradient is not: <code>sample()</code> cuts z off from the "
            "encoder. Use <code>rsample()</code>.",
        ),
        Mistake(
            _elbo_variant(across="mean"),
            "You averaged log p(x | z) over the pixels but summed the KL: that multiplies σ² by D.",
        ),
        Mistake(
            _elbo_variant(across="both"),
            "You took means over dimensions. A log density of independent parts is their sum.",
        ),
        Mistake(
            lambda x, mean, scale, decode, s: elbo(x, mean, scale, decode, s.detach()),
            "The value is right, the gradient in <code>sigma2</code> is lost: <code>math.sqrt</code>, "
            "<code>float</code> and <code>item</code> make it a constant. Use <code>sigma2 ** 0.5</code>.",
        ),
        Mistake(
            _elbo_variant(divergence="reversed"),
            "The KL is the wrong way round: the expectation is under q, so q stands first.",
        ),
        Mistake(
            _elbo_variant(divergence="sampled"),
            "Unbiased, but you sampled the KL. In closed form, by <code>kl_divergence</code>, it has "
            "no noise.",
        ),
        Mistake(
            _elbo_variant(constant=False),
            "The constant −D/2 log 2πσ² is missing. With a fixed σ² it would not move anything; but σ² is "
            "learned here, and without it grows for ever.",
        ),
        Mistake(
            _elbo_variant(noise="none"),
            "You put z at the mean of q. The bound is an expectation under q: z = mean + scale · ε. Without "
            "ε nothing tells the decoder how far a code may stray.",
        ),
        Mistake(
            _elbo_variant(noise="shared"),
            "All points share one ε: <code>torch.randn(mean.shape)</code> gives each its own. Unbiased, but "
            "a minibatch then averages the points' noise not at all.",
        ),
        Mistake(_elbo_variant(kl=-1.0), "The KL is subtracted: straying from the prior costs."),
        Mistake(_elbo_variant(kl=0.0), "The KL is missing: that is a noisy autoencoder."),
        Mistake(
            _elbo_variant(root=False),
            "<code>sigma2</code> is a variance, and <code>Normal</code> wants a standard deviation.",
        ),
        Mistake(
            _elbo_variant(of_q=0.5),
            "<code>scale</code> is a standard deviation already: no root of it.",
        ),
        Mistake(
            _elbo_variant(of_q=2.0),
            "You squared <code>scale</code>. <code>Normal</code> wants the standard deviation.",
        ),
        Mistake(
            lambda *case: elbo(*case).mean(),
            "One ELBO per data point; the mean over the minibatch is taken later, in sight.",
        ),
        Mistake(
            lambda *case: -elbo(*case),
            "That is the loss. The exercise wants the bound itself, without the minus.",
        ),
    ],
    nudge="Draw z so that gradients pass; log p(x | z) summed over D; the KL of two Normals, over H.",
    tolerance=1e-5,
    formula="$$\\log\\mathcal N(x\\mid g(z),\\sigma^2 I) - \\mathrm{KL}\\big(\\mathcal N(\\mu_n, "
    "\\sigma_n^2)\\,\\|\\,\\mathcal N(0, 1)\\big), \\qquad z = \\mu_n + \\sigma_n\\varepsilon$$ "
    "<code>torch.distributions.kl_divergence</code> knows the KL.",
)
