"""IWAE beside Pyro's Renyi ELBO at alpha = 0, which is the same bound."""

from collections.abc import Callable

import pyro
from pyro.infer import SVI, RenyiELBO
from torch import no_grad

from bench.autoencoder import BATCH, RATE, Task, tasks
from bench.pyro_vae import PyroVAE
from bench.rounds import Contender, Row, race
from course_utils import bounds, deep, ladder, vae

Pair = tuple[vae.Encoder, vae.Decoder]


def iwae(num_importance: int = 10, num_steps: int = 200, rounds: int = 5) -> list[Row]:
    """On the arc: what the trained decoder's evidence, by quadrature, lacks of the limit."""
    task = tasks()[0]

    @no_grad()
    def lacks(pair: Pair) -> float:
        nodes = deep.grid(1, spacing=0.02)
        evidence = deep.log_evidence(task.test[:2000], pair[1], nodes).mean()
        return ladder.limit() - evidence.item()

    return race(
        f"IWAE, K = {num_importance}, {num_steps} steps of {BATCH} points, the arc",
        Contender("ours", ours(task, num_importance, num_steps)),
        Contender(
            "Pyro",
            by_pyro(task, num_importance, num_steps),
            "SVI, RenyiELBO(alpha=0), vectorised particles, validation off",
            package="pyro",
        ),
        truth="nats from its evidence to the limit",
        judge=lacks,
        rounds=rounds,
    )


def ours(task: Task, K: int, num_steps: int) -> Callable[[], Callable[[], Pair]]:
    def start() -> Callable[[], Pair]:
        encoder, decoder = task.networks()

        def fit() -> Pair:
            bounds.fit(task.train, encoder, decoder, num_steps, K, BATCH, 2 * RATE, progress=False)
            return encoder, decoder

        return fit

    return start


def by_pyro(task: Task, K: int, num_steps: int) -> Callable[[], Callable[[], Pair]]:
    def start() -> Callable[[], Pair]:
        pyro.clear_param_store()
        encoder, decoder = task.networks()
        model = PyroVAE(encoder, decoder)
        loss = RenyiELBO(alpha=0, num_particles=K, vectorize_particles=True, max_plate_nesting=1)
        svi = SVI(model.model, model.guide, pyro.optim.Adam({"lr": RATE}), loss)

        def fit() -> Pair:
            for x in task.batches(num_steps):
                svi.step(x)
            return encoder, decoder

        return fit

    return start
