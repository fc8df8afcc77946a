"""A step of a VAE beside its networks alone, a plain loop in PyTorch, and Pyro.

All train the same networks on the same minibatches, taken by index, with Adam at one rate; ours
decays to 0 from twice that rate. Bounds are by quadrature: no noise of samples in them.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pyro
import torch
from pyro.infer import SVI, TraceMeanField_ELBO
from torch import Tensor, nn

from bench.pyro_vae import PyroVAE
from bench.rounds import Contender, Row, race
from course_utils import ladder, vae, vem

RATE, BATCH = 1e-3, 500


class Task(NamedTuple):
    """Data, and sizes of z and of the hidden layers of encoder and decoder."""

    name: str
    train: Tensor
    test: Tensor
    latent_dim: int
    hidden: tuple[int, ...]
    hidden_decoder: tuple[int, ...]

    def networks(self) -> tuple[vae.Encoder, vae.Decoder]:
        data_dim = self.train.shape[1]
        return (
            vae.Encoder(data_dim, self.latent_dim, self.hidden),
            vae.Decoder(self.latent_dim, data_dim, self.hidden_decoder, sigma2=0.1),
        )

    def batches(self, num_steps: int) -> Iterator[Tensor]:
        """Shuffled minibatches of an epoch after another."""
        count, size = BATCH * num_steps, len(self.train)
        rows = torch.cat([torch.randperm(size) for _ in range(1 + count // size)])[:count]
        for batch in rows.split(BATCH):
            yield self.train[batch]

    @torch.no_grad()
    def bound(self, pair: tuple[vae.Encoder, vae.Decoder]) -> float:
        """The mean ELBO of the test points; exact for one latent or two."""
        encoder, decoder = pair
        return vem.exact_elbo(self.test, encoder(self.test), decoder).mean().item()


def tasks() -> list[Task]:
    return [
        Task("the arc", *ladder.arc(), 1, (64, 64), (32, 32)),
        Task("the digits", *ladder.digits(), 2, (64,), (64,)),
    ]


def steps(num_steps: int = 200, rounds: int = 5) -> list[Row]:
    """On the arc and on the digits."""
    return [row for task in tasks() for row in _of(task, num_steps, rounds)]


def _of(task: Task, num_steps: int, rounds: int) -> list[Row]:
    def ours() -> Callable[[], tuple[vae.Encoder, vae.Decoder]]:
        encoder, decoder = task.networks()

        def fit() -> tuple[vae.Encoder, vae.Decoder]:
            vae.fit(task.train, encoder, decoder, num_steps, BATCH, 2 * RATE, progress=False)
            return encoder, decoder

        return fit

    def networks_alone() -> Callable[[], None]:
        encoder, decoder = task.networks()
        networks = nn.ModuleList([encoder.network, decoder.network])

        def run() -> None:
            for x in task.batches(num_steps):
                networks.zero_grad()
                parameters = encoder.network(x)
                z = parameters[:, : task.latent_dim]
                (decoder.network(z).sum() + parameters.sum()).backward()

        return run

    def plain() -> Callable[[], tuple[vae.Encoder, vae.Decoder]]:
        encoder, decoder = task.networks()
        both = nn.ModuleList([encoder, decoder])
        adam = torch.optim.Adam(both.parameters(), lr=RATE, fused=True)

        def fit() -> tuple[vae.Encoder, vae.Decoder]:
            for x in task.batches(num_steps):
                adam.zero_grad()
                plain_loss(x, encoder, decoder).backward()
                adam.step()
            return encoder, decoder

        return fit

    def by_pyro(custom: bool) -> Callable[[], Callable[[], tuple[vae.Encoder, vae.Decoder]]]:
        def start() -> Callable[[], tuple[vae.Encoder, vae.Decoder]]:
            pyro.clear_param_store()
            encoder, decoder = task.networks()
            model, loss = PyroVAE(encoder, decoder), TraceMeanField_ELBO()
            svi = SVI(model.model, model.guide, pyro.optim.Adam({"lr": RATE}), loss)
            adam = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)

            def fit() -> tuple[vae.Encoder, vae.Decoder]:
                for x in task.batches(num_steps):
                    if custom:
                        model.step(loss, adam, x)
                    else:
                        svi.step(x)
                return encoder, decoder

            return fit

        return start

    known = task.name == "the arc"
    best = ladder.limit() if known else 0.0
    return race(
        f"VAE, {num_steps} steps of {BATCH} points, {task.name}",
        Contender("ours", ours),
        Contender("its networks alone", networks_alone, "forward and backward, no step", 1.35),
        Contender("a plain loop", plain, "PyTorch, losses by hand, torch.optim.Adam, fused"),
        Contender("Pyro", by_pyro(False), "SVI, TraceMeanField_ELBO, validation off", 0.5, "pyro"),
        Contender(
            "Pyro, custom loop",
            by_pyro(True),
            "its differentiable_loss under torch.optim.Adam, fused; validation off",
            0.5,
            "pyro",
        ),
        truth="nats from its bound to the data's own density"
        if known
        else "-ELBO of new points, nats",
        judge=lambda pair: best - task.bound(pair),
        rounds=rounds,
    )


def plain_loss(x: Tensor, encoder: vae.Encoder, decoder: vae.Decoder) -> Tensor:
    """-ELBO as PyTorch's example writes it, with a Gaussian in place of its Bernoulli."""
    mean, log_variance = encoder.network(x).chunk(2, -1)
    z = mean + (log_variance / 2).exp() * torch.randn_like(mean)
    squares = (decoder.network(z) - x).square().sum()
    log_sigma2 = decoder.log_sigma2
    fit = squares / (2 * log_sigma2.exp()) + x.numel() / 2 * (log_sigma2 + LOG_2_PI)
    kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
    return (fit + kl) / len(x)


LOG_2_PI = torch.log(torch.tensor(2 * torch.pi))
