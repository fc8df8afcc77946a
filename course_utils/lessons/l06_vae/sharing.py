"""9 · Encoder and decoder, trained together: a table against an encoder, step by step."""

import time
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Independent

from course_utils import deep, ladder, vae, vem
from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture

SIZES = (300, 3000)
STEPS, EVERY = 600, 100
Q, MODEL = style.ROLES["q"], style.ROLES["model"]


# The exact evidence on the test points after 100, 200, ..., 600 steps, for the seeds 1 to 5, as measured by
# tests/seeds/lesson_06.py, which compares it with a new run.
RACE = {
    ("table", 300): (
        (-1.955, -1.613, -1.533, -1.514, -1.501, -1.499),
        (-1.5, -1.245, -1.189, -1.149, -1.132, -1.127),
        (-1.496, -1.238, -1.197, -1.157, -1.138, -1.132),
        (-1.476, -1.211, -1.165, -1.131, -1.113, -1.108),
        (-1.509, -1.19, -1.151, -1.107, -1.096, -1.09),
    ),
    ("table", 3000): (
        (-2.72, -2.064, -1.88, -1.806, -1.781, -1.778),
        (-2.67, -2.05, -1.881, -1.83, -1.804, -1.801),
        (-2.679, -2.062, -1.879, -1.826, -1.801, -1.798),
        (-2.631, -1.932, -1.688, -1.637, -1.617, -1.614),
        (-2.715, -2.062, -1.839, -1.791, -1.76, -1.751),
    ),
    ("encoder", 300): (
        (-1.112, -1.036, -0.979, -0.932, -0.908, -0.905),
        (-1.129, -1.064, -1.016, -0.974, -0.953, -0.948),
        (-1.163, -1.102, -1.078, -1.036, -1.018, -1.016),
        (-1.15, -1.086, -1.036, -1.01, -0.987, -0.984),
        (-1.131, -1.081, -1.034, -0.988, -0.973, -0.969),
    ),
    ("encoder", 3000): (
        (-1.129, -1.063, -1.023, -0.979, -0.965, -0.96),
        (-1.16, -1.105, -1.072, -1.049, -1.026, -1.024),
        (-1.146, -1.076, -1.063, -1.006, -0.996, -0.994),
        (-1.206, -1.16, -1.121, -1.097, -1.085, -1.084),
        (-1.129, -1.09, -1.056, -1.024, -1.01, -1.008),
    ),
}


def poll_cure() -> Poll:
    """Whether the harm of the table goes when the encoder comes."""
    return Poll(
        "Lesson 05: at 600 steps each, ten times the data made variational EM's model much worse. With an "
        "encoder in place of the table, the same decoder, data and steps, the model from 3000 points …",
        [
            Option(
                "is as much worse as before",
                False,
                "A row of the table moved once an epoch; the encoder moves at every step.",
            ),
            Option(
                "is about as good as the one from 300",
                True,
                "What hurt was codes that came late. Now every minibatch moves the codes of all points.",
            ),
            Option(
                "is far better: more data",
                False,
                "300 points were enough for this decoder; it is steps that are scarce.",
            ),
        ],
    )


class _Watched(deep.Decoder):
    """Lesson 05's decoder, which looks at its own evidence after every EVERY steps of training."""

    def __init__(self, test: Tensor | None) -> None:
        super().__init__(1, 2, hidden=(32, 32), sigma2=0.05)
        self.test, self.steps = test, 0
        self.evidence: list[float] = []

    def forward(self, z: Tensor) -> Independent:
        if torch.is_grad_enabled():  # a training step asks once; measuring takes no gradient
            if self.steps and self.steps % EVERY == 0:
                self.look()
            self.steps += 1
        return super().forward(z)

    def look(self) -> None:
        if self.test is not None:
            nodes = deep.grid(1, 0.05)
            self.evidence.append(deep.log_evidence(self.test, self, nodes).mean().item())


def race(name: str, size: int, seed: int) -> list[float]:
    """Lesson 05's training of the arc by a "table" or an "encoder": 600 minibatches of 100.

    The evidence on the test points after every EVERY steps.
    """
    train, test = ladder.arc()
    torch.manual_seed(seed)
    decoder = _Watched(test)
    _train(name, train[:size], decoder, STEPS)
    decoder.look()
    return decoder.evidence


def _train(name: str, x: Tensor, decoder: deep.Decoder, num_steps: int) -> None:
    """With the same minibatches, rates and clock for both; x has 100 points or a multiple."""
    settings: dict[str, Any] = {"batch_size": 100, "lr": 1e-2, "progress": False}
    if name == "table":
        vem.fit(x, vem.Local(len(x), 1), decoder, 100 * num_steps // len(x), **settings)
    else:
        vae.fit(x, vae.Encoder(2, 1, (32, 32)), decoder, num_steps, **settings)


@lru_cache(maxsize=1)
def seconds_a_step() -> dict[str, float]:
    """Of CPU, on this machine, with 3000 points: by 60 steps of each."""
    x, spent = ladder.arc()[0][:3000], {}
    for name in ("table", "encoder"):
        with torch.random.fork_rng():
            _train(name, x, _Watched(None), 30)  # to warm up
            begin = time.process_time()
            _train(name, x, _Watched(None), 60)
            spent[name] = (time.process_time() - begin) / 60
    return spent


def plot_race(limit: float) -> Picture:
    """RACE, its median and range over the seeds, against this machine's seconds of CPU."""
    fig, ax = style.subplots()
    looks = {"table": (Q, "o"), "encoder": (MODEL, "s")}
    told, lowest = [], 0.0
    ends = {name: STEPS * seconds for name, seconds in seconds_a_step().items()}
    longest = max(ends.values())
    order = sorted(RACE, key=lambda run: -torch.tensor(RACE[run]).median(0).values[-1])
    for name, size in order:
        role, marker = looks[name]
        runs = torch.tensor(RACE[name, size])  # (seeds, looks)
        seconds = torch.arange(1, runs.shape[1] + 1) * ends[name] * EVERY / STEPS
        middle = runs.median(0).values
        line = role.line | {"linestyle": "-" if size == SIZES[0] else "--"}
        ax.fill_between(seconds, runs.amin(0), runs.amax(0), color=role.color, alpha=0.15)
        ax.plot(seconds, middle, **line, marker=marker)
        lowest = min(lowest - 0.17, middle[-1].item())  # labels apart from one another
        ax.text(longest * 1.03, lowest, f"{name}, {size}", color=role.ink, va="center")
        told.append(f"{name} with {size} points {middle[-1]:.2f}")
    ax.axhline(limit, color=style.INK, linewidth=2)
    ax.text(longest * 1.48, limit + 0.05, "entropy limit", ha="right")
    ax.set(xlim=(0, longest * 1.5), ylim=(-2.9, -0.3), xlabel="seconds of CPU, on this machine")
    ax.set(ylabel="evidence, nats per test point", title="600 steps each")
    cost = " and ".join(f"{1e3 * s:.1f} ms ({name})" for name, s in seconds_a_step().items())
    return figure(
        fig,
        alt=f"Median evidence over five seeds at the end of 600 steps: {'; '.join(told)}. A step takes "
        f"{cost}. The limit is {limit:.2f}.",
    )
