"""3 · Turn it round, by algebra: exercise 02.1, the posterior of z."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def posterior(x: Tensor, W: Tensor, mu: Tensor, sigma2: float) -> tuple[Tensor, Tensor]:
    """Mean (N, H) and covariance (H, H) of p(z | x_n) for x (N, D), W (D, H), mu (D,)."""
    M = sigma2 * torch.eye(W.shape[1], dtype=W.dtype) + W.T @ W
    mean = (x - mu) @ torch.linalg.solve(M, W.T).T
    return mean, sigma2 * torch.linalg.inv(M)


def _moments(x: Tensor, W: Tensor, M: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    return x @ W @ torch.linalg.inv(M), scale * torch.linalg.inv(M)


def _eye(W: Tensor) -> Tensor:
    return torch.eye(W.shape[1], dtype=W.dtype)


Exercise(
    "02.1",
    posterior,
    cases=[
        (normal(6, 4), normal(4, 2, seed=1), normal(4, seed=2), 0.3),
        (normal(5, 3, seed=3), normal(3, 1, seed=4), normal(3, seed=5), 2.5),
    ],
    mistakes=[
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, sigma2**2 * _eye(W) + W.T @ W, sigma2**2),
            "You squared <code>sigma2</code>. It already is the variance σ².",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(
                x - mu, W, sigma2**0.5 * _eye(W) + W.T @ W, sigma2**0.5
            ),
            "You used the standard deviation σ. The formula has the variance σ², which is what "
            "<code>sigma2</code> holds.",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, sigma2 + W.T @ W, sigma2),
            "<code>sigma2 + W.T @ W</code> adds σ² to every entry. It belongs on the diagonal alone: "
            "multiply it by the identity, <code>torch.eye(W.shape[1])</code>.",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x, W, sigma2 * _eye(W) + W.T @ W, sigma2),
            "You forgot to subtract μ from x.",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, W.T @ W, sigma2),
            "You left out the prior: WᵀW alone gives least squares, with nothing drawn to 0. Add σ²I.",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, sigma2 * _eye(W) + W.T @ W, 1.0),
            "The mean is right. The covariance is σ²M⁻¹; yours lacks the factor σ².",
        ),
        Mistake(
            lambda x, W, mu, sigma2: _moments(x - mu, W, _eye(W) + W.T @ W, 1.0),
            "You set σ² to 1: put <code>sigma2</code> before the identity and before the inverse.",
        ),
    ],
    nudge="Read E and G off the last line of the derivation. In rows: mean = (x − μ) Eᵀ.",
    formula="$$M = \\sigma^2 I + W^\\top W,\\quad m_n = M^{-1}W^\\top(x_n-\\mu),\\quad G = \\sigma^2 M^{-1}$$"
    "<code>torch.linalg.solve(M, W.T)</code> is $M^{-1}W^\\top$.",
)
