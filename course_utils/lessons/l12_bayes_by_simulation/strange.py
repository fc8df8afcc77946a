"""8, when another world made the data: coverage under other simulators, and a warning."""

from functools import cache

import torch
from torch import Tensor

from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import seeded
from course_utils.lessons.l12_bayes_by_simulation.world import (
    KINDS,
    MODEL,
    draw_exact,
    pairs,
    simulated,
    trained,
)
from course_utils.simulators import Ricker, calibration
from course_utils.simulators.outside import Answer, Familiar
from course_utils.simulators.ricker import BeyondPrior

TRUTH, Q, GAP, PRIOR = (style.ROLES[name] for name in ("truth", "q", "gap", "prior"))
WORLDS = {
    "the model itself": MODEL,
    "noisier counts": Ricker(dispersion=3.0),
    "σ = 0.6": Ricker(sigma=0.6),
    "crowding $e^{1.3n}$": Ricker(crowding=1.3),
}
# Share of the true z in the *exact* posterior's 90 % region, of the model above, when these worlds
# made the data: 160 series each. Measured by tests/seeds/lesson_12.py.
EXACT = {
    "the model itself": 0.89,
    "noisier counts": 0.15,
    "σ = 0.6": 0.61,
    "crowding $e^{1.3n}$": 0.0,
}


def poll_other() -> Poll:
    """Ask what a trained q does with data of another simulator."""
    return Poll(
        "The counts now vary more than Poisson's, as those of a net that fish school into. q was "
        "trained on Poisson counts. It …",
        [
            Option("gets wide: it notices", False, "Nothing in its training rewarded that."),
            Option(
                "stays as sure as before, and misses",
                True,
                "It was taught what y tells if the model is right. So would Bayes' rule itself.",
            ),
            Option(
                "returns nonsense that one sees", False, "It returns a plausible small ellipse."
            ),
        ],
    )


@cache
def familiar() -> Familiar:
    """Distances to 10 000 training series, by Wood's summaries."""
    return Familiar(KINDS["Wood"], pairs()[1][:10_000].double())


def exact_coverage(name: str, num: int, seed: int) -> float:
    """Share of true z in the 90 % ellipse of the exact posterior under MODEL, which is Gaussian."""
    z, y = simulated(num, seed, WORLDS[name])
    parts = zip(z.split(8), y.split(8), strict=True)  # many share a grid
    return sum(_held(*part) for part in parts) / num


def _held(z: Tensor, y: Tensor) -> int:
    """How many true z are in their ellipses.

    Where a posterior is beyond the grid, over four of the prior's standard deviations out, it
    misses: the true z is drawn from the prior.
    """
    try:
        exact = MODEL.posterior(y)
    except BeyondPrior:  # one of them, at least
        if len(z) == 1:
            return 0
        half = len(z) // 2
        return _held(z[:half], y[:half]) + _held(z[half:], y[half:])
    off = z.double() - exact.mean
    square = (off * torch.linalg.solve(exact.cov, off)).sum(1)
    return int((square < 4.605).sum())  # 90 % of chi-squared, 2 degrees of freedom


@torch.no_grad()
def survey(num: int = 500, seed: int = 5) -> dict[str, tuple[float, float, float, float]]:
    """Of every world: coverage by Wood's and by learned summaries, the learned q's sd of log r, and
    the share of series that are flagged.
    """
    found = {}
    for name, model in WORLDS.items():
        z, y = simulated(num, seed, model)
        covers = []
        for kind in ("Wood", "learned"):
            with seeded(6):
                q = trained(kind)(y)
                drawn = q.sample(torch.Size([99]))
            covers.append(calibration.coverage(q.log_prob(z), q.log_prob(drawn)))
        flagged = (familiar().share_beyond(y.double()) < 0.01).double().mean().item()
        found[name] = (*covers, drawn[..., 0].std(0).median().item(), flagged)
    return found


def plot_survey(found: dict[str, tuple[float, float, float, float]]) -> Picture:
    """Coverage of 90 % regions in every world, and how many series were flagged."""
    fig, ax = style.subplots(height=4.8)
    said = []
    for place, (name, (wood, learned, _, flagged)) in enumerate(found.items()):
        ax.plot(wood, -place + 0.12, **Q.dots | {"marker": "o", "markersize": 12})
        ax.plot(learned, -place - 0.12, **Q.dots | {"marker": "D", "markersize": 11})
        if name in EXACT:
            ax.plot(EXACT[name], -place, **TRUTH.dots | {"marker": "|", "markersize": 34, "mew": 4})
        ax.text(1.22, -place, f"{flagged:.0%}", ha="right", va="center", color=GAP.ink)
        said.append(f"{name}: {wood:.0%} and {learned:.0%}, {flagged:.0%} flagged")
    ax.axvline(0.9, color=style.GUIDE, linewidth=1.5, zorder=0)
    ax.text(1.22, 0.72, "flagged", ha="right", color=GAP.ink)
    ax.text(0.0, 0.72, "● Wood   ◆ learned", color=Q.ink)
    ax.text(0.48, 0.72, "| exact Bayes", color=TRUTH.ink)
    ax.set_yticks([-place for place in range(len(found))], list(found))
    ax.set(
        xlim=(-0.03, 1.24), ylim=(-len(found) + 0.4, 1.2), xlabel="90 % regions that hold the truth"
    )
    ax.set_xticks([0, 0.3, 0.6, 0.9], ["0", "30 %", "60 %", "90 %"])
    ax.set_title("Who made the data?")
    exact = "; ".join(f"{name} {share:.0%}" for name, share in EXACT.items())
    return figure(
        fig,
        alt="Coverage of 90 percent regions by Wood's and by learned summaries, and the share of "
        f"series flagged. {'; '.join(said)}. The exact posterior of the wrong model: {exact}.",
    )


def plot_answer(found: Answer, counts: Tensor, truth: Tensor | None = None) -> Picture:
    """A series from outside, and what the network and the exact posterior say of it.

    truth (1, 2): the z that made the series, where it is known.
    """
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.15])
    left.plot(range(1, len(counts) + 1), counts, color=style.INK, linewidth=2)
    left.set(xlabel="t", ylabel="count", title="Fifty counts")
    right.plot(*found.samples[:400].T, **Q.dots | {"markersize": 4, "alpha": 0.5})
    if found.exact is not None:
        draw_exact(right, found.exact, 0)
    right.set(xlabel="log r", ylabel="log φ", title=f"{found.share_beyond:.1%} are further out")
    low, high = right.get_ylim()
    right.set_ylim(low, high + 0.45 * (high - low))  # room for the words
    corner = {"transform": right.transAxes, "ha": "right"}
    right.text(0.98, 0.83, "● q", color=Q.ink, **corner)
    known = (
        "— exact, if the model is right"
        if found.exact is not None
        else "exact: beyond the prior's tails"
    )
    right.text(0.98, 0.92, known, color=TRUTH.ink, **corner)
    made_by = ""
    if truth is not None:
        log_r, log_phi = MODEL.theta(truth)[0].tolist()
        right.plot(log_r, log_phi, "*", color=style.INK, markersize=18, zorder=4)
        right.text(0.98, 0.74, "★ truth", color=style.INK, **corner)
        made_by = f" The truth is {log_r:.2f} and {log_phi:.2f}."
    mean = found.samples.mean(0).tolist()
    beside = "is beyond the prior's tails"
    if found.exact is not None:
        true = MODEL.theta(found.exact.mean[0]).tolist()
        beside = f"has {true[0]:.2f} and {true[1]:.2f}"
    flag = "flagged as strange" if found.strange else "not flagged"
    return figure(
        fig,
        alt=f"The network's samples have mean log r {mean[0]:.2f} and log phi {mean[1]:.2f}; the exact "
        f"posterior {beside}.{made_by} {found.share_beyond:.1%} of the simulations "
        f"are further out: {flag}.",
    )
