"""The sleep phase: an encoder trained on what the model dreams, by the forward KL.

E_p(x) KL(p(z | x) || q(z | x)) falls as E_p(x, z) log q(z | x) rises: a regression on pairs that
the model itself has made. Such a q covers the posterior where the ELBO's keeps to a mode.

Source: Hinton, Dayan, Frey & Neal, "The wake-sleep algorithm for unsupervised neural networks",
Science 1995; Bornschein & Bengio, "Reweighted wake-sleep", ICLR 2015.
"""

import torch
from torch import Tensor, nn

from course_utils import deep, training, validate
from course_utils.bounds.importance import check

__all__ = ["sleep"]


@validate.typed
def sleep(
    encoder: nn.Module,
    model: deep.Model,
    num_steps: int,
    batch_size: int = 500,
    lr: float = 1e-2,
    num_pairs: int = 20_000,
    progress: bool = True,
) -> training.History:
    """Raise the mean log q(z | x) over num_pairs dreamt once, theta held, by Adam on minibatches."""
    validate.integer(1, num_pairs=num_pairs)
    with torch.no_grad():
        z = model.prior.sample(torch.Size([num_pairs]))
        x = model(z).sample()
        check(x, validate.encoded(encoder, x), model, "what encoder returns")

    def loss(x: Tensor, z: Tensor) -> Tensor:
        return -encoder(x).log_prob(z).mean()

    return training.fit(
        encoder,
        loss,
        x,
        z,
        num_steps=num_steps,
        batch_size=min(batch_size, num_pairs),
        lr=lr,
        decay=True,
        progress=progress,
    )
