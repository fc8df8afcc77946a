"""One training loop for every lesson: minibatches, a progress bar, a history."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

# torch.optim loads this at its first use. Interrupted there it would stay half loaded, and every
# later optimiser fail, so it is loaded here.
import torch._dynamo
from jaxtyping import Shaped
from torch import Tensor, nn
from tqdm.auto import tqdm

from course_utils import validate

__all__ = ["Diverged", "History", "fit"]

# One call for all parameters: a step of a small network is mostly calls.
Adam = partial(torch.optim.Adam, fused=True)


@dataclass
class History:
    """What happened, one entry a step: the minibatch loss and the learning rate used."""

    loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    interrupted: bool = False


class Diverged(RuntimeError):
    """The loss or a gradient became NaN or infinite; `history` holds the steps before."""

    def __init__(self, step: int, what: str, history: History) -> None:
        self.history = history
        last = f"{history.loss[-1]:.4g}" if history.loss else "none yet"
        lr = f"below {history.lr[-1]:.2g}" if history.lr else "that is smaller"
        super().__init__(
            f"training diverged at step {step}: {what} (last finite loss: {last}). "
            f"Try a learning rate {lr}, "
            "standardise the inputs, or look for a log or a division that can reach 0."
        )


@validate.typed
def fit(
    model: nn.Module,
    loss: Callable[..., Tensor],
    *data: Shaped[Tensor, "N ..."],
    num_steps: int,
    batch_size: int | None = None,
    lr: float = 1e-3,
    decay: bool = False,
    optimizer: Callable[..., Any] = Adam,
    progress: bool = True,
) -> History:
    """Minimise loss(*batch) over the parameters of model, in place.

    loss: takes one minibatch of every tensor in data, returns a scalar in nats per data
        point (or whatever the lesson minimises): the caller takes the mean.
    data: tensors (N, ...) of equal N, kept in memory and reshuffled every epoch.
    num_steps: gradient steps. batch_size: points per step, all N if None; the few points
        left over at the end of an epoch wait for the next shuffle.
    lr: the learning rate; with decay=True it falls from lr to 0 along half a cosine, so
        that the noise of the last minibatches dies out.
    optimizer: called as optimizer(parameters, lr=lr), to give a torch.optim.Optimizer or
        anything else with param_groups and step(). If its groups differ in their
        rates, all of them decay alike.

    Interrupting (the stop button) returns the history so far, marked `interrupted`; the
    model keeps its last parameters. A loss or gradient that is not finite raises
    `Diverged`, before the parameters are touched.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    size = _check(parameters, data, num_steps, batch_size, lr)
    descent = optimizer(parameters, lr=lr)
    rates = [group["lr"] for group in descent.param_groups]
    history = History()
    bar = tqdm(total=num_steps, disable=not progress, leave=False)
    try:
        for step, batch in zip(range(num_steps), _minibatches(data, size), strict=False):
            share = (1 + math.cos(math.pi * step / num_steps)) / 2 if decay else 1.0
            for group, rate in zip(descent.param_groups, rates, strict=True):
                group["lr"] = share * rate
            value = loss(*batch)
            number = _check_loss(value, step, history)
            gradients = torch.autograd.grad(value, parameters, allow_unused=True)
            if not _finite(gradients):
                raise Diverged(step, "a gradient is not finite", history)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                if gradient is not None and not gradient.is_sparse:
                    gradient = gradient.contiguous()  # fused Adam takes its entries as they lie
                parameter.grad = gradient
            descent.step()
            history.loss.append(number)
            history.lr.append(share * lr)
            bar.update()
    except KeyboardInterrupt:
        history.interrupted = True
        done = f"{len(history.loss)} of {num_steps} steps"
        print(f"Stopped after {done}; the model keeps what it has learnt.")
    finally:
        bar.close()
    return history


def _finite(gradients: tuple[Tensor | None, ...]) -> bool:
    """Whether the sum of all their entries is, which it is only if every entry is."""
    dense = [g.coalesce().values() if g.is_sparse else g for g in gradients if g is not None]
    return math.isfinite(torch.cat([g.flatten() for g in dense]).sum().item())


def _minibatches(data: tuple[Tensor, ...], size: int) -> Iterator[tuple[Tensor, ...]]:
    """Epoch after epoch of shuffled minibatches; the whole data, unshuffled, if it fits in one."""
    num_points = len(data[0])
    while size == num_points:
        yield data
    while True:
        order = torch.randperm(num_points)[: num_points // size * size]
        yield from zip(*(d[order].split(size) for d in data), strict=True)


def _check(parameters, data, num_steps, batch_size, lr) -> int:
    """The batch size to use; raises on unusable arguments."""
    if not parameters:
        raise ValueError("model must have at least one parameter that requires a gradient")
    if not data:
        raise ValueError("data must be one or more tensors, got none")
    for d in data:
        validate.finite(data=d)
    validate.integer(1, num_steps=num_steps)
    validate.positive(lr=lr)
    if batch_size is None:
        return len(data[0])
    validate.integer(1, len(data[0]), batch_size=batch_size)
    return batch_size


def _check_loss(value: Tensor, step: int, history: History) -> float:
    """The loss as a number; raises unless it is a finite scalar."""
    if not isinstance(value, Tensor) or value.ndim != 0:
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"loss must return a scalar tensor (take the mean yourself), got {got}")
    number = value.item()
    if not math.isfinite(number):
        raise Diverged(step, f"the loss is {number}", history)
    return number
