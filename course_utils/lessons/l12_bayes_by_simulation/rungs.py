"""6, a ladder of gaps: every method on the same 32 series; and exercise 12.5."""

from math import log

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal, seeded
from course_utils.lessons.l12_bayes_by_simulation.near import gaps_of
from course_utils.lessons.l12_bayes_by_simulation.world import (
    KINDS,
    MODEL,
    pairs,
    series,
    summarised,
)
from course_utils.simulators import npe, rejection

Q, SIMULATED, PRIOR, GAP = (style.ROLES[name] for name in ("q", "model", "prior", "gap"))


def poll_repairs() -> Poll:
    """Ask what the repairs of ABC and a flow make of the same two summaries."""
    return Poll(
        "Adjusted ABC, synthetic likelihood and a flow: 50 000 simulations each, the same two "
        "summaries. Their gaps to the exact posterior …",
        [
            Option(
                "fall, from the oldest method to the newest",
                False,
                "Newer ones may miss less of p(θ | s). What s leaves out they miss alike.",
            ),
            Option(
                "are nearly the same, and large",
                True,
                "All come near p(θ | s). The exact posterior has seen fifty counts, they two numbers.",
            ),
            Option(
                "are 0 for the flow, or nearly",
                False,
                "It comes near p(θ | s), not p(θ | y): two numbers are not fifty counts.",
            ),
        ],
    )


def gaps_of_prior() -> Tensor:
    """KL(p || prior) of the 32 series: what each says of theta, (32,)."""
    exact = series()[2]
    return npe.gap(-exact.z.square().sum(-1) / 2 - log(2 * torch.pi), exact)


def gaps_of_nearest(kind: str) -> Tensor:
    """Plain ABC: the 200 nearest of 50 000, as a Gaussian."""
    s, observed = summarised(kind)
    return gaps_of([pairs()[0][rejection.accept(s, o, 200)] for o in observed])


def gaps_of_adjusted(kind: str) -> Tensor:
    """ABC with regression: the 1000 nearest of 50 000, moved along it, as a Gaussian."""
    s, observed = summarised(kind)
    clouds = []
    for o in observed:
        near = rejection.accept(s, o, 1000)
        clouds.append(rejection.adjust(pairs()[0][near].double(), s[near].double(), o.double()))
    return gaps_of(clouds)


def gaps_of_synthetic(kind: str, num: int = 58) -> Tensor:
    """Synthetic likelihood by `num` simulations at each node of a grid, as a Gaussian."""
    sides = torch.linspace(-3, 3, 21), torch.linspace(-3, 3, 41)
    grid = torch.cartesian_prod(*sides)
    with seeded(4):
        y = MODEL.simulate(grid.repeat_interleave(num, 0))
    s = KINDS[kind](y).double().unflatten(0, (len(grid), num))
    log_p = rejection.synthetic(s, summarised(kind)[1].double()) - grid.square().sum(1) / 2
    mass = log_p.softmax(1)
    mean = mass @ grid.double()
    off = grid.double() - mean[:, None]
    cov = torch.einsum("ng,ngi,ngj->nij", mass, off, off) + 1e-4 * torch.eye(2)
    exact = series()[2]
    q = torch.distributions.MultivariateNormal(mean, cov)
    return npe.gap(q.log_prob(exact.z.transpose(0, 1)).T, exact)


def plot_rungs(found: dict[str, Tensor]) -> Picture:
    """Mean gap of every method on a log axis, with its standard error."""
    fig, ax = style.subplots(height=5.2)
    said = []
    for place, (name, gaps) in enumerate(found.items()):
        role = PRIOR if name == "prior" else Q if "NPE" in name else SIMULATED
        mean, error = gaps.mean().item(), gaps.std().item() / len(gaps) ** 0.5
        ax.plot([mean - error, mean + error], [-place] * 2, color=role.color, linewidth=3)
        ax.plot(mean, -place, **role.dots | {"markersize": 11, "marker": "D" if role is Q else "o"})
        ax.text(6.5, -place, f"{mean:.2f}", va="center", ha="right", color=role.ink)
        said.append(f"{name} {mean:.2f} ± {error:.2f}")
    ax.set_yticks([-place for place in range(len(found))], list(found))
    ax.set(xscale="log", xlim=(0.15, 6.6), xlabel="mean KL(p‖q), nats, ± standard error")
    ax.set_xticks([0.2, 0.5, 1, 2], ["0.2", "0.5", "1", "2"])
    ax.minorticks_off()
    ax.set_title("Nats from the exact posterior")
    return figure(fig, alt=f"Mean gaps to the exact posterior in nats: {'; '.join(said)}.")


def estimates(now: Tensor, after: Tensor) -> tuple:
    """log r and log phi by least squares from counts above 0, each with the one that follows."""
    rise = (after / now).log()
    off = now - now.mean()
    slope = (off * (rise - rise.mean())).sum() / off.square().sum()
    return rise.mean() - slope * now.mean(), -(-slope).log()


def _counts(seed: int, log_r: float, phi: float) -> tuple:
    now = 1 + (normal(40, seed=seed).abs() * 2 * phi).round()
    noise = 0.3 * normal(40, seed=seed + 5)
    return now, now * (log_r - now / phi + noise).exp()


def _fit(x: Tensor, y: Tensor) -> tuple:
    off = x - x.mean()
    slope = (off * (y - y.mean())).sum() / off.square().sum()
    return y.mean() - slope * x.mean(), slope


def _with_both_logs(now, after):
    level, slope = _fit(now, after.log())
    return level, -(-slope).log()


def _turned(now, after):
    level, slope = _fit((after / now).log(), now)
    return -level / slope, (-slope).log()


Exercise(
    "12.5",
    estimates,
    cases=[_counts(0, 3.6, 9.0), _counts(1, 4.1, 14.0)],
    tolerance=1e-5,
    mistakes=[
        Mistake(
            lambda now, after: (estimates(now, after)[0], -estimates(now, after)[1]),
            "The slope is −1/φ, so φ is −1 over the slope. You have its inverse.",
        ),
        Mistake(
            lambda now, after: (estimates(now, after)[0].exp(), estimates(now, after)[1]),
            "r itself; asked is log r, and the intercept is that already.",
        ),
        Mistake(
            lambda now, after: (estimates(now, after)[0], estimates(now, after)[1].exp()),
            "φ itself; asked is log φ.",
        ),
        Mistake(
            _with_both_logs,
            "The growth is log y_t+1 *less* log y_t. Yours lacks the second.",
        ),
        Mistake(
            _turned,
            "The regression is turned: the noise ξ is in the growth, so regress the growth on y_t.",
        ),
        Mistake(
            lambda now, after: ((after / now).log().mean(), estimates(now, after)[1]),
            "The mean growth is the line's height at the mean count. log r is its height at 0.",
        ),
    ],
    nudge="Suppose a count were φN exactly. Write the map for log N, subtract n_t, and put y/φ in "
    "the place of N. Which line is that in y_t?",
    formula="$\\log(y_{t+1}/y_t)=\\log r-y_t/\\phi+\\xi_t$: intercept $\\log r$, slope $-1/\\phi$.",
)
