"""2 · All of it, in plain sight: KL and ELBO by hand; exercises 06.1 (a KL out of range) and 06.2."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def kl_of_output(output: Tensor, latent_dim: int) -> Tensor:
    """KL(q || N(0, I)) (N,) of the encoder's output (N, 2 H): means, then log variances."""
    mean, log_variance = output[:, :latent_dim], output[:, latent_dim:]
    return (mean**2 + log_variance.exp() - 1 - log_variance).sum(1) / 2


def _kl_variant(
    log_scale: Callable = lambda log_variance: log_variance / 2,
    variance: Callable = torch.exp,
    half: float = 0.5,
) -> Callable:
    """`kl_of_output` with another log sigma or sigma^2, as functions of the log variance."""

    def answer(output: Tensor, latent_dim: int) -> Tensor:
        mean, log_variance = output[:, :latent_dim], output[:, latent_dim:]
        terms = mean**2 + variance(log_variance) - 1 - 2 * log_scale(log_variance)
        return half * terms.sum(1)

    return answer


def _outputs(n: int, latent_dim: int, lowest: float) -> Tensor:
    """Outputs of an encoder in float32, one log variance of which is `lowest`."""
    output = normal(n, 2 * latent_dim, seed=n).float()
    output[1, -1] = lowest
    return output


Exercise(
    "06.1",
    kl_of_output,
    gradients=("output",),
    cases=[(_outputs(5, 2, -3.0), 2), (_outputs(4, 1, -240.0), 1), (_outputs(3, 3, -1700.0), 3)],
    mistakes=[
        Mistake(
            _kl_variant(lambda log_variance: (log_variance / 2).exp().log()),
            "That is as it stood: exp(−120) is 0 in float32, and log 0 is −∞. Which of the lines asks for "
            "a number that was there before?",
        ),
        Mistake(
            _kl_variant(lambda log_variance: (log_variance / 2).exp().clamp(min=1e-8).log()),
            "Finite, but with a floor under σ, or a little added to it, it is another KL: 18 nats where it "
            "should be 120, and there its gradient is 0, so the unit never comes back. None is needed.",
        ),
        Mistake(
            lambda output, latent_dim: _kl_variant(
                lambda log_variance: (log_variance / 2).exp().log()
            )(output.double(), latent_dim).float(),
            "float64 only moves the cliff: at a log variance of −1700 σ is 0 there, too.",
        ),
        Mistake(
            _kl_variant(lambda log_variance: log_variance),
            "You have it nearly: 2 log σ is the log variance itself, not twice that.",
        ),
        Mistake(
            _kl_variant(lambda log_variance: log_variance / 4),
            "You have it nearly: 2 log σ is the log variance itself, not half of it.",
        ),
        Mistake(
            _kl_variant(variance=lambda log_variance: (log_variance / 2).exp()),
            "The logarithm is mended. But exp(½ log σ²) is σ, and the KL has σ².",
        ),
        Mistake(_kl_variant(half=1.0), "The place is right, but a factor ½ has been lost."),
        Mistake(
            lambda *case: kl_of_output(*case).sum(),
            "The place is right. But return one KL per data point.",
        ),
    ],
    nudge="What is σ in float32 if its logarithm is −120? And of the four terms, which one minds?",
    formula="$$-2\\log\\sigma = -\\log\\sigma^2$$ and $\\log\\sigma^2$ is what the network puts out: "
    "the KL needs no logarithm of anything. Its slope in it, $\\tfrac12(\\sigma^2 - 1)$, is then "
    "$-\\tfrac12$ far below: the unit is pulled back.",
    tolerance=1e-5,
)


def elbo(x: Tensor, mean: Tensor, scale: Tensor, decode: Callable, sigma2: Tensor) -> Tensor:
    """One-sample ELBO (N,) of what is known of x (N, D), NaN where it is not; q = N(mean, scale^2)."""
    q, known = Normal(mean, scale), ~x.isnan()
    terms = Normal(decode(q.rsample()), sigma2**0.5).log_prob(x.nan_to_num())
    fit = (known * terms).sum(1)
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
    gap: str = "dropped",
) -> Callable:
    """`elbo` with one thing done differently."""

    def answer(x: Tensor, mean: Tensor, scale: Tensor, decode: Callable, sigma2: Tensor) -> Tensor:
        q = Normal(mean, scale**of_q)
        if noise == "own":
            z = q.rsample() if moving else q.sample()
        else:
            z = mean + scale * (torch.randn(mean.shape[1]) if noise == "shared" else 0.0)
        known, decoded = ~x.isnan(), decode(z)
        filled = torch.where(known, x, decoded.detach() if gap == "decoded" else 0.0)
        terms = Normal(decoded, sigma2**0.5 if root else sigma2).log_prob(filled)
        if not constant:
            terms = -(filled - decoded).square() / (2 * sigma2)
        if gap in ("dropped", "scaled"):
            terms = terms * known
        if gap == "scaled":
            terms = terms * (x.shape[1] / known.sum(1, keepdim=True).clamp(min=1))
        fit = terms.sum(1) if across in ("sum", "batch") else terms.mean(1)
        prior = Normal(torch.zeros_like(mean), 1.0)
        price = {
            "closed": kl_divergence(q, prior),
            "sampled": q.log_prob(z) - prior.log_prob(z),
            "reversed": kl_divergence(prior, q),
        }[divergence]
        kls = {"both": price.mean(1), "batch": price.sum()}.get(across, price.sum(1))
        return fit - kl * kls

    return answer


def _nan_hidden(x: Tensor, mean: Tensor, scale: Tensor, decode: Callable, sigma2: Tensor) -> Tensor:
    """By the formula, the NaN taken out of the values at the end, but not of the gradients."""
    q = Normal(mean, scale)
    error = (x - decode(q.rsample())).square() / sigma2
    terms = torch.where(x.isnan(), 0.0, -(error + (2 * torch.pi * sigma2).log()) / 2)
    return terms.sum(1) - kl_divergence(q, Normal(torch.zeros_like(mean), 1.0)).sum(1)


def _incomplete(n: int) -> Tensor:
    """x (n, 3) in float32: of one row a number is missing, of another all are."""
    x = normal(n, 3).float()
    x[1, 2], x[3] = torch.nan, torch.nan
    return x


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
            _incomplete(n),
            *(part.float() for part in (normal(n, h, seed=n), normal(n, h).exp())),
            _decode,
            torch.tensor(sigma2),
        )
        for n, h, sigma2 in ((6, 2, 0.3), (5, 3, 2.0))
    ],
    mistakes=[
        Mistake(
            _elbo_variant(gap="zero"),
            "You put 0 where x is not known, and scored it like a measurement. What is not known is "
            "integrated out: its factor of p(x | z) becomes 1, its term 0.",
        ),
        Mistake(
            _elbo_variant(gap="decoded"),
            "You filled the gaps with the decoder's own mean: each then counts as a perfect hit, worth "
            "−½ log 2πσ², and makes σ² shrink. Leave the term out.",
        ),
        Mistake(
            _elbo_variant(gap="scaled"),
            "You scaled the known terms up to D. The bound is on the density of what is known, and the "
            "less is known, the more the KL counts.",
        ),
        Mistake(
            _nan_hidden,
            "The value is right, but gradients are NaN: <code>where</code> hides the NaN only on the way "
            "there, and on the way back 0 · NaN is NaN. Fill x before it is used.",
        ),
        Mistake(
            _elbo_variant(across="batch"),
            "Your KL is summed over the points, too: each then pays for all. Sum over the latents, axis 1.",
        ),
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
    nudge="The dimensions of x are independent given z. So what is p(known part | z), once the rest is "
    "integrated out? And does the KL know what of x was measured?",
    tolerance=1e-5,
    formula="$$\\sum_{d\\ \\text{known}}\\log\\mathcal N(x_d\\mid g_d(z),\\sigma^2) - \\mathrm{KL}"
    "\\big(\\mathcal N(\\mu_n, \\sigma_n^2)\\,\\|\\,\\mathcal N(0, 1)\\big), \\qquad "
    "z = \\mu_n + \\sigma_n\\varepsilon$$ Put any number where x is NaN, and multiply the terms by "
    "<code>~x.isnan()</code>.",
)
