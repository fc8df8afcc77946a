"""7, one network for every series: an encoder that reads backwards, or forwards."""

import torch
from torch import Tensor

from course_utils import filtering
from course_utils.diffusions import grid, push, sde
from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l13_latent_sde.bell import fit
from course_utils.lessons.l13_latent_sde.cases import NODES, WELL

PRIOR, TRUTH, Q, MODEL = (style.ROLES[name] for name in ("prior", "truth", "q", "model"))
LONG, WHEN = 0.1, torch.tensor([1.5, 3.0]).double()  # a longer step, for two trainings
STEPS = torch.tensor([15, 30])


def poll_reading() -> Poll:
    """What an encoder knows that reads forwards."""
    return Poll(
        "Two observations, at times 1.5 and 3. A recurrent cell reads them, and tells its state to the "
        "push. Reader A reads from the last to the first, reader B from the first to the last; each "
        "step gets the state that belongs to its time. Until time 1.5, B's push knows …",
        [
            Option("the first observation", False, "B reads it at 1.5, where the step has ended."),
            Option(
                "no observation",
                True,
                "The state of a reader who has read nothing. A knows both, and after 1.5 the second.",
            ),
            Option("both observations", False, "That is reader A."),
        ],
    )


def draw_series(number: int) -> Tensor:
    """Pairs of observations, uniform between −1.5 and 1.5: many more cross than of the model's own."""
    return 3 * torch.rand(number, 2, dtype=torch.float64) - 1.5


def learn_reader(seed: int, backwards: bool, num_steps: int = 150):
    """Encoder and network, trained on the ELBO of 128 new series a step, one path each."""
    torch.manual_seed(seed)
    encoder = push.Encoder(8, backwards)
    network = push.Network(LONG * torch.arange(30).double(), 8)

    def bound() -> Tensor:
        y = draw_series(128)
        u = network.push(encoder(y, STEPS))
        made = sde.paths(WELL, u, LONG, 30, 128)
        return sde.elbo(made, WELL, sde.Seen(y, WHEN, 0.5))

    fit(torch.nn.ModuleList([encoder, network]), bound, num_steps)
    return encoder, network


@torch.no_grad()
def gaps(y: Tensor, readers: dict) -> dict[str, Tensor]:
    """Evidence less ELBO of every series y (N, 2), by quadrature: no push, the best, each reader's."""
    found: dict[str, list] = {name: [] for name in ("no push", *readers, "exact push")}
    for pair in y:
        seen = sde.Seen(pair, WHEN, 0.5)
        exact = filtering.forward(*grid.chain(WELL, seen, LONG, NODES)).log_evidence
        pushes = {
            name: network.push(encoder(pair, STEPS)) for name, (encoder, network) in readers.items()
        }
        pushes |= {"no push": None, "exact push": grid.exact_push(WELL, seen, LONG, NODES)}
        for name, u in pushes.items():
            found[name].append(exact - grid.grid_elbo(WELL, u, seen, LONG, NODES).elbo)
    return {name: torch.stack(values) for name, values in found.items()}


def plot_gaps(found: dict[str, Tensor]) -> Picture:
    """The gap of every series by reader, on a log axis, sorted by that without a push."""
    fig, ax = style.subplots(height=4.9)
    order = next(iter(found.values())).argsort()
    looks = [(PRIOR, "s"), (MODEL, "v"), (Q, "o"), (TRUTH, "D")]
    for place, (name, values) in enumerate(found.items()):
        role, marker = looks[place]
        ax.plot(range(len(order)), values[order].clamp(min=1e-3), **role.dots | {"marker": marker})
        label = f"{dict(zip('svoD', '■▼●◆', strict=True))[marker]} {name}: mean {values.mean():.2f}"
        ax.text(
            0.02 + 0.5 * (place % 2),
            1.1 - 0.09 * (place // 2),
            label,
            color=role.ink,
            transform=ax.transAxes,
        )
    ax.set(
        yscale="log",
        ylim=(6e-2, 40),
        xlabel=f"{len(order)} series, sorted by the gap without a push",
        ylabel="gap, nats",
    )
    ax.set_xticks([])
    said = "; ".join(
        f"{name}: mean {v.mean():.2f}, largest {v.max():.2f}" for name, v in found.items()
    )
    return figure(fig, alt=f"The gap between evidence and ELBO of {len(order)} new series. {said}.")
