"""Speed, side by side with a reference in one process, and of a slider's frame: make bench."""

import contextlib
import io
import itertools
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, sleep
from unittest import mock

import nbformat
import pyro
import torch
import zuko
from pyro.distributions.transforms import Planar
from pyro.infer import SVI, Trace_ELBO, TraceMeanField_ELBO
from sklearn.decomposition import PCA, FactorAnalysis
from torch import Tensor, nn
from torch.distributions import Independent, Normal, kl_divergence
from torch.utils.data import DataLoader, TensorDataset

from course_utils import deep, em, flows, ladder, ppca, vae, vem
from course_utils.kit import Explorer

LESSONS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def seconds(call: Callable[[], object]) -> float:
    """The time of one call in its steady state.

    The pause lets the other library's threads fall asleep, for they spin a while after
    their work; the untimed call wakes our own, which takes milliseconds.
    """
    sleep(0.1)
    call()
    start = perf_counter()
    call()
    return perf_counter() - start


def compare(
    name: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    goal: float,
    rounds: int = 15,
) -> None:
    """Time both alternately; print the medians and the ratio ours / theirs."""
    times = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    a, b = (median(column) for column in zip(*times, strict=True))
    print(f"{name}: {a * 1e3:.2f} ms against {b * 1e3:.2f} ms, ratio {a / b:.3g} (goal <= {goal})")


def fit_against_sklearn() -> None:
    x = torch.randn(20_000, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rival = PCA(10, svd_solver="covariance_eigh")
    array = x.numpy()
    compare(
        "ppca.fit, N=20000 D=64 H=10, against scikit-learn's PCA",
        lambda: ppca.fit(x, 10),
        lambda: rival.fit(array),
        goal=1.5,
    )


def em_against_sklearn() -> None:
    x = torch.randn(20_000, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    array = x.numpy()

    def theirs() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged is the point
            FactorAnalysis(10, max_iter=100, tol=0.0, svd_method="lapack").fit(array)

    compare(
        "em.fit, 100 steps, N=20000 D=64 H=10, against scikit-learn's FactorAnalysis",
        lambda: em.fit(x, 10, 100),
        theirs,
        goal=0.02,
        rounds=3,
    )


def em_in_the_number_of_points() -> None:
    for num_points in (1000, 1_000_000):
        x = torch.randn(num_points, 16, generator=torch.Generator().manual_seed(0))
        long, short = (
            min(seconds(partial(em.fit, x, 4, steps)) for _ in range(5)) for steps in (300, 0)
        )
        print(f"em.fit, N={num_points}: {(long - short) / 300 * 1e6:.0f} µs a step after one pass")


def repeat(call: Callable[[], object], times: int = 20) -> Callable[[], None]:
    """For calls so short that one of them cannot be timed."""

    def calls() -> None:
        for _ in range(times):
            call()

    return calls


def training_step(model: nn.Module, loss: Callable[[], Tensor]) -> Callable[[], None]:
    """Loss, gradient and a step of Adam."""
    adam = torch.optim.Adam(model.parameters(), lr=1e-4)

    def step() -> None:
        adam.zero_grad()
        loss().backward()
        adam.step()

    return repeat(step)


def flows_against_zuko(dim: int, num_layers: int, num_points: int = 512) -> None:
    """Splines and affine maps, autoregressive and coupling; 8 bins, two hidden layers of 64."""
    x = torch.randn(num_points, dim, generator=torch.Generator().manual_seed(0))
    turn = flows.Permutation(range(dim)[::-1])
    for name, layer, rival, passes in (
        ("NSF", flows.AutoregressiveSpline, zuko.flows.NSF, dim),
        ("MAF", flows.MaskedAutoregressive, zuko.flows.MAF, dim),
        ("NSF with couplings", flows.SplineCoupling, zuko.flows.NSF, 2),
        ("RealNVP", flows.AffineCoupling, zuko.flows.MAF, 2),
    ):
        layers = [layer(dim) for _ in range(num_layers)]
        chain = [part for each in layers for part in (each, turn)][:-1]
        ours = flows.Flow(flows.standard_normal(dim), chain)
        theirs = rival(dim, transforms=num_layers, hidden_features=(64, 64), passes=passes)
        size = f"D={dim}, {num_layers} layers, {num_points} points, against zuko"
        compare(
            f"a training step of {name}, {size}",
            training_step(ours, lambda ours=ours: -ours.log_prob(x).mean()),
            training_step(theirs, lambda theirs=theirs: -theirs().log_prob(x).mean()),
            goal=1,
        )
        compare(
            f"samples of {name}, {size}",
            repeat(lambda ours=ours: ours.sample((num_points,))),
            repeat(lambda theirs=theirs: theirs().sample((num_points,))),
            goal=1,
        )


def planar_against_pyro(dim: int, num_layers: int, num_points: int = 512) -> None:
    """E_q[log q - log p] for an unnormalised Gaussian p: Pyro has no density of given points."""
    ours = flows.Flow(flows.standard_normal(dim), [flows.Planar(dim) for _ in range(num_layers)])
    layers = nn.ModuleList(Planar(dim) for _ in range(num_layers))
    base = pyro.distributions.Normal(torch.zeros(dim), torch.ones(dim)).to_event(1)
    theirs = pyro.distributions.TransformedDistribution(base, list(layers))

    def our_loss() -> Tensor:
        x, log_q = ours.rsample_and_log_prob((num_points,))
        return (log_q + x.square().sum(-1)).mean()

    def their_loss() -> Tensor:
        x = theirs.rsample((num_points,))
        log_q = theirs.log_prob(x)
        theirs.clear_cache()
        return (log_q + x.square().sum(-1)).mean()

    size = f"D={dim}, {num_layers} layers, {num_points} points, against Pyro"
    compare(
        f"a training step of the planar flow, {size}",
        training_step(ours, our_loss),
        training_step(layers, their_loss),
        goal=1,
    )
    compare(
        f"samples of the planar flow, {size}",
        repeat(lambda: ours.sample((num_points,))),
        repeat(lambda: theirs.sample((num_points,))),
        goal=1,
    )


def vem_against_a_loop_over_points(num_points: int = 5000) -> None:
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
        rounds=2,
    )


def vem_in_the_number_of_points() -> None:
    for num_points in (1000, 10_000, 100_000):
        x = deep.arc().sample(num_points)
        model, q = deep.Decoder(1, 2, (32, 32), sigma2=0.1), vem.Local(num_points, 1)
        epoch = partial(vem.fit, x, q, model, 1, progress=False)
        time = median(seconds(epoch) for _ in range(5))
        print(f"vem.fit, N={num_points}: {time / num_points * 1e6:.2f} µs a point and epoch")


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


def vae_against_pyro(
    name: str, x: Tensor, latent_dim: int, encoder: tuple[int, ...], decoder: tuple[int, ...]
) -> None:
    """300 steps of Adam on minibatches of 500: Pyro as it comes, and without its validation.

    Beside them the forward and backward pass of the networks alone, below which neither can go.
    """

    def pair() -> tuple[vae.Encoder, vae.Decoder]:
        return (
            vae.Encoder(x.shape[1], latent_dim, encoder),
            vae.Decoder(latent_dim, x.shape[1], decoder, sigma2=0.1),
        )

    def batches() -> list[Tensor]:
        rows = torch.cat([torch.randperm(len(x)) for _ in range(1 + 150_000 // len(x))])[:150_000]
        return [x[batch] for batch in rows.split(500)]

    for bound, checked in itertools.product((Trace_ELBO, TraceMeanField_ELBO), (True, False)):
        pyro.enable_validation(checked)
        pyro.clear_param_store()
        rival = PyroVAE(*pair())
        svi = SVI(rival.model, rival.guide, pyro.optim.Adam({"lr": 1e-4}), bound())

        def theirs(svi: SVI = svi) -> None:
            for batch in batches():
                svi.step(batch)

        e, d = pair()
        compare(
            f"300 steps of vae.fit, {name}, against Pyro's {bound.__name__}"
            f"{'' if checked else ', validation off'}",
            lambda e=e, d=d: vae.fit(x, e, d, 300, lr=1e-4, progress=False),
            theirs,
            goal=0.5,
            rounds=5,
        )
    e, d = pair()
    networks = nn.ModuleList([e.network, d.network])

    def floor() -> None:
        for batch in batches():
            networks.zero_grad()
            parameters = e.network(batch)
            (d.network(parameters[:, :latent_dim]).sum() + parameters.sum()).backward()

    time = median(seconds(floor) for _ in range(7))
    print(f"300 forward and backward passes of the networks alone: {time * 1e3:.2f} ms")


def relu_network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, outputs)
    )


def arc_against_the_textbook(num_epochs: int = 500) -> None:
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
    vae.fit(train, encoder, decoder, 3000, progress=False)
    our_time = perf_counter() - start - spent
    reached = next(t for t, elbo in zip(times, elbos, strict=True) if elbo >= theirs.elbo)
    ours = ladder.measure(test, decoder, vem.gaussian(encoder.network(test), 1))
    print(
        f"ours reaches that ELBO after {reached:.2f} s, ratio {reached / their_time:.3g} "
        f"(goal <= 0.1), and ends at {ours} after {our_time:.1f} s; limit {ladder.limit():.3f}"
    )


def explorers(lesson: Path) -> list[Explorer]:
    """Those a lesson makes, by running its code here."""
    made: list[Explorer] = []
    make = Explorer.__init__

    def record(self: Explorer, *args, **kwargs) -> None:
        make(self, *args, **kwargs)
        made.append(self)

    namespace: dict = {}
    with (
        mock.patch.object(Explorer, "__init__", record),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        for cell in nbformat.read(lesson, 4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, lesson.name, "exec"), namespace)
    return made


def frames(lesson: Path, count: int = 60) -> None:
    """Time what the kernel does when a slider moves: update, draw, encode."""
    for explorer in explorers(lesson):
        corners, random, times = explorer.corners(), Random(0), []
        for _ in range(count):
            values = {name: random.choice(corners)[name] for name in explorer.controls}
            start = perf_counter()
            explorer._show(explorer.frame(**values))
            times.append(perf_counter() - start)
        name = f"{lesson.stem}, {explorer.update.__qualname__.split('.')[0]}"
        print(f"a frame of {name}: {median(times) * 1e3:.1f} ms (goal <= 16)")


if __name__ == "__main__":
    torch.set_num_threads(2)
    fit_against_sklearn()
    em_against_sklearn()
    em_in_the_number_of_points()
    torch.set_num_threads(1)
    vem_against_a_loop_over_points()
    vem_in_the_number_of_points()
    vae_against_pyro("the arc", ladder.arc()[0], 1, (64, 64), (32, 32))
    vae_against_pyro("the digits", ladder.digits()[0], 2, (64,), (64,))
    for dim, num_layers in ((2, 5), (8, 3)):
        flows_against_zuko(dim, num_layers)
        planar_against_pyro(dim, num_layers)
    for lesson in LESSONS:
        frames(lesson)
    arc_against_the_textbook()
