"""One training loop for every lesson: minibatches, a progress bar, a history."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor, nn
from torch.optim.adam import adam
from tqdm.auto import tqdm

from course_utils import validate

__all__ = ["Adam", "Diverged", "History", "Stopped", "fit"]


class Adam:
    """Adam's steps, in one call for all parameters: a step of a small network is mostly calls.

    torch's own function without its class, whose bookkeeping takes longer than such a step and
    which loads torch's compiler at its first use, for a second and a half. The call for all walks
    through memory without looking at strides, so where a parameter has gaps between its entries
    (a slice of another tensor) each gets a call that does.
    weight_decay: every step also shrinks the parameters by lr * weight_decay of themselves (AdamW).
    Source: Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1;
    Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], lr: float, weight_decay: float = 0.0
    ) -> None:
        self.parameters = list(parameters)
        self.weight_decay = weight_decay
        self.param_groups: list[dict[str, Any]] = [{"params": self.parameters, "lr": lr}]
        self.means = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.counts = [torch.zeros((), device=p.device) for p in self.parameters]  # of steps
        self.fused = all(torch.empty_like(p).stride() == p.stride() for p in self.parameters)

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        moved = [p.grad is not None for p in self.parameters]
        adam(
            list(compress(self.parameters, moved)),
            [p.grad for p in self.parameters if p.grad is not None],
            list(compress(self.means, moved)),
            list(compress(self.squares, moved)),
            [],
            list(compress(self.counts, moved)),
            foreach=False,
            fused=self.fused,
            lr=self.param_groups[0]["lr"],
            beta1=0.9,
            beta2=0.999,
            weight_decay=self.weight_decay,
            decoupled_weight_decay=self.weight_decay > 0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


@dataclass
class History:
    """What happened, one entry a step: the minibatch loss and the learning rate used."""

    loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)


class Stopped(KeyboardInterrupt):
    """Somebody pressed stop: the model keeps its last parameters, `history` holds its steps.

    It is raised, not swallowed, so that the cells after it do not run with a half-trained model.
    """

    def __init__(self, num_steps: int, history: History) -> None:
        self.history = history
        super().__init__(
            f"Stopped after {len(history.loss)} of {num_steps} steps; the model keeps what it has "
            "learnt. To train it to the end, run the cells from where it is made."
        )

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback."""
        return [str(self)]


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

    Interrupting (the stop button) raises `Stopped`, which holds the history so far; the model
    keeps its last parameters. A loss or gradient that is not finite raises `Diverged`, before
    the parameters are touched.
    """
    size = _check(model, data, num_steps, batch_size, lr)
    parameters = [p for p in model.parameters() if p.requires_grad]
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
            # Not autograd.grad: only backward lays a gradient out as its parameter lies in
            # memory, and the optimiser relies on that.
            for parameter in parameters:
                parameter.grad = None
            value.backward(inputs=parameters)
            gradients = [p.grad for p in parameters if p.grad is not None]
            if not gradients:
                raise ValueError("loss must depend on at least one parameter of model")
            if not _finite(gradients):
                raise Diverged(step, "a gradient is not finite", history)
            descent.step()
            history.loss.append(number)
            history.lr.append(share * lr)
            bar.update()
    except KeyboardInterrupt:
        raise Stopped(num_steps, history) from None
    finally:
        bar.close()
    return history


def fit_both(
    encoder: nn.Module,
    decoder: nn.Module,
    loss: Callable[[Tensor], Tensor],
    x: Tensor,
    num_steps: int,
    batch_size: int,
    lr: float,
    progress: bool,
) -> History:
    """`fit` of an encoder and a decoder together, on at most all points at once, lr decaying to 0."""
    return fit(
        nn.ModuleList([encoder, decoder]),
        loss,
        x,
        num_steps=num_steps,
        batch_size=min(batch_size, len(x)),
        lr=lr,
        decay=True,
        progress=progress,
    )


def _finite(gradients: list[Tensor]) -> bool:
    """Whether the sum of all their entries is, which it is only if every entry is."""
    dense = [g.coalesce().values() if g.is_sparse else g for g in gradients]
    return math.isfinite(torch.cat([g.flatten() for g in dense]).sum().item())


def _minibatches(data: tuple[Tensor, ...], size: int) -> Iterator[tuple[Tensor, ...]]:
    """Epoch after epoch of shuffled minibatches; the whole data, unshuffled, if it fits in one."""
    num_points = len(data[0])
    while size == num_points:
        yield data
    while True:
        order = torch.randperm(num_points, device=data[0].device)[: num_points // size * size]
        yield from zip(*(d[order].split(size) for d in data), strict=True)


def _check(model, data, num_steps, batch_size, lr) -> int:
    """The batch size to use; raises on unusable arguments."""
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError("model must have at least one parameter that requires a gradient")
    for name, p in parameters.items():
        if any(size > 1 and step == 0 for size, step in zip(p.shape, p.stride(), strict=True)):
            raise ValueError(
                f"model's parameter {name} must have memory for each of its entries, but it is an "
                "expanded tensor: call .contiguous() before making it a parameter"
            )
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
    if not value.requires_grad:
        raise ValueError(
            "loss must depend on the parameters of model, with gradients on: it was computed under "
            "torch.no_grad(), or detached, or from something else"
        )
    number = value.item()
    if not math.isfinite(number):
        raise Diverged(step, f"the loss is {number}", history)
    return number
