"""6, the algorithm: the ELBO of one point, from its own mean and scale."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal

from course_utils.kit import Exercise, Mistake
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.schematic import Box, schematic


def draw_model() -> Picture:
    """Where the course's encoder will stand: a table with one row for every data point."""
    return schematic(
        [
            Box("$n$", "code", note="which point", width=1.1),
            Box("row $n$ of\na table", "data", "q", note="$\\mu_n$, $\\log\\sigma_n^2$", width=1.5),
            Box("$z_n$", "code", "q", enters="$\\varepsilon$"),
            Box("decoder\n$\\theta$", "widens", "model", note="shared by all", width=1.6),
            Box("$g(z_n)$", "data", "model", width=1.2),
            Box("$x_n$", "data", "data", note="the data", enters="noise $\\sigma$"),
        ],
        alt="Boxes from left to right: the number n of a data point; row n of a table, which holds the "
        "mean and log variance of q_n; the latent z_n, which noise epsilon enters; the decoder with "
        "parameters theta, shared by all data points; g(z_n); and the data point x_n it is compared with. "
        "No arrow leads from x_n to the table: there is no encoder.",
    )


def local_elbo(
    log_likelihood: Callable[[Tensor], Tensor], mu: Tensor, factor: Tensor, eps: Tensor
) -> Tensor:
    """L_n (N,) of q_n = N(mu_n, L_n L_n^T), prior N(0, I), from the noise eps (S, N, H)."""
    z = mu + (factor @ eps[..., None])[..., 0]
    log_det = 2 * factor.diagonal(dim1=1, dim2=2).log().sum(1)
    kl = (mu.square().sum(1) + factor.square().sum((1, 2)) - mu.shape[1] - log_det) / 2
    return log_likelihood(z).mean(0) - kl


def _likelihood(z: Tensor) -> Tensor:
    """Some log p(x_n | z): (S, N, H) -> (S, N)."""
    weights = torch.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    return -((z * weights).sin().sum(-1) - 0.3).square() - 0.2 * (z * weights).square().sum(-1) - 1


def _factors(size: int, H: int, seed: int) -> Tensor:
    lower = normal(size, H, H, seed=seed).tril()
    return lower - torch.diag_embed(lower.diagonal(dim1=1, dim2=2) - normal(size, H, seed=9).exp())


def _variant(
    kl: float = 1.0,
    half: float = 0.5,
    log_det: float = 2.0,
    trace: Callable[[Tensor], Tensor] = lambda factor: factor.square().sum((1, 2)),
    move: Callable[[Tensor], Tensor] = lambda factor: factor,
    average: bool = True,
    size: float = 1.0,
):
    """local_elbo with one thing done differently."""

    def answer(log_likelihood, mu: Tensor, factor: Tensor, eps: Tensor) -> Tensor:
        logs = log_det * factor.diagonal(dim1=1, dim2=2).log().sum(1)
        divergence = half * (mu.square().sum(1) + trace(factor) - size * mu.shape[1] - logs)
        fits = log_likelihood(mu + (move(factor) @ eps[..., None])[..., 0])
        return (fits.mean(0) if average else fits.sum(0)) - kl * divergence

    return answer


def _sampled_kl(log_likelihood, mu: Tensor, factor: Tensor, eps: Tensor) -> Tensor:
    z = mu + (factor @ eps[..., None])[..., 0]
    q = MultivariateNormal(mu, scale_tril=factor)
    prior = Normal(0.0, 1.0).log_prob(z).sum(-1)
    return (log_likelihood(z) + prior - q.log_prob(z)).mean(0)


Exercise(
    "05.4",
    local_elbo,
    cases=[
        (_likelihood, normal(4, 2, seed=6), _factors(4, 2, 7), normal(3, 4, 2, seed=8)),
        (_likelihood, normal(5, 3), _factors(5, 3, 1), normal(8, 5, 3, seed=2)),
    ],
    mistakes=[
        Mistake(_variant(kl=-1.0), "The KL is subtracted: straying from the prior costs."),
        Mistake(_variant(kl=0.0), "The KL to the prior is missing."),
        Mistake(
            _variant(move=lambda factor: factor.mT),
            "Your samples have covariance LᵀL: L is transposed. Row i of L mixes the noises into z_i.",
        ),
        Mistake(
            _variant(move=lambda factor: torch.diag_embed(factor.diagonal(dim1=1, dim2=2))),
            "You moved the samples by the diagonal of L alone. Below it stand the ties between latents.",
        ),
        Mistake(
            _variant(trace=lambda factor: factor.diagonal(dim1=1, dim2=2).square().sum(1)),
            "In the trace you squared the diagonal of L. Entry (i, i) of LLᵀ is the squared "
            "<i>row</i> i: all of L counts.",
        ),
        Mistake(
            _variant(trace=lambda factor: factor.diagonal(dim1=1, dim2=2).sum(1)),
            "That is the trace of L. The covariance is LLᵀ.",
        ),
        Mistake(
            _variant(log_det=1.0),
            "That is log|L|. The covariance is LLᵀ, and its determinant |L|².",
        ),
        Mistake(
            _variant(log_det=0.0),
            "The entropy of q is missing: without −log|LLᵀ| in the KL, q would shrink to a point.",
        ),
        Mistake(
            _variant(log_det=-2.0), "The sign of log|LLᵀ| is turned: a wide q has a high entropy."
        ),
        Mistake(
            _variant(size=0.0),
            "A constant is off: the KL of the prior to itself is 0. What makes up for the trace of I?",
        ),
        Mistake(
            _sampled_kl,
            "Unbiased, but you sampled the KL as well. It has a formula: use it, and its noise is gone.",
        ),
        Mistake(_variant(half=1.0), "The KL has a factor ½ in front."),
        Mistake(_variant(average=False), "Average over the S samples; you summed."),
        Mistake(
            lambda log_likelihood, mu, factor, eps: local_elbo(
                log_likelihood, mu, factor, eps
            ).mean(),
            "Return one bound per data point; the mean is taken later, in sight.",
        ),
    ],
    nudge="Move the noise to z; average the log-likelihood; subtract the KL. The trace of LLᵀ is a sum of "
    "squares: of which entries? And the determinant of a triangular matrix is soon found.",
    formula="$$\\mathrm{KL} = \\tfrac12\\big[\\lVert\\mu_n\\rVert^2 + \\operatorname{tr}\\mathbf L_n"
    "\\mathbf L_n^\\top - H - \\log|\\mathbf L_n\\mathbf L_n^\\top|\\big], \\qquad "
    "|\\mathbf L_n| = \\prod_i \\mathbf L_{n,ii}$$ <code>factor @ eps[..., None]</code> is L ε, one "
    "column for each sample and point.",
)
