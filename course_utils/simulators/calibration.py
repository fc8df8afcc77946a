"""Is a posterior as sure as it should be? Ranks and coverage over simulated pairs."""

from jaxtyping import Float, Int
from torch import Tensor

from course_utils import validate

__all__ = ["chi_squared", "coverage", "ranks"]


@validate.typed
def ranks(z: Float[Tensor, "N H"], samples: Float[Tensor, "S N H"]) -> Int[Tensor, "N H"]:
    """How many of the S samples are below the true z, 0 to S, in every dimension.

    Uniform if the samples are of the posterior (or of any p(z | s), the prior included).
    Source: Talts, Betancourt, Simpson, Vehtari & Gelman, "Validating Bayesian inference algorithms
    with simulation-based calibration", 2018.
    """
    validate.finite(z=z, samples=samples)
    return (samples < z).sum(0)


@validate.typed
def coverage(
    log_q: Float[Tensor, "N"], log_q_samples: Float[Tensor, "S N"], level: float = 0.9
) -> float:
    """The share of true z within the highest-density region that should hold `level` of them.

    log_q: log q(z_n | y_n) of the true z. log_q_samples: of samples of q(. | y_n), whose share
    that is denser than z_n is the smallest region's level that holds it.
    Source: Hermans et al., "A trust crisis in simulation-based inference?", TMLR 2022.
    """
    if log_q.isnan().any() or log_q_samples.isnan().any() or log_q_samples.numel() == 0:
        raise ValueError("log_q and log_q_samples must not be NaN or empty")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    denser = (log_q_samples > log_q).double().mean(0)
    return (denser < level).double().mean().item()


@validate.typed
def chi_squared(counts: Int[Tensor, "B"]) -> float:
    """Pearson's statistic of a histogram that should be flat; its mean is B - 1 if it is."""
    if counts.numel() < 2 or (counts < 0).any() or counts.sum() == 0:
        raise ValueError("counts must be two or more bins, 0 or more each, and not all 0")
    expected = counts.double().mean()
    return ((counts - expected).square().sum() / expected).item()
