"""The Ricker map with noise: a population that booms and crashes, seen through counts.

Simulating it takes a line a step. Its likelihood is called intractable, as the populations are not
seen; but they are a chain in one dimension, so a quadrature gives it: see `log_likelihood`.
"""

from dataclasses import dataclass
from math import log
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import filtering, validate
from course_utils.simulators import chain

__all__ = ["BeyondPrior", "Exact", "Ricker"]

NEGLIGIBLE = 11.0  # nats below the peak


class BeyondPrior(ValueError):
    """The posterior is further than four of the prior's standard deviations from its mean."""


class Exact(NamedTuple):
    """p(z | y_n) on a grid of its own for every series: M = L * F nodes, log phi varying fastest.

    z (N, M, 2). mass (N, M): of every node, sums to 1. log_density (N, M), in nats.
    log_evidence (N,). shape: (L, F).
    """

    z: Tensor
    mass: Tensor
    log_density: Tensor
    log_evidence: Tensor
    shape: tuple[int, int]

    @property
    def mean(self) -> Tensor:
        """E[z | y_n], (N, 2)."""
        return (self.mass[..., None] * self.z).sum(1)

    @property
    def cov(self) -> Tensor:
        """Cov[z | y_n], (N, 2, 2)."""
        off = self.z - self.mean[:, None]
        return torch.einsum("nm,nmi,nmj->nij", self.mass, off, off)

    @property
    def entropy(self) -> Tensor:
        """H(z | y_n) in nats, (N,)."""
        return -(self.mass * self.log_density.clamp(min=-1e9)).sum(1)


@validate.typed
@dataclass(frozen=True)
class Ricker:
    """n_t+1 = log r + n_t - exp(c n_t) + xi_t,  xi_t ~ N(0, sigma^2),  y_t ~ Poisson(phi exp(n_t)).

    n = log N is the logarithm of the population, N_0 = 1; `num_unseen` generations pass before the
    first of `num_steps` counts. theta = (log r, log phi) = mean + scale * z with z ~ N(0, I).
    sigma: of the noise. crowding: c, 1 in Ricker's model. dispersion: counts are negative binomial
    with the same mean m and variance m + m^2 / dispersion; None for Poisson.

    Source: Wood, "Statistical inference for noisy nonlinear ecological dynamic systems", Nature
    466, 2010, whose sigma is unknown.
    """

    num_steps: int = 50
    num_unseen: int = 20
    sigma: float = 0.3
    crowding: float = 1.0
    dispersion: float | None = None
    mean: tuple[float, float] = (3.8, log(10))
    scale: tuple[float, float] = (0.3, 0.3)

    def __post_init__(self) -> None:
        validate.integer(1, num_steps=self.num_steps, num_unseen=self.num_unseen)
        validate.positive(sigma=self.sigma, crowding=self.crowding)
        if self.dispersion is not None:
            validate.positive(dispersion=self.dispersion)
        validate.finite(mean=torch.tensor(self.mean))
        validate.positive(**{f"scale[{i}]": s for i, s in enumerate(self.scale)})

    def theta(self, z: Tensor) -> Tensor:
        """(log r, log phi) for z (..., 2)."""
        return torch.tensor(self.mean).to(z) + torch.tensor(self.scale).to(z) * z

    @validate.typed
    def simulate(
        self, z: Float[Tensor, "N 2"], sigma: Float[Tensor, "N"] | None = None
    ) -> Float[Tensor, "N T"]:
        """One series of counts for every z. sigma: of each, where it is not the model's own."""
        validate.finite(z=z)
        if sigma is not None:
            validate.finite(sigma=sigma)
            if (sigma <= 0).any():
                raise ValueError("sigma must be above 0")
        noise = self.sigma if sigma is None else sigma
        log_r, log_phi = self.theta(z).unbind(1)
        n, counts = torch.zeros_like(log_r), []
        for t in range(self.num_unseen + self.num_steps):
            n = log_r + n - (self.crowding * n).exp() + noise * torch.randn_like(n)
            if t >= self.num_unseen:
                rate = (log_phi + n).exp()
                if self.dispersion is not None:
                    k = torch.full_like(rate, self.dispersion)
                    rate = rate * torch._standard_gamma(k) / k
                counts.append(torch.poisson(rate))
        return torch.stack(counts, 1)

    @validate.typed
    def log_likelihood(
        self, y: Float[Tensor, "N T"], theta: Float[Tensor, "N 2"], spacing: float = 1.0
    ) -> Float[Tensor, "N"]:
        """log p(y_n | theta_n) in nats by the filter on a grid, in float64.

        y: counts; NaN where nothing was counted. Any number of them.
        spacing: of the grid, in units of sigma; halve it to see whether the answer can be trusted.
        Source: Kitagawa, JASA 82, 1987; the grid is uniform in v = n + exp(n). As a
        function of v_t the mean of n_t+1 has slopes between -1 and 1, and v grows at least as fast
        as n: a step's density is nowhere narrower than sigma.
        """
        self._check_known("log_likelihood")
        check_counts(y)
        validate.finite(theta=theta)
        validate.positive(spacing=spacing)
        result = torch.empty(len(y), dtype=torch.float64)
        for log_r in theta[:, 0].unique():
            rows = (theta[:, 0] == log_r).nonzero()[:, 0]
            result[rows] = self._at(log_r.item(), y[rows], theta[rows, 1:], spacing)[:, 0]
        return result

    def _check_known(self, what: str) -> None:
        if self.crowding != 1 or self.dispersion is not None:
            raise ValueError(f"{what} is of Poisson counts and crowding 1 only")

    @torch.no_grad()
    def _at(self, log_r: float, y: Tensor, log_phi: Tensor, spacing: float = 1.0) -> Tensor:
        """log p(y_n | log_r, log_phi_nf), (N, F), for y (N, T) and log_phi (N, F)."""
        deepest = -log_r * (longest_zeros(y) + 2) - 5
        n, start, moves = chain.on_grid(
            log_r, self.sigma, self.num_unseen, round(deepest) - 1, spacing
        )
        size = max(1, 72 // log_phi.shape[1])  # so that a part stays in the processor's cache
        parts = zip(y.double().split(size), log_phi.double().split(size), strict=True)
        return torch.cat([self._evidence(*part, n, start, moves) for part in parts])

    def _evidence(
        self, y: Tensor, log_phi: Tensor, n: Tensor, start: Tensor, moves: Tensor
    ) -> Tensor:
        """The filter's log-evidence, (N, F), with the counts' likelihood at every node."""
        seen = ~y.isnan()[:, None, :, None]
        counts = y.nan_to_num()[:, None, :, None]
        rate = log_phi[:, :, None, None] + n  # (N, F, 1, G)
        log_p = torch.addcmul(-rate.exp() - torch.lgamma(counts + 1), counts, rate)  # (N, F, T, G)
        if not seen.all():
            log_p = log_p * seen
        return filtering.forward(start, moves, log_p).log_evidence

    @validate.typed
    def posterior(self, y: Float[Tensor, "N T"]) -> Exact:
        """p(z | y_n) by quadrature: the truth beside every approximation.

        y: counts (0, 1, ...), NaN where nothing was counted; any number of them.
        ValueError where no count is above 0, BeyondPrior where no theta that the prior knows of makes
        one of the series.
        """
        self._check_known("posterior")
        check_counts(y)
        if not (y.nan_to_num() > 0).any(1).all():
            raise ValueError("y must have a count above 0 in every series")
        low, step = self.mean[0] - 4.5 * self.scale[0], self.scale[0] / 3
        log_r = low + step * torch.arange(28, dtype=torch.float64)
        best, centre, width, drop = self._pilot(y, log_r)
        L, F = 15, 9
        first = (best - L // 2).clamp(0, len(log_r) - L)
        index = first[:, None] + torch.arange(L)  # (N, L) into log_r
        offsets = torch.arange(F, dtype=torch.float64) - F // 2  # in standard deviations
        log_phi = centre.gather(1, index)[:, :, None] + width[:, None, None] * offsets  # (N, L, F)
        log_p = torch.full_like(log_phi, -torch.inf)
        near = drop.gather(1, index)[:, :, None] + offsets.square() / 2 < NEGLIGIBLE  # (N, L, F)
        for i in index.unique().tolist():
            use = (near & (index == i)[:, :, None]).nonzero(as_tuple=True)
            if len(use[0]) > 0:
                log_p[use] = self._at(log_r[i].item(), y[use[0]], log_phi[use][:, None])[:, 0]
        theta = torch.stack([log_r[index][:, :, None].expand_as(log_phi), log_phi], -1)
        z = (theta - torch.tensor(self.mean)) / torch.tensor(self.scale)
        log_joint = log_p - (z.square() / 2).sum(-1) - log(2 * torch.pi)
        cell = step * width / (self.scale[0] * self.scale[1])  # in z
        log_joint = log_joint.flatten(1)
        log_evidence = log_joint.logsumexp(1) + cell.log()
        log_density = log_joint - log_evidence[:, None]
        mass = log_density.exp() * cell[:, None]
        exact = Exact(z.flatten(1, 2), mass, log_density, log_evidence, (L, F))
        if not (exact.mean.abs() < 4.5).all():  # nor NaN
            raise BeyondPrior(
                "y must be a series that the prior can make: theta is beyond its tails"
            )
        return exact

    def _pilot(self, y: Tensor, log_r: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Where each posterior is: the best log_r's index, (N,); for every log_r the best log phi
        and how many nats it lies below the peak, (N, R) each; the standard deviation of log phi.

        From parabolas through a coarse grid, whose likelihood need not be exact.
        """
        coarse = torch.arange(0, len(log_r), 3)
        F, gap = 5, 0.1
        # The map's mean over time: 0 = log r - mean N, so counts have mean phi log r, or near it.
        guess = y.double().nanmean(1).log()[:, None] - log_r[coarse].clamp(min=0.5).log()
        for _ in range(2):  # once more, around what the first round found
            phi = guess[:, :, None] + gap * (torch.arange(F) - F // 2)  # (N, R, F)
            log_p = torch.stack(
                [self._at(log_r[i].item(), y, phi[:, k], 2.0) for k, i in enumerate(coarse)], 1
            )
            log_p = log_p - ((phi - self.mean[1]) / self.scale[1]).square() / 2
            top = log_p[..., 1:-1].argmax(-1, keepdim=True) + 1
            left, middle, right = (log_p.gather(-1, top + k)[..., 0] for k in (-1, 0, 1))
            bend = (2 * middle - left - right).clamp(min=1e-3)
            move = ((right - left) / bend / 2).clamp(-2, 2)
            guess = phi.gather(-1, top)[..., 0] + gap * move
            profile = middle + move.square() * bend / 2
            profile = profile - ((log_r[coarse] - self.mean[0]) / self.scale[0]).square() / 2
            peak = profile.argmax(1, keepdim=True)
            if (move.gather(1, peak).abs() < 1).all():
                break
        if ((peak == 0) | (peak == len(coarse) - 1)).any():
            raise BeyondPrior("y must be a series that the prior can make: log r is off the grid")
        width = gap / bend.gather(1, peak)[:, 0].sqrt()
        # A straight line for log phi and a parabola for the profile, through the peak's neighbours.
        (a, b, c), (low, high, far) = (
            [values.gather(1, peak + k) for k in (-1, 0, 1)] for values in (guess, profile)
        )
        steps = (torch.arange(len(log_r)) - coarse[peak]) / 3
        curve = (2 * high - low - far).clamp(min=1e-3) / 2
        at = (far - low) / (4 * curve)
        drop = curve * (steps - at).square()
        nearest = (coarse[peak][:, 0] + (3 * at[:, 0]).round().long()).clamp(0, len(log_r) - 1)
        return nearest, b + steps * (c - a) / 2, width, drop


def longest_zeros(y: Tensor) -> int:
    """The longest run of zeros (or of steps without a count) in any row."""
    longest = torch.zeros(len(y))
    run = torch.zeros(len(y))
    for column in y.nan_to_num().unbind(1):
        run = (run + 1) * (column == 0)
        longest = torch.maximum(longest, run)
    return int(longest.max())


def check_counts(y: Tensor) -> None:
    """Raise ValueError unless every entry is a count, or NaN, with one count a series or more."""
    seen = y[~y.isnan()]
    if y.numel() == 0 or not (~y.isnan()).any(1).all():
        raise ValueError(f"y must have a count in every series, got shape {tuple(y.shape)}")
    if not seen.isfinite().all() or (seen < 0).any() or (seen != seen.round()).any():
        raise ValueError("y must hold counts: whole numbers, 0 or more; NaN where none was made")
