"""The VAE beside Pyro, and beside a textbook's loop."""

import itertools
import math
from statistics import median
from time import perf_counter

import pyro
import torch
from pyro.infer import SVI, Trace_ELBO, TraceMeanField_ELBO
from torch import Tensor, nn
from torch.distributions import Independent, Normal, kl_divergence
from torch.utils.data import DataLoader, TensorDataset

from bench import compare, seconds
from course_utils import ladder, vae, vem


class PyroVAE(nn.Module):
    """The model and the guide of two networks of ours, as Pyro's tutorial writes them."""

    def __init__(self, encoder: vae.Encoder, decoder: vae.Decoder) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def model(self, x: Tensor) -> None:
        pyro.module("decoder", self.decoder)
        zero = x.new_zeros(len(x), self.decoder.latent_dim)
        with pyro.plate("data", len(x)):
            z = pyro.sample("z", pyro.distributions.Normal(zero, 1.0).to_event(1))
            mean, scale = self.decoder.network(z), (self.decoder.log_sigma2 / 2).exp()
            pyro.sample("x", pyro.distributions.Normal(mean, scale).to_event(1), obs=x)

    def guide(self, x: Tensor) -> None:
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", len(x)):
            mean, log_variance = self.encoder.network(x).chunk(2, -1)
            q = pyro.distributions.Normal(mean, (log_variance / 2).exp()).to_event(1)
            pyro.sample("z", q)


def vae_fit(num_steps: int = 300, rounds: int = 5) -> None:
    """On the arc and on the digits."""
    against_pyro("the arc", ladder.arc()[0], (1, (64, 64), (32, 32)), num_steps, rounds)
    against_pyro("the digits", ladder.digits()[0], (2, (64,), (64,)), num_steps, rounds)


def against_pyro(
    name: str,
    x: Tensor,
    sizes: tuple[int, tuple[int, ...], tuple[int, ...]],
    num_steps: int,
    rounds: int,
) -> None:
    """Adam on minibatches of 500: Pyro as it comes, and without its validation.

    sizes: of z and of the hidden layers of encoder and decoder.

    Beside them the forward and backward pass of the networks alone, below which neither can go.
    """

    latent_dim, *hidden = sizes

    def pair() -> tuple[vae.Encoder, vae.Decoder]:
        return (
            vae.Encoder(x.shape[1], latent_dim, hidden[0]),
            vae.Decoder(latent_dim, x.shape[1], hidden[1], sigma2=0.1),
        )

    def batches() -> list[Tensor]:
        count = 500 * num_steps
        rows = torch.cat([torch.randperm(len(x)) for _ in range(1 + count // len(x))])[:count]
        return [x[batch] for batch in rows.split(500)]

    for bound, checked in itertools.product((Trace_ELBO, TraceMeanField_ELBO), (True, False)):
        pyro.clear_param_store()
        rival = PyroVAE(*pair())
        svi = SVI(rival.model, rival.guide, pyro.optim.Adam({"lr": 1e-4}), bound())

        def theirs(svi: SVI = svi) -> None:
            for batch in batches():
                svi.step(batch)

        e, d = pair()
        with pyro.validation_enabled(checked):  # which is torch's validation, too
            compare(
                f"{num_steps} steps of vae.fit, {name}, against Pyro's {bound.__name__}"
                f"{'' if checked else ', validation off'}",
                lambda e=e, d=d: vae.fit(x, e, d, num_steps, lr=1e-4, progress=False),
                theirs,
                goal=0.5,
                rounds=rounds,
            )
    e, d = pair()
    networks = nn.ModuleList([e.network, d.network])

    def floor() -> None:
        for batch in batches():
            networks.zero_grad()
            parameters = e.network(batch)
            (d.network(parameters[:, :latent_dim]).sum() + parameters.sum()).backward()

    time = median(seconds(floor) for _ in range(rounds + 2))
    print(f"{num_steps} forward and backward passes of the networks alone: {time * 1e3:.2f} ms")


def relu_network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, outputs)
    )


def arc(num_epochs: int = 500, num_steps: int = 3000) -> None:
    """The time to the test ELBO where the usual loop ends: 20 ReLUs, Adam at 3e-4, a DataLoader.

    Its noise is the true one, 0.1, and held; ours is learned.
    """
    train, test = ladder.arc()
    torch.manual_seed(0)
    encoder, decoder = vae.Encoder(2, 1), vae.Decoder(1, 2, likelihood="fixed", sigma2=0.01)
    encoder.network, decoder.network = relu_network(2, 2), relu_network(1, 2)
    both = nn.ModuleList([encoder, decoder])
    adam = torch.optim.Adam(both.parameters(), lr=3e-4)
    prior = Independent(Normal(torch.zeros(1), torch.ones(1)), 1)
    loader = DataLoader(TensorDataset(train), batch_size=1000, shuffle=True)
    start = perf_counter()
    for _ in range(num_epochs):
        for (x,) in loader:
            q = encoder(x)
            loss = (kl_divergence(q, prior) - decoder(q.rsample()).log_prob(x)).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
    their_time = perf_counter() - start
    theirs = ladder.measure(test, decoder, encoder(test))
    print(f"the textbook's VAE of the arc: {theirs} after {their_time:.0f} s")

    torch.manual_seed(0)
    encoder, decoder = vae.Encoder(2, 1, (64, 64)), vae.Decoder(1, 2, (32, 32), sigma2=0.1)
    times, elbos, spent = [], [], 0.0
    calls = iter(range(10**9))

    def look(*_) -> None:
        """Every 50 steps the test ELBO, off the clock."""
        nonlocal spent
        if next(calls) % 50 == 0:
            begun = perf_counter()
            times.append(begun - start - spent)
            with torch.no_grad():
                q = vem.gaussian(encoder.network(test), 1)
                elbos.append(vem.elbo(test, q, decoder, 20).mean().item())
            spent += perf_counter() - begun

    encoder.register_forward_hook(look)
    start = perf_counter()
    vae.fit(train, encoder, decoder, num_steps, progress=False)
    our_time = perf_counter() - start - spent
    pairs = zip(times, elbos, strict=True)
    reached = next((t for t, elbo in pairs if elbo >= theirs.elbo), math.inf)
    ours = ladder.measure(test, decoder, vem.gaussian(encoder.network(test), 1))
    print(
        f"ours reaches that ELBO after {reached:.2f} s, ratio {reached / their_time:.3g} "
        f"(goal <= 0.1), and ends at {ours} after {our_time:.1f} s; limit {ladder.limit():.3f}"
    )
