"""Search for a good formula with so many evaluations: without a code, and in one.

Source: Gomez-Bombarelli et al., "Automatic chemical design using a data-driven continuous
representation of molecules", ACS Central Science 4, 2018; Jones, Schonlau & Welch, "Efficient global
optimization of expensive black-box functions", Journal of Global Optimization 13, 1998 (expected
improvement).
"""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import isfinite

import torch
from jaxtyping import Float
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from torch import Tensor

from course_utils import validate
from course_utils.sequences import formulas
from course_utils.sequences.grammar import Words
from course_utils.sequences.language_model import Recurrent
from course_utils.sequences.tokens import Vocabulary

__all__ = [
    "Search",
    "ascended",
    "by_code",
    "improvement",
    "improving",
    "in_turn",
    "process",
    "written",
]

FIRST, ROUND = 20, 5  # codes drawn from the prior before a model of the scores is fitted; a round's
CANDIDATES = 500  # codes from the prior among which expected improvement chooses
Choose = Callable[[Tensor, Tensor], Tensor]  # codes and scores so far -> codes to try


@dataclass
class Search:
    """What has been evaluated, in order. What is no formula, and what was asked before, is free."""

    budget: int
    tried: dict[Words, float] = field(default_factory=dict)
    codes: list[Tensor] = field(default_factory=list)  # of a search in a code, all that were tried
    scores: list[float] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether the evaluations are used up."""
        return len(self.tried) >= self.budget

    @property
    def best(self) -> float:
        """The highest score."""
        return max(self.tried.values())

    def ask(self, words: Words) -> float:
        """The score of a string, `formulas.LOWEST` if it is no formula."""
        score = formulas.score(words)
        if not self.done and words in formulas.everything():
            self.tried.setdefault(words, score)
        return score


@validate.typed
def in_turn(strings: Iterable[Words], budget: int) -> Search:
    """Ask one after the other."""
    validate.integer(1, budget=budget)
    search = Search(budget)
    for words in strings:
        if search.done:
            break
        search.ask(words)
    return search


def written(decoder: Recurrent, vocabulary: Vocabulary, z: Tensor) -> list[Words]:
    """What the codes decode to, the likeliest word each time."""
    return vocabulary.decode(decoder.write(len(z), formulas.LONGEST + 1, z, greedy=True))


@validate.typed
def by_code(
    decoder: Recurrent, vocabulary: Vocabulary, choose: Choose, budget: int, rounds: int = 60
) -> Search:
    """Codes from the prior, then what `choose` says of all codes and scores, some in a round.

    A round that brings no new formula is followed by one from the prior. After so many rounds the
    search ends, whether the budget is used or not.
    """
    validate.integer(1, budget=budget, rounds=rounds)
    search, stuck = Search(budget), True
    for _ in range(rounds):
        if search.done:
            break
        if len(search.tried) < FIRST or stuck:
            z = torch.randn(ROUND, decoder.latent_dim)
        else:
            z = choose(torch.stack(search.codes), torch.tensor(search.scores))
        before = len(search.tried)
        for code, words in zip(z, written(decoder, vocabulary, z), strict=True):
            search.codes.append(code)
            search.scores.append(search.ask(words))
        stuck = not stuck and len(search.tried) == before
    return search


@validate.typed
def process(codes: Float[Tensor, "N H"], scores: Float[Tensor, "N"]) -> GaussianProcessRegressor:
    """A Gaussian process for the score of a code, its scales fitted by the likelihood."""
    validate.finite(codes=codes.square(), scores=scores.square())  # it squares them
    kernel = ConstantKernel(1.0) * RBF(1.0, (0.1, 5.0)) + WhiteKernel(0.1, (1e-3, 2.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a scale at its bound
        return GaussianProcessRegressor(kernel, normalize_y=True).fit(
            codes.double().numpy(), scores.double().numpy()
        )


@validate.typed
def improvement(
    mean: Float[Tensor, "N"], scale: Float[Tensor, "N"], best: float
) -> Float[Tensor, "N"]:
    """E[max(0, f - best)] for f ~ N(mean, scale^2)."""
    validate.finite(mean=mean, scale=scale)
    validate.positive(scale=scale.min())
    if not isfinite(best):
        raise ValueError(f"best must be finite, got {best}")
    standard = torch.distributions.Normal(0.0, 1.0)
    above = (mean - best) / scale
    return (mean - best) * standard.cdf(above) + scale * standard.log_prob(above).exp()


@validate.typed
def improving(codes: Float[Tensor, "N H"], scores: Float[Tensor, "N"]) -> Float[Tensor, "R H"]:
    """Bayesian optimisation: of codes from the prior those with the highest expected improvement."""
    z = torch.randn(CANDIDATES, codes.shape[1])
    mean, scale = process(codes, scores).predict(z.double().numpy(), return_std=True)
    gain = improvement(torch.from_numpy(mean), torch.from_numpy(scale), scores.max().item())
    return z[gain.topk(ROUND).indices]


@validate.typed
def ascended(
    codes: Float[Tensor, "N H"], scores: Float[Tensor, "N"], leash: float = 0.0, num_steps: int = 60
) -> Float[Tensor, "R H"]:
    """Gradient ascent of f(z) + leash log p(z) from codes of the prior, f being the mean of
    `process`; steps of at most 0.1.
    """
    validate.not_negative(leash=leash)
    model = process(codes, scores)
    scale = model.kernel_.k1.k2.length_scale
    weights = torch.from_numpy(model.alpha_).flatten() * model._y_train_std
    z = torch.randn(ROUND, codes.shape[1], dtype=torch.float64)
    for _ in range(num_steps):
        z.requires_grad_()
        near = torch.exp(-(z[:, None] - codes.double()).square().sum(2) / (2 * scale**2))
        f = model.kernel_.k1.k1.constant_value * near @ weights
        [slope] = torch.autograd.grad((f - leash * z.square().sum(1) / 2).sum(), z)
        z = z.detach() + 0.1 * slope / slope.norm(dim=1, keepdim=True).clamp(min=1.0)
    return z.float()
