"""Variational EM beside a loop over the points."""

from functools import partial
from statistics import median

import torch
from torch.distributions import Normal, kl_divergence

from bench import compare, seconds
from course_utils import deep, ladder, vem


def epoch(num_points: int = 5000, rounds: int = 2) -> None:
    """The algorithm as it is written down: point by point, a step in theta, one in lambda_n."""
    x = ladder.arc()[0][:num_points]
    model, q = deep.Decoder(1, 2, (32, 32), sigma2=0.1), vem.Local(num_points, 1)
    loop_model = deep.Decoder(1, 2, (32, 32), sigma2=0.1)
    mean, log_variance = torch.zeros(num_points, 1), torch.zeros(num_points, 1)
    adam = torch.optim.Adam(loop_model.parameters(), lr=1e-3)
    prior = Normal(torch.zeros(1), torch.ones(1))

    def theirs() -> None:
        for n in range(num_points):
            m, v = mean[n].clone().requires_grad_(), log_variance[n].clone().requires_grad_()
            q_n = Normal(m, (v / 2).exp())
            fit = loop_model(q_n.rsample()).log_prob(x[n])
            loss = (kl_divergence(q_n, prior) - fit).sum()
            adam.zero_grad()
            loss.backward()
            adam.step()
            mean[n] -= 1e-3 * m.grad
            log_variance[n] -= 1e-3 * v.grad

    compare(
        f"an epoch of vem.fit, N={num_points}, against a loop over the points",
        lambda: vem.fit(x, q, model, 1, progress=False),
        theirs,
        goal=0.01,
        rounds=rounds,
    )


def scaling(numbers: tuple[int, ...] = (1000, 10_000, 100_000), rounds: int = 5) -> None:
    """The time of an epoch, a point, must not grow with N."""
    for num_points in numbers:
        x = deep.arc().sample(num_points)
        model, q = deep.Decoder(1, 2, (32, 32), sigma2=0.1), vem.Local(num_points, 1)
        fit = partial(vem.fit, x, q, model, 1, progress=False)
        time = median(seconds(fit) for _ in range(rounds))
        print(f"vem.fit, N={num_points}: {time / num_points * 1e6:.2f} µs a point and epoch")
