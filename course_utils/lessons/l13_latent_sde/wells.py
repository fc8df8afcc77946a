"""5, two wells: the push on a grid, when the path crosses, exercise 13.5."""

from functools import cache

import ipywidgets as widgets
import torch
from matplotlib.collections import LineCollection
from torch import Tensor

from course_utils import filtering
from course_utils.diffusions import grid, sde
from course_utils.kit import Exercise, Explorer, Mistake, Option, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l13_latent_sde.cases import DT, NODES, WELL, one, segments

DATA, TRUTH, Q, MODEL, GAP = (style.ROLES[name] for name in ("data", "truth", "q", "model", "gap"))
PLACES = torch.linspace(-1.6, 1.6, 9).double()


@cache
def solved(y: float) -> tuple:
    """Exact marginals, the exact push, q's marginals, forty paths of q, and the evidence."""
    seen = one(y)
    chain = grid.chain(WELL, seen, DT, NODES)
    exact, evidence = filtering.forward_backward(*chain)
    push = grid.exact_push(WELL, seen, DT, NODES)
    q = grid.grid_elbo(WELL, push, seen, DT, NODES)
    torch.manual_seed(0)
    made = sde.paths(WELL, push, DT, len(q.masses), 40)
    return exact, push, q, made.x, evidence.item()


def right_of_0(masses: Tensor) -> Tensor:
    """P(X > 0) at every step, a node at 0 counting half."""
    share = (NODES > 1e-9).double() + 0.5 * (NODES.abs() <= 1e-9)
    return masses @ share


def predict_wells() -> Prediction:
    """Ask how many pushed diffusions a bimodal posterior needs, then look."""
    question = (
        "Two wells, at −1 and 1. The path began at −1, and at time 3 something near 1 was seen: half-way "
        "the posterior of X has two modes, one in each well. How many pushed diffusions does a q need, "
        "in steps dt → 0, that comes as near to this posterior as one likes?"
    )
    options = [
        Option("two, mixed: one for each mode", False, "Then which path belongs to which?"),
        Option(
            "one",
            True,
            "The push depends on x: at the same time it moves some paths and leaves others. Each step "
            "is Gaussian, their chain is not.",
        ),
        Option(
            "none will do: q's steps are Gaussian",
            False,
            "At fixed dt that is so: a gap remains. As dt → 0 the exact steps are Gaussian too.",
        ),
    ]
    return predict(question, options, explore_wells())


def explore_wells() -> Explorer:
    """Left: paths of q. Right: exact and steered density at a time, and the push there."""
    h = (NODES[1] - NODES[0]).item()

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.1, 1])
        left.set(xlim=(0, 3.1), ylim=(-2, 2.2), xlabel="time $t$", ylabel="$X_t$")
        left.set_title("Paths of q")
        right.set(xlim=(-2, 2), ylim=(-0.55, 1.75), xlabel="$x$", yticks=[])
        right.axhline(0, color=style.GUIDE, linewidth=1)
        right.set_title("Densities, and the push")
        right.text(-1.95, 1.55, "— exact", color=TRUTH.ink)
        right.text(-0.55, 1.55, "- - q", color=Q.ink)
        right.text(0.55, 1.55, "●— push", color=GAP.ink)
        lines = LineCollection([], colors=Q.color, linewidths=1, alpha=0.6)
        arrows = LineCollection([], colors=GAP.color, linewidths=3)
        return fig, {
            "paths": left.add_collection(lines),
            "now": left.plot([], [], color=style.INK, linewidth=2)[0],
            "seen": left.plot([], [], **DATA.dots | {"markersize": 12})[0],
            "exact": right.plot([], [], **TRUTH.line | {"linewidth": 6, "alpha": 0.5})[0],
            "q": right.plot([], [], **Q.line)[0],
            "from": right.plot([], [], **GAP.dots | {"markersize": 5})[0],
            "push": right.add_collection(arrows),
        }

    def update(y: float, t: float) -> dict:
        exact, push, q, x, evidence = solved(y)
        k = round(t / DT)
        u = push(min(k, len(exact) - 1), PLACES)
        ends = PLACES + 0.12 * u.clamp(-5, 5)
        below = torch.tensor([-0.16, -0.36] * 5).double()[:9]  # two rows, so that none touch
        arrows = torch.stack(
            [torch.stack([PLACES, below], 1), torch.stack([ends, below], 1)], 1
        ).numpy()
        crossed = right_of_0(exact)[k - 1].item()
        return {
            "paths": segments(x, DT, 40),
            "now": ([t, t], [-2, 2]),
            "seen": ([3.0], [y]),
            "exact": (NODES, exact[k - 1] / h),
            "q": (NODES, q.masses[k - 1] / h),
            "from": (PLACES, below),
            "push": list(arrows),
            "alt": f"Forty paths of q from −1 at time 0 to an observation of {y:.1f} at time 3. At time "
            f"{t:.1f} a share of {crossed:.2f} of the exact posterior is above 0, of q "
            f"{right_of_0(q.masses)[k - 1]:.2f}. The push at x = 0 is {push(k - 1, PLACES[4:5])[0]:z.1f}. "
            f"Evidence {evidence:.2f} nats, ELBO {q.elbo:.2f}.".replace(" -", " −"),
        }

    controls = {
        "y": widgets.FloatSlider(
            value=1.0, min=-1, max=2, step=0.5, readout_format=".1f", description="seen at time 3"
        ),
        "t": widgets.FloatSlider(
            value=1.5, min=0.3, max=2.7, step=0.3, readout_format=".1f", description="time t"
        ),
    }
    strip = [{"y": y, "t": t} for y, t in ((1.0, 0.6), (1.0, 2.4), (-1.0, 1.5))]
    return Explorer(scene, update, controls, strip)


def plot_crossing(shares: dict[str, Tensor], title: str) -> Picture:
    """P(X_t > 0) over time: the exact posterior's first, then others'."""
    fig, ax = style.subplots()
    times = DT * torch.arange(1, 61)
    looks = {
        "exact posterior": (TRUTH, "—", TRUTH.line | {"linewidth": 7, "alpha": 0.5}),
        "steered": (Q, "- -", Q.line),
        "linear drift": (MODEL, "– ·", MODEL.line),
        "network": (Q, "- -", Q.line),
    }
    said = []
    for place, (name, share) in enumerate(shares.items()):
        role, sign, look = looks[name]
        ax.plot(times, share, **look)
        ax.text(0.06, 0.94 - 0.11 * place, f"{sign} {name}", color=role.ink, va="center")
        said.append(f"{name}: " + ", ".join(f"{share[k - 1]:.2f}" for k in (12, 24, 36, 48, 60)))
    ax.set(xlim=(0, 3), ylim=(0, 1.03), xlabel="time $t$", ylabel="share above 0")
    ax.set_title(title)
    return figure(fig, alt=f"P(X > 0) at times 0.6, 1.2, 1.8, 2.4 and 3. {'; '.join(said)}.")


def push_before(ahead, moves, nodes, drift, sigma, dt):
    """The push at each node of the step's beginning.

    ahead: (G,), p(all data from the step's end on | x there). moves: (G, G), the model's step, from
    row to column. nodes, drift: (G,).
    """
    mean = (moves @ (ahead * nodes)) / (moves @ ahead)  # of the exact step
    return (mean - nodes - drift * dt) / (sigma * dt)


def _parts(moves, ahead, nodes):
    return moves @ (ahead * nodes), moves @ ahead


def _unnormalised(ahead, moves, nodes, drift, sigma, dt):
    top, _ = _parts(moves, ahead, nodes)
    return (top - nodes - drift * dt) / (sigma * dt)


def _without_sigma(ahead, moves, nodes, drift, sigma, dt):
    return push_before(ahead, moves, nodes, drift, sigma, dt) * sigma


def _without_dt(ahead, moves, nodes, drift, sigma, dt):
    return push_before(ahead, moves, nodes, drift, sigma, dt) * dt


def _with_drift(ahead, moves, nodes, drift, sigma, dt):
    return push_before(ahead, moves, nodes, 0 * drift, sigma, dt)


def _forward(ahead, moves, nodes, drift, sigma, dt):
    return push_before(ahead, moves.mT, nodes, drift, sigma, dt)


def _model(ahead, moves, nodes, drift, sigma, dt):
    return push_before(torch.ones_like(ahead), moves, nodes, drift, sigma, dt)


def _end(ahead, moves, nodes, drift, sigma, dt):
    mean = (ahead * nodes).sum() / ahead.sum()
    return (mean - nodes - drift * dt) / (sigma * dt)


def _slope(late: bool):
    """sigma d/dx log h by differences, at the beginning of the step or, late, at its end."""

    def attempt(ahead, moves, nodes, drift, sigma, dt):
        log_h = (ahead if late else moves @ ahead).log()
        return sigma * torch.gradient(log_h, spacing=(nodes,))[0]

    return attempt


def _case(seed: int, sigma: float, dt: float):
    nodes = torch.linspace(-2, 2, 9).double()
    drift = -nodes
    moves = torch.exp(-((nodes - (nodes + drift * dt)[:, None]) ** 2) / (2 * sigma**2 * dt))
    ahead = normal(9, seed=seed).exp()
    return ahead, moves * 0.4, nodes, drift, sigma, dt


Exercise(
    "13.5",
    push_before,
    cases=[_case(0, 1.5, 0.3), _case(5, 0.8, 0.5)],
    mistakes=[
        Mistake(
            _unnormalised,
            "Step times h must be divided by its sum to be a distribution. It is the slope of "
            "log h that pushes, not of h.",
        ),
        Mistake(_without_sigma, "The push moves a path by σu dt: divide by σ, too."),
        Mistake(_without_dt, "The push is a rate: divide by dt."),
        Mistake(_with_drift, "The model's own drift moves the path already: take f dt off."),
        Mistake(
            _forward,
            "You moved forward in time, as a filter does. A row of moves is a step from that node.",
        ),
        Mistake(_model, "That is the model's step. Weigh where it ends by h there."),
        Mistake(_end, "The exact step from x: the model's step from x times h, row by row."),
        Mistake(
            _slope(late=False),
            "That is the push as dt → 0. At finite dt take the mean of the exact step.",
        ),
        Mistake(
            _slope(late=True),
            "That is the push as dt → 0, and of h at the step's end. At finite dt take the mean of "
            "the exact step.",
        ),
    ],
    nudge="From node x, the exact step ends at x′ with probability in proportion to moves[x, x′] times "
    "ahead[x′]. Its mean is x + f dt + σu dt.",
    formula="$$\\sigma u\\,dt=\\frac{\\sum_{x'}p(x'\\mid x)\\,h(x')\\,x'}{\\sum_{x'}p(x'\\mid x)\\,h(x')}"
    "-x-f(x)\\,dt$$",
)
