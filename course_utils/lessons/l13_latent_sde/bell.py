"""6, one bell, or a network: the best linear drift, and a learned one."""

import torch
from torch import nn

from course_utils import training
from course_utils.diffusions import push, sde
from course_utils.kit import Option, Poll
from course_utils.lessons.l13_latent_sde.cases import DT, WELL, one

TIMES = DT * torch.arange(60).double()


def poll_bell() -> Poll:
    """What the paths of the best Gaussian q do."""
    return Poll(
        "Now q may only have a linear drift, β(t) − α(t)X: then X_t is Gaussian at every time, one bell. "
        "The exact posterior crosses at nearly any time. Under the best such q, paths …",
        [
            Option(
                "cross at much the same time, about half-way",
                True,
                "One bell must be carried over the ridge as a whole: five in six cross within one unit "
                "of time, of three.",
            ),
            Option("cross at nearly any time as well", False, "Half-way they need two modes."),
            Option(
                "spread over both wells, and wait", False, "A bell that wide lies on the ridge."
            ),
        ],
    )


def learn(seed: int, num_steps: int = 150) -> push.Network:
    """A network for the push, trained on the ELBO of 64 paths a step."""
    torch.manual_seed(seed)
    network = push.Network(TIMES)
    fit(
        network,
        lambda: sde.elbo(sde.paths(WELL, network.push(), DT, 60, 64), WELL, one(1.0)),
        num_steps,
    )
    return network


def fit(model: nn.Module, bound, num_steps: int) -> training.History:
    """Climb the mean of bound(): fresh paths at every step, no data to shuffle."""
    return training.fit(
        model,
        lambda _: -bound().mean(),
        torch.zeros(1),
        num_steps=num_steps,
        lr=2e-2,
        decay=True,
        progress=False,
    )
