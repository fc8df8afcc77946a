"""Neural posterior estimation beside sbi, on the same simulations.

The simulator is a Gaussian of unknown mean and scale, whose posterior is exact. Both are shown the
mean and the log standard deviation of the data, and fit one masked autoregressive layer.
"""

from collections.abc import Callable
from unittest.mock import Mock  # of a logger, which would write files
from warnings import catch_warnings, simplefilter

import torch
from torch import Tensor, nn

from bench.rounds import Contender, Row, race
from course_utils import flows
from course_utils.simulators import npe, summaries, unknown_gaussian

LogQ = Callable[[Tensor, Tensor], Tensor]  # of theta (N, 2) given summaries (N, 2)
BATCH, RATE = 256, 5e-3


def summary(y: Tensor) -> Tensor:
    """All that ten numbers of a Gaussian tell."""
    return torch.stack([y.mean(1), y.std(1).log()], 1)


def npe_of_a_gaussian(num_pairs: int = 10_000, num_epochs: int = 12, rounds: int = 3) -> list[Row]:
    """As many epochs for both."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theta, theta_new = (unknown_gaussian.PRIOR.sample(n) for n in (num_pairs, 20_000))
        y, y_new = unknown_gaussian.simulate(theta), unknown_gaussian.simulate(theta_new)
    exact = unknown_gaussian.posterior(y_new).log_prob(theta_new).mean().item()
    theta, seen, seen_new = theta.float(), summary(y.float()), summary(y_new.float())

    def ours() -> Callable[[], LogQ]:
        embedding = summaries.Standardised(nn.Identity(), seen)
        flow = flows.Flow(flows.standard_normal(2), [flows.MaskedAutoregressive(2, 2)])
        posterior = npe.Posterior(embedding, flow)

        def fit() -> LogQ:
            steps = num_epochs * (num_pairs // BATCH)
            npe.fit(posterior, theta, seen, steps, BATCH, RATE, progress=False)
            return lambda theta, s: posterior(s).log_prob(theta)

        return fit

    @torch.no_grad()
    def lacks(log_q: LogQ) -> float:
        return exact - log_q(theta_new.float(), seen_new).mean().item()

    return race(
        f"NPE, {num_epochs} epochs of {num_pairs} pairs in batches of {BATCH}",
        Contender("ours", ours),
        Contender(
            "sbi",
            by_sbi(theta, seen, num_epochs),
            "NPE with 'zuko_maf', one transform, two layers of 64; a tenth spared to validate",
            package="sbi",
        ),
        truth="KL from the exact posterior, nats",
        judge=lacks,
        rounds=rounds,
    )


def by_sbi(theta: Tensor, seen: Tensor, num_epochs: int) -> Callable[[], Callable[[], LogQ]]:
    def start() -> Callable[[], LogQ]:
        from sbi.inference import NPE
        from sbi.neural_nets import posterior_nn

        make = posterior_nn("zuko_maf", hidden_features=(64, 64), num_transforms=1)
        inference = NPE(density_estimator=make, tracker=Mock(), show_progress_bars=False)
        inference.append_simulations(theta, seen)

        def fit() -> LogQ:
            with catch_warnings():
                simplefilter("ignore")  # that it was stopped is meant
                q = inference.train(
                    training_batch_size=BATCH,
                    learning_rate=RATE,
                    max_num_epochs=num_epochs - 1,  # it takes one more
                    show_train_summary=False,
                )
            return lambda theta, s: q.log_prob(theta[None], condition=s)[0]

        return fit

    return start
