"""Principal component analysis as an autoencoder with tied, orthonormal weights."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import validate

__all__ = [
    "PCA",
    "centre",
    "fit",
    "moments",
    "principal_angle",
    "reconstruction_error",
    "spectrum",
]


@validate.typed
@dataclass(frozen=True)
class PCA:
    """z = W^T (x - mu),  x_hat = W z + mu,  W^T W = I.

    W (D, H): the H leading eigenvectors of the sample covariance S = 1/N sum_n (x_n - mu)
        (x_n - mu)^T, one a column, that of the largest eigenvalue first. The sign of a
        column is free; `fit` makes its entry of largest magnitude positive.
    mu (D,): the sample mean.
    eigenvalues (D,): all of them, descending. scikit-learn divides by N - 1 where we
        divide by N, the maximum-likelihood choice.

    Source: Bishop, Pattern Recognition and Machine Learning, 2006, sec. 12.1.
    """

    W: Float[Tensor, "D H"]
    mu: Float[Tensor, "D"]
    eigenvalues: Float[Tensor, "D"]

    def __post_init__(self) -> None:
        validate.finite(W=self.W, mu=self.mu, eigenvalues=self.eigenvalues)
        validate.columns(self.mu, W=self.W.T)
        validate.same_dtype(self.mu.dtype, eigenvalues=self.eigenvalues)

    @validate.typed
    def encode(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N H"]:
        """The codes z_n = W^T (x_n - mu), one row a data point."""
        validate.finite(x=x)
        validate.columns(self.mu, x=x)
        return (x - self.mu) @ self.W

    @validate.typed
    def decode(self, z: Float[Tensor, "N H"]) -> Float[Tensor, "N D"]:
        """The points x_hat_n = W z_n + mu that the codes stand for."""
        validate.finite(z=z)
        validate.columns(self.W[0], z=z)
        return z @ self.W.T + self.mu

    def reconstruct(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N D"]:
        """Encode, then decode: the orthogonal projection of x on the plane through mu."""
        return self.decode(self.encode(x))


@validate.typed
def fit(x: Float[Tensor, "N D"], latent_dim: int) -> PCA:
    """The PCA of x with 1 <= latent_dim <= D components, in the dtype of x.

    Rank-deficient data is fine: the spectrum then ends in zeros (to rounding), and the
    components that belong to them are some orthonormal basis of the empty directions.
    """
    mu, eigenvalues, eigenvectors = spectrum(x)
    validate.integer(1, x.shape[1], latent_dim=latent_dim)
    return PCA(eigenvectors[:, :latent_dim], mu, eigenvalues)


@validate.typed
def spectrum(
    x: Float[Tensor, "N D"],
) -> tuple[Float[Tensor, "D"], Float[Tensor, "D"], Float[Tensor, "D D"]]:
    """Mean (D,), eigenvalues (D,) and eigenvectors (D, D; columns) of S, the largest first."""
    mu, S = moments(x)
    eigenvalues, eigenvectors = torch.linalg.eigh(S)
    eigenvalues, eigenvectors = eigenvalues.flip(0).clamp(min=0), eigenvectors.flip(1)
    largest = eigenvectors.abs().argmax(0, keepdim=True)
    eigenvectors = eigenvectors * eigenvectors.gather(0, largest).sign()
    return mu.to(x), eigenvalues.to(x), eigenvectors.to(x)


@validate.typed
def moments(
    x: Float[Tensor, "N D"],
) -> tuple[Float[Tensor, "D"], Float[Tensor, "D D"]]:
    """Mean mu (D,) and covariance S = 1/N sum_n (x_n - mu)(x_n - mu)^T (D, D), in float64.

    In float64 whatever the dtype of x: float32 would round S to 1e-7 of its largest entry, and
    small eigenvalues would drown. In blocks, which need no centred copy of x.
    """
    validate.has_float64(x=x)
    mu = x.mean(0, dtype=torch.float64)
    if not mu.isfinite().all():  # as it is where all of x are: they need no pass of their own
        validate.finite(x=x)
    S = mu.new_zeros(len(mu), len(mu))
    for block in x.split(1024):
        centred = block - mu
        S.addmm_(centred.T, centred)
    validate.finite(**{"the covariance of x": S})
    return mu, S / len(x)


@validate.typed
def centre(x: Float[Tensor, "N D"]) -> tuple[Float[Tensor, "D"], Float[Tensor, "N D"]]:
    """Mean mu (D,) and x - mu (N, D), in the dtype of x, centred twice.

    A mean is rounded to so many digits of its own size: in float32 and near 1e6, to 0.06. The
    mean of what it leaves is small, and so exact.
    """
    validate.finite(x=x)
    mu = x.mean(0)
    centred = x - mu
    rest = centred.mean(0)
    return mu + rest, centred - rest


@validate.typed
def reconstruction_error(x: Float[Tensor, "N D"], W: Float[Tensor, "D H"]) -> Float[Tensor, ""]:
    """L(W) = 1/N sum_n ||x_n - x_hat_n||^2 with x_hat_n = W W^T (x_n - mean) + mean.

    Summed over dimensions, averaged over data points. For orthonormal columns of W it
    equals Tr[S (I - W W^T)]; W need not be orthonormal here. Raises ValueError where W W^T x
    overflows.
    """
    validate.finite(x=x, W=W)
    validate.columns(x[0], W=W.T)
    _, centred = centre(x)
    error = (centred - centred @ W @ W.T).square().sum(1).mean()
    if error.isnan():  # infinity - infinity; which entries meet is up to the BLAS
        raise ValueError("W must be smaller: W W^T x overflows")
    return error


@validate.typed
def principal_angle(A: Float[Tensor, "D H"], B: Float[Tensor, "D H"]) -> Float[Tensor, ""]:
    """The largest angle, in degrees, between the planes spanned by the columns of A and B.

    0 means the same plane, whatever basis describes it. With orthonormal bases Q_A, Q_B its
    sine is the largest singular value of (I - Q_A Q_A^T) Q_B, which stays accurate for
    small angles where the cosine does not (Björck & Golub, Math. Comp. 1973).
    """
    validate.finite(A=A, B=B)
    validate.columns(A[0], B=B)
    Q_A, Q_B = torch.linalg.qr(A).Q, torch.linalg.qr(B).Q
    sine = torch.linalg.matrix_norm(Q_B - Q_A @ (Q_A.T @ Q_B), 2)
    return sine.clamp(max=1).asin().rad2deg()
