"""Probabilistic PCA: a linear-Gaussian model whose posterior and evidence are exact."""

from dataclasses import dataclass
from math import log, pi

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import LowRankMultivariateNormal, MultivariateNormal

from course_utils import pca, validate
from course_utils.portions import CACHED

__all__ = ["PPCA", "fit"]


@validate.typed
@dataclass(frozen=True)
class PPCA:
    """z ~ N(0, I),  x | z ~ N(W z + mu, sigma2 I),  hence  z | x ~ N(E x + d, G).

    W (D, H), mu (D,): the decoder. sigma2: the noise variance, never its root.
    M = sigma2 I + W^T W,  E = M^-1 W^T (H, D),  d = -E mu (H,),  G = sigma2 M^-1 (H, H).

    Source: Tipping & Bishop, "Probabilistic principal component analysis", JRSS B 61(3), 1999,
    sec. 3.
    """

    W: Float[Tensor, "D H"]
    mu: Float[Tensor, "D"]
    sigma2: float | Float[Tensor, ""]

    def __post_init__(self) -> None:
        validate.finite(W=self.W, mu=self.mu)
        validate.columns(self.mu, W=self.W.T)
        validate.positive(sigma2=self.sigma2)

    @property
    def M(self) -> Float[Tensor, "H H"]:
        """sigma2 I + W^T W: sigma2 times the posterior precision."""
        return self.W.T @ self.W + self.sigma2 * self._eye()

    @property
    def E(self) -> Float[Tensor, "H D"]:
        """The encoder's matrix: the posterior mean is E x + d."""
        return self._encoder_and_root()[0]

    @property
    def d(self) -> Float[Tensor, "H"]:
        """The encoder's offset."""
        return -self.E @ self.mu

    @property
    def G(self) -> Float[Tensor, "H H"]:
        """The posterior covariance, the same for every x."""
        return self.sigma2 * torch.cholesky_inverse(self._encoder_and_root()[1], upper=True)

    @validate.typed
    def posterior(self, x: Float[Tensor, "N D"]) -> MultivariateNormal:
        """p(z | x_n) = N(E x_n + d, G) for every data point: batch shape (N,), event (H,)."""
        self._check(x)
        return MultivariateNormal((x - self.mu) @ self.E.T, self.G)

    def marginal(self) -> LowRankMultivariateNormal:
        """p(x) = N(mu, W W^T + sigma2 I), event shape (D,).

        Its `log_prob` is a difference of two squares over sigma2, which rounding ruins where
        sigma2 is small: in float32 by nats. `log_evidence` is a sum of squares.
        """
        return LowRankMultivariateNormal(self.mu, self.W, self.sigma2 * torch.ones_like(self.mu))

    @validate.typed
    def log_evidence(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
        """log p(x_n) in nats, one value per data point. With m the posterior mean it is
        -1/2 [||x - mu - W m||^2 / sigma2 + ||m||^2 + log|M| + (D - H) log sigma2 + D log 2 pi].
        """
        self._check(x)
        (D, H), (E, R) = self.W.shape, self._encoder_and_root()

        def squares(x: Tensor) -> Tensor:
            centred = x - self.mu
            m = centred @ E.T
            miss = torch.addmm(centred, m, self.W.T, alpha=-1).norm(dim=1)
            return miss.square() / self.sigma2 + m.square().sum(1)

        # Rows that fit the processor's cache are done with before the next ones are fetched.
        lengths = torch.cat([squares(rows) for rows in x.split(max(1, CACHED // D))])
        log_det = 2 * R.diagonal().abs().log().sum() + (D - H) * self._log(self.sigma2)
        return -(lengths + log_det + D * log(2 * pi)) / 2

    @validate.typed
    def expected_log_joint(
        self, q: MultivariateNormal, x: Float[Tensor, "N D"]
    ) -> Float[Tensor, "N"]:
        """E_q[log p(x_n, z_n)] for any Gaussian q with batch shape (N,), not only the posterior.

        The expected squared error is that of the mean plus the spread, Tr[W G_n W^T], which is
        summed latent by latent: a few (N, D) are held at once, never (N, D, H).
        """
        self._check(x)
        D, H = self.W.shape
        validate.latents(q, len(x), (H,), x.dtype)
        miss = (x - self.mu - q.mean @ self.W.T).square().sum(1)
        spread = sum((root @ self.W.T).square().sum(1) for root in q.scale_tril.unbind(2))
        length = q.mean.square().sum(1) + q.variance.sum(1)  # E||z_n||^2
        log_noise = self._log(2 * pi * self.sigma2)
        log_likelihood = -(miss + spread) / (2 * self.sigma2) - D / 2 * log_noise
        return log_likelihood - length / 2 - H / 2 * log(2 * pi)

    @staticmethod
    @validate.typed
    def maximise(x: Float[Tensor, "N D"], q: MultivariateNormal) -> "PPCA":
        """The PPCA with the largest sum of E_q[log p(x_n, z_n)]: a regression of x on z.

        With bars for means over n, and m_n, G_n the moments of q_n:
            W = (1/N sum (x_n - x_bar)(m_n - m_bar)^T) (1/N sum G_n + (m_n - m_bar)(m_n - m_bar)^T)^-1
            mu = x_bar - W m_bar,   sigma2 = the mean of E||x_n - W z_n - mu||^2 / D.
        """
        validate.finite(x=x)
        validate.varies(x=x)
        validate.latents(q, len(x), q.event_shape, x.dtype)
        (x_bar, x_centred), (m_bar, m_centred) = pca.centre(x), pca.centre(q.mean)
        W, sigma2 = regress(x_centred, m_centred, q.covariance_matrix.mean(0))
        return PPCA(W, x_bar - W @ m_bar, sigma2)

    @validate.typed
    def sample(self, num_samples: int) -> Float[Tensor, "S D"]:
        """New data: z from the prior, then x from the decoder, by torch's global generator."""
        validate.integer(1, num_samples=num_samples)
        W = self.W
        z = torch.randn(num_samples, W.shape[1], dtype=W.dtype, device=W.device)
        return self._decode(z)

    @validate.typed
    def autoencode(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N D"]:
        """One x_hat for each x: z ~ N(E x + d, G), then x_hat ~ N(W z + mu, sigma2 I)."""
        return self._decode(self.posterior(x).sample())

    def _encoder_and_root(self) -> tuple[Tensor, Tensor]:
        """E (H, D) and R (H, H), upper triangular, with M = R^T R: from W = Q R, E = R^-1 Q^T.

        M itself would square the ratio of its largest root to sigma, and lose twice the digits.
        """
        stacked = torch.cat([self.W, self.sigma2**0.5 * self._eye()])
        Q, R = torch.linalg.qr(stacked)
        return torch.linalg.solve_triangular(R, Q[: len(self.W)].T, upper=True), R

    def _eye(self) -> Tensor:
        return torch.eye(self.W.shape[1], dtype=self.W.dtype, device=self.W.device)

    def _log(self, value: float | Tensor) -> Tensor:
        return torch.as_tensor(value, dtype=self.W.dtype, device=self.W.device).log()

    def _decode(self, z: Tensor) -> Tensor:
        mean = z @ self.W.T + self.mu
        return mean + self.sigma2**0.5 * torch.randn_like(mean)

    def _check(self, x: Tensor) -> None:
        validate.finite(x=x)
        validate.columns(self.mu, x=x)


def regress(x: Tensor, m: Tensor, G: Tensor) -> tuple[Tensor, float]:
    """W (D, H) and sigma2 of the best decoder for latents of mean m_n and mean covariance G.

    x (N, D) and m (N, H) are centred. sigma2 is a sum of squares, so nothing cancels.
    """
    W = torch.linalg.solve(G + m.T @ m / len(x), m.T @ x / len(x)).T
    miss = (x - m @ W.T).square().sum(1).mean() + (W @ G * W).sum()
    sigma2 = miss.item() / x.shape[1]
    validate.positive(**{"the variance of x about its decoder": sigma2})
    return W, sigma2


@validate.typed
def fit(x: Float[Tensor, "N D"], latent_dim: int, min_sigma2: float | None = None) -> PPCA:
    """The maximum-likelihood PPCA of x in closed form, for 1 <= latent_dim <= D.

    W = U_H (Lambda_H - sigma2 I)^1/2 with sigma2 the mean of the D - H eigenvalues left
    out (Tipping & Bishop 1999, sec. 3.2, with rotation R = I).

    H = D leaves nothing out. Every sigma2 up to the least eigenvalue lambda_D then gives
    W W^T + sigma2 I = S, the maximum, so the data do not identify it. We take lambda_D, the
    most noise they allow: the fit with H = D - 1, and a last column of W that is 0.

    Where that sigma2 is 0 (rank S <= H < D, or rank S < D = H) the likelihood grows without
    bound as sigma2 falls; sigma2 is then min_sigma2, and the likelihood the best under it.

    min_sigma2: lower bound on sigma2; by default a millionth of the mean variance per
        dimension, Tr[S] / D. Data that does not vary at all is a ValueError.
    """
    mu, eigenvalues, eigenvectors = pca.spectrum(x)
    validate.integer(1, x.shape[1], latent_dim=latent_dim)
    if min_sigma2 is None:
        validate.varies(x=x)
        min_sigma2 = 1e-6 * eigenvalues.mean().item()
    validate.positive(min_sigma2=min_sigma2)
    left_out = eigenvalues[min(latent_dim, len(mu) - 1) :]
    sigma2 = max(left_out.mean().item(), min_sigma2)
    length = (eigenvalues[:latent_dim] - sigma2).clamp(min=0).sqrt()
    return PPCA(eigenvectors[:, :latent_dim] * length, mu, sigma2)
