"""Variational EM beside a loop over the points, and how its time grows with N."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from bench.rounds import Contender, Row, grow, race
from course_utils import deep, ladder, vem

LOOP = "as the algorithm is written: a step in theta and one in lambda_n, point by point"
Fitted = tuple[deep.Decoder, Tensor]  # the model, and lambda (N, 2)


def epoch(num_points: int = 1000, enough: int = 30, rounds: int = 3) -> list[Row]:
    """The arc: an epoch, and as many of ours as lead to the bound of the loop's one epoch.

    In an epoch the loop takes a step in theta for every point, ours one for every 500.
    """
    x = ladder.arc()[0][:num_points]
    limit = ladder.limit()

    def ours(num_epochs: int, lr: float) -> Callable[[], Callable[[], Fitted]]:
        def start() -> Callable[[], Fitted]:
            model, q = decoder(), vem.Local(num_points, 1)

            def fit() -> Fitted:
                vem.fit(x, q, model, num_epochs, lr=lr, progress=False)
                return model, q.rows.detach()

            return fit

        return start

    def loop() -> Callable[[], Fitted]:
        model = decoder()
        mean, log_variance = torch.zeros(num_points, 1), torch.zeros(num_points, 1)
        adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
        prior = Normal(torch.zeros(1), torch.ones(1))

        def fit() -> Fitted:
            for n in torch.randperm(num_points).tolist():
                m, v = mean[n].clone().requires_grad_(), log_variance[n].clone().requires_grad_()
                q_n = Normal(m, (v / 2).exp())
                likelihood = model(q_n.rsample()).log_prob(x[n])
                adam.zero_grad()
                (kl_divergence(q_n, prior) - likelihood).sum().backward()
                adam.step()
                mean[n] -= 0.1 * m.grad
                log_variance[n] -= 0.1 * v.grad
            return model, torch.cat([mean, log_variance], 1)

        return fit

    @torch.no_grad()
    def lacks(fitted: Fitted) -> float:
        model, rows = fitted
        return limit - vem.exact_elbo(x, vem.gaussian(rows, 1), model).mean().item()

    return [
        row
        for task, num_epochs, lr, goal in (
            ("an epoch", 1, 5e-3, 0.01),
            ("to the loop's bound", enough, 2e-2, 1.0),
        )
        for row in race(
            f"variational EM, {task}, N = {num_points}",
            Contender("ours", ours(num_epochs, lr)),
            Contender("a loop over the points, one epoch", loop, LOOP, goal),
            truth="nats from its bound to the limit",
            judge=lacks,
            rounds=rounds,
        )
    ]


def growth(numbers: tuple[int, ...] = (1000, 10_000, 100_000), rounds: int = 3) -> list[Row]:
    """Of an epoch with N: 1 is a time per point that does not grow."""

    def at(num_points: int) -> dict[str, Callable[[], object]]:
        x, model, q = deep.arc().sample(num_points), decoder(), vem.Local(num_points, 1)
        return {"ours": lambda: vem.fit(x, q, model, 1, progress=False)}

    return [grow("an epoch of variational EM", "N", numbers, at, rounds)]


def decoder() -> deep.Decoder:
    return deep.Decoder(1, 2, (32, 32), sigma2=0.1)
