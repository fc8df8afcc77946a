"""Speed, side by side with a reference in one process, and of a slider's frame: make bench."""

import contextlib
import io
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, sleep
from unittest import mock

import nbformat
import pyro.distributions as pyro
import torch
import zuko
from pyro.distributions.transforms import Planar
from sklearn.decomposition import PCA, FactorAnalysis
from torch import Tensor, nn

from course_utils import em, flows, ppca
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
    base = pyro.Normal(torch.zeros(dim), torch.ones(dim)).to_event(1)
    theirs = pyro.TransformedDistribution(base, list(layers))

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
    for dim, num_layers in ((2, 5), (8, 3)):
        flows_against_zuko(dim, num_layers)
        planar_against_pyro(dim, num_layers)
    for lesson in LESSONS:
        frames(lesson)
