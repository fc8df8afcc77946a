"""The best q with a linear drift, whose paths are Gaussian.

q: dX = (b(t) - a(t) X) dt + sigma dW. Means m_k and variances S_k of X at every step say it all:
    1 - a_k dt = sqrt((S_k+1 - sigma^2 dt) / S_k),   m_k+1 = m_k + (b_k - a_k m_k) dt,
so they are fitted directly, and no equation is solved.
Source: Archambeau, Opper, Shen, Cornford & Shawe-Taylor, "Variational inference for diffusion
processes", NeurIPS 2007; here for Euler's steps.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy.polynomial.hermite_e import hermegauss
from scipy.optimize import minimize
from torch import Tensor

from course_utils import validate
from course_utils.diffusions.sde import Diffusion, Push, Seen

__all__ = ["Fitted", "fit"]


class Fitted(NamedTuple):
    """mean, variance (T,): of X at the ends of steps. elbo: the bound, in nats. push: its u."""

    mean: Tensor
    variance: Tensor
    elbo: float
    push: Push


@validate.typed
def fit(
    model: Diffusion, seen: Seen, dt: float, mean: Float[Tensor, "T"], max_steps: int = 1000
) -> Fitted:
    """The best Gaussian q near a first guess of its means at the ends of steps 1 ... T (L-BFGS).

    X_0 must be known. The optimum is local, and 1 - a dt > 0 is assumed. Expectations of the drift
    by 20 nodes of Gauss and Hermite.
    """
    validate.finite(mean=mean)
    validate.integer(1, max_steps=max_steps)
    steps = seen.steps(dt)
    if model.scale > 0:
        raise ValueError("model must know X_0: scale must be 0")
    if seen.y.ndim != 1 or len(mean) != steps[-1]:
        raise ValueError(f"mean must have {int(steps[-1])} entries, and seen hold one series")
    T, noise = len(mean), model.sigma**2 * dt

    def parts(numbers: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """m, S at the ends of steps; a, b of the steps."""
        m = numbers[:T]
        kept = torch.cat([numbers.new_zeros(1), numbers[T:].exp()])  # S_k+1 - noise
        S = kept + noise
        keep = torch.cat([numbers.new_ones(1), (kept[1:] / S[:-1]).sqrt()])  # 1 - a dt
        before = torch.cat([numbers.new_tensor([model.mean]), m[:-1]])
        return m, S, (1 - keep) / dt, (m - keep * before) / dt

    eps, weight = (torch.from_numpy(part) for part in hermegauss(20))
    weight = weight / weight.sum()

    def bound(numbers: Tensor) -> Tensor:
        m, S, a, b = parts(numbers)
        before = torch.cat([m.new_tensor([model.mean]), m[:-1]])
        width = torch.cat([m.new_zeros(1), S[:-1].sqrt()])
        x = before[:, None] + width[:, None] * eps  # (T, 20)
        u = (b[:, None] - a[:, None] * x - model.drift(x)) / model.sigma
        cost = 0.5 * dt * (u.square() @ weight).sum()
        at = steps - 1
        fit = seen.log_prob(m[at]).sum() - 0.5 * (S[at] / seen.scale**2).sum()
        return fit - cost

    def loss(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        leaf = torch.from_numpy(numbers.copy()).requires_grad_()
        with torch.enable_grad():
            value = -bound(leaf)
        (slope,) = torch.autograd.grad(value, [leaf])
        return value.item(), slope.numpy()

    first = torch.cat([mean, torch.full((T - 1,), -3.0).to(mean)]).double().numpy()
    options = {"maxiter": max_steps, "maxfun": 2 * max_steps}
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options=options)
    if not found.success:
        raise ValueError(f"max_steps must let the fit converge, after {found.nit} it has not")
    m, S, a, b = parts(torch.from_numpy(found.x))
    return Fitted(
        m, S, -float(found.fun), lambda k, x: (b[k] - a[k] * x - model.drift(x)) / model.sigma
    )
