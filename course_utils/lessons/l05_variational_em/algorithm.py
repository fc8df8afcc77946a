"""6, the algorithm: the ELBO of one point, from its own mean and scale."""

from collections.abc import Callable

from torch import Tensor
from torch.distributions import Normal

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
    log_likelihood: Callable[[Tensor], Tensor], mu: Tensor, sigma: Tensor, eps: Tensor
) -> Tensor:
    """L_n (N,) of q_n = N(mu_n, diag sigma_n^2), prior N(0, I), from the noise eps (S, N, H)."""
    z = mu + sigma * eps
    kl = (mu.square() + sigma.square() - 1 - 2 * sigma.log()).sum(1) / 2
    return log_likelihood(z).mean(0) - kl


def _likelihood(z: Tensor) -> Tensor:
    """Some log p(x_n | z): (S, N, H) -> (S, N)."""
    return -(z.sin().sum(-1) - 0.3).square() - 0.2 * z.square().sum(-1) - 1.0


def _local_variant(
    kl: float = 1.0,
    width: float = 1.0,
    variance: float = 2.0,
    entropy: float = 2.0,
    mean: bool = False,
    average: bool = True,
):
    """local_elbo with one thing done differently."""

    def answer(log_likelihood, mu: Tensor, sigma: Tensor, eps: Tensor) -> Tensor:
        terms = mu.square() + sigma**variance - 1 - entropy * sigma.log()
        divergence = (terms.mean(1) if mean else terms.sum(1)) / 2
        fits = log_likelihood(mu + sigma**width * eps)
        return (fits.mean(0) if average else fits.sum(0)) - kl * divergence

    return answer


Exercise(
    "05.4",
    local_elbo,
    cases=[
        (_likelihood, normal(4, 2, seed=6), normal(4, 2, seed=7).exp(), normal(3, 4, 2, seed=8)),
        (_likelihood, normal(5, 3), normal(5, 3, seed=1).exp(), normal(8, 5, 3, seed=2)),
    ],
    mistakes=[
        Mistake(_local_variant(kl=-1.0), "The KL is subtracted: straying from the prior costs."),
        Mistake(_local_variant(kl=0.0), "The KL to the prior is missing."),
        Mistake(
            _local_variant(width=2.0),
            "z = μ + σ²ε has the wrong width. The noise is stretched by the scale σ.",
        ),
        Mistake(
            _local_variant(variance=1.0),
            "In the KL stands the variance σ²; you put the scale σ.",
        ),
        Mistake(
            _local_variant(entropy=1.0),
            "The KL contains log σ², which is 2 log σ.",
        ),
        Mistake(
            _local_variant(entropy=0.0),
            "The entropy of q is missing: without −log σ² in the KL, q would shrink to a point.",
        ),
        Mistake(
            _local_variant(mean=True),
            "You averaged the KL over dimensions. Sum: else it weighs H times too little.",
        ),
        Mistake(
            lambda log_likelihood, mu, sigma, eps: (
                log_likelihood(mu + sigma * eps)
                + Normal(0.0, 1.0).log_prob(mu + sigma * eps).sum(-1)
                - Normal(mu, sigma).log_prob(mu + sigma * eps).sum(-1)
            ).mean(0),
            "Unbiased, but you sampled the KL as well. It has a formula: use it, and its noise is gone.",
        ),
        Mistake(_local_variant(kl=2.0), "The KL has a factor ½ in front."),
        Mistake(_local_variant(average=False), "Average over the S samples; you summed."),
        Mistake(
            lambda log_likelihood, mu, sigma, eps: local_elbo(
                log_likelihood, mu, sigma, eps
            ).mean(),
            "Return one bound per data point; the mean is taken later, in sight.",
        ),
    ],
    nudge="Three lines: move the noise to z; average the log-likelihood; subtract the KL of lesson 03 "
    "with a diagonal covariance.",
    formula="$$\\mathcal L_n \\approx \\frac1S\\sum_s\\log p(x_n\\mid z^{(s)}) - \\tfrac12\\sum_h\\big["
    "\\mu_h^2 + \\sigma_h^2 - 1 - \\log\\sigma_h^2\\big]$$",
)
