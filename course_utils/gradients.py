"""Gradients of E_q[f(z)] in the parameters of q, one estimate per sample.

Every function returns {parameter: (S, *shape)}: S single-sample estimates, so that their
mean and variance can be seen. The parameters are those of the torch distribution, e.g. loc
and scale of a Normal. With entropy=True the target is E_q[f(z) - log q(z)], which is the
ELBO when f is the log joint.

Source: Mohamed, Rosca, Figurnov & Mnih, "Monte Carlo gradient estimation in machine
learning", JMLR 2020: sec. 4 (score function), sec. 5 (pathwise).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.distributions import (
    Distribution,
    Independent,
    MultivariateNormal,
    OneHotCategorical,
    RelaxedOneHotCategorical,
)

from course_utils import validate

__all__ = [
    "detached",
    "gumbel_softmax",
    "leave_one_out",
    "pathwise",
    "score_function",
    "sticking_the_landing",
]

Function = Callable[[Tensor], Tensor]
Gradients = dict[str, Tensor]
CONSTANTS = {"total_count", "temperature"}  # arguments of q in which there is no gradient


@validate.typed
def pathwise(f: Function, q: Distribution, num_samples: int, entropy: bool = False) -> Gradients:
    """The reparameterised gradient: grad f(r(parameters, eps)), by moving the samples.

    f: takes z of shape (S, *batch, *event), returns (S, *batch), differentiable in z.
    q: any distribution with rsample; without it a NotImplementedError says so.
    """
    copies, parameters = _one_copy_per_sample(q, num_samples)
    z = _rsample(copies)
    value = _values(f, z, copies) - (copies.log_prob(z) if entropy else 0)
    return _gradients(value, parameters)


@validate.typed
def score_function(
    f: Function,
    q: Distribution,
    num_samples: int,
    baseline: float | Tensor | None = None,
    entropy: bool = False,
) -> Gradients:
    """REINFORCE: (f(z) - baseline) grad log q(z), by reweighting fixed samples.

    f need not be differentiable, nor q have rsample; the support of q must be fixed (no Uniform).
    baseline: does not depend on its sample; changes the variance only. Broadcasts to (S, *batch).
    """
    copies, parameters = _one_copy_per_sample(q, num_samples)
    z = copies.sample()
    log_q = copies.log_prob(z)
    with torch.no_grad():  # the reward is a number: no gradient may pass through it
        reward = _values(f, z, copies).to(log_q.dtype) - (log_q if entropy else 0)
        if baseline is not None:
            reward = reward - _like(reward, baseline)
    return _gradients(reward * log_q, parameters)


@validate.typed
def leave_one_out(
    f: Function, q: Distribution, num_samples: int, entropy: bool = False
) -> Gradients:
    """REINFORCE, the baseline of a sample being the mean reward of the S - 1 others.

    No estimate is biased, for no reward is in its own baseline; but they depend on each other, so
    only their mean over S is to be judged. f, q as in `score_function`; S is 2 or more.
    Source: Kool, van Hoof & Welling, "Buy 4 REINFORCE samples, get a baseline for free!", 2019.
    """
    validate.integer(2, num_samples=num_samples)
    copies, parameters = _one_copy_per_sample(q, num_samples)
    z = copies.sample()
    log_q = copies.log_prob(z)
    with torch.no_grad():
        reward = _values(f, z, copies).to(log_q.dtype) - (log_q if entropy else 0)
        others = (reward.sum(0) - reward) / (num_samples - 1)
    return _gradients((reward - others) * log_q, parameters)


@validate.typed
def gumbel_softmax(
    f: Function, q: OneHotCategorical, num_samples: int, temperature: float
) -> Gradients:
    """The pathwise gradient of a softened q: z = softmax((logits + Gumbel noise) / temperature).

    f is asked at z between the classes, so the estimates are biased; less so at low temperature,
    where they are noisier.
    Source: Jang, Gu & Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017.
    """
    validate.positive(temperature=temperature)
    copies, parameters = _one_copy_per_sample(q, num_samples)
    logits = copies.logits  # type: ignore[attr-defined]
    z = RelaxedOneHotCategorical(torch.tensor(temperature).to(logits), logits=logits).rsample()
    return _gradients(_values(f, z, copies), parameters)


@validate.typed
def detached(f: Function, q: Distribution, num_samples: int) -> Gradients:
    """The WRONG gradient of E_q[f - log q]: z is treated as a constant.

    f then has no gradient at all, and -grad log q(z) has mean zero: pure noise.
    """
    copies, parameters = _one_copy_per_sample(q, num_samples)
    z = copies.sample()
    return _gradients(_values(f, z, copies) - copies.log_prob(z), parameters)


@validate.typed
def sticking_the_landing(f: Function, q: Distribution, num_samples: int) -> Gradients:
    """The pathwise gradient of E_q[f - log q] without its score term, whose mean is zero.

    log q is differentiated through z only. Where q equals the posterior, f - log q is constant
    in z, so every single estimate is exactly 0 (Roeder, Wu & Duvenaud, NeurIPS 2017).
    """
    copies, parameters = _one_copy_per_sample(q, num_samples)
    z = _rsample(copies)
    frozen = _rebuild(q, {name: p.detach() for name, p in parameters.items()})
    return _gradients(_values(f, z, copies) - frozen.log_prob(z), parameters)


def _names(q: Distribution) -> list[str]:
    """The arguments with which q can be made again."""
    if isinstance(q, MultivariateNormal):  # kept in the form it computes with
        return ["loc", "scale_tril"]
    names = [name for name in q.arg_constraints if name not in CONSTANTS]
    if {"probs", "logits"} <= set(names):  # q was made from one, which it keeps as _param ...
        holder = _holder(q)
        given = getattr(holder, "_param", None)
        first = next((name for name in vars(holder) if name in {"probs", "logits"}), "probs")
        if given is not None:
            first = "logits" if given is getattr(holder, "logits", None) else "probs"
        names.remove("probs" if first == "logits" else "logits")  # ... or has held for longer
    return names


def _holder(q: Any) -> Any:
    """The distribution that keeps q's parameters: relaxed ones and counts hold another inside."""
    for inner in ("base_dist", "_categorical"):
        if inner in vars(q):
            return _holder(vars(q)[inner])
    return q


def _rebuild(q: Any, parameters: Gradients) -> Distribution:
    if isinstance(q, Independent):
        return Independent(_rebuild(q.base_dist, parameters), q.reinterpreted_batch_ndims)
    if isinstance(q, MultivariateNormal):  # above the diagonal there are no parameters
        parameters = parameters | {"scale_tril": parameters["scale_tril"].tril()}
    return type(q)(**parameters, **{name: getattr(q, name) for name in CONSTANTS & set(dir(q))})


def _one_copy_per_sample(q: Distribution, num_samples: int) -> tuple[Distribution, Gradients]:
    """q with batch shape (S, *batch), each sample owning a copy of the parameters.

    The gradient of a sum over samples then falls apart into one gradient per sample.
    """
    validate.integer(1, num_samples=num_samples)
    base = _base(q)
    if not set(_names(base)) <= set(dir(base)) or not _names(base):
        raise TypeError(f"q of type {type(base).__name__} has no parameters to differentiate")
    values = {name: getattr(base, name).detach() for name in _names(base)}
    validate.finite(**{f"q.{name}": value for name, value in values.items()})
    parameters = {
        name: value.expand(num_samples, *value.shape).clone().requires_grad_()
        for name, value in values.items()
    }
    return _rebuild(q, parameters), parameters


def _base(q: Distribution) -> Distribution:
    while isinstance(q, Independent):
        q = q.base_dist
    return q


def _rsample(q: Distribution) -> Tensor:
    if not q.has_rsample:
        raise NotImplementedError(
            f"q of type {type(_base(q)).__name__} has no rsample, so its samples cannot be moved: "
            "use score_function"
        )
    return q.rsample()


def _values(f: Function, z: Tensor, q: Distribution) -> Tensor:
    values = f(z)
    if not isinstance(values, Tensor) or values.shape != q.batch_shape:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"f must return shape (S, *batch) = {tuple(q.batch_shape)}, got {got}")
    validate.finite(**{"f(z)": values})
    return values


def _like(reward: Tensor, baseline: float | Tensor) -> Tensor:
    """The baseline in the shape and dtype of the reward."""
    values = torch.as_tensor(baseline, dtype=reward.dtype, device=reward.device)
    validate.finite(baseline=values)
    try:
        return values.expand_as(reward)
    except RuntimeError:
        raise ValueError(
            f"baseline must broadcast to (S, *batch) = {tuple(reward.shape)}, "
            f"got shape {tuple(values.shape)}"
        ) from None


def _gradients(value: Tensor, parameters: Gradients) -> Gradients:
    if not value.requires_grad:  # f is constant, or was detached: the estimate is 0
        return {name: torch.zeros_like(p) for name, p in parameters.items()}
    gradients = torch.autograd.grad(value.sum(), list(parameters.values()), allow_unused=True)
    return {
        name: torch.zeros_like(p) if g is None else g
        for (name, p), g in zip(parameters.items(), gradients, strict=True)
    }
