"""7, as sure as it should be: ranks and coverage by the number of simulations; and exercise 12.6."""

from functools import cache
from typing import NamedTuple

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, style
from course_utils.lessons.draws import normal
from course_utils.lessons.l12_bayes_by_simulation.world import gaps, judged, trained

Q, TRUTH = style.ROLES["q"], style.ROLES["truth"]
NUMBERS = (500, 2000, 50_000)


class Row(NamedTuple):
    """What a number of simulations buys: ranks (10,) of log phi, coverage, mean gap in nats."""

    ranks: Tensor
    covers: float
    gap: float


@cache
def by_number(num: int) -> Row:
    """A flow on Wood's summaries of the first `num` simulations, always 500 steps."""
    posterior = trained("Wood") if num == NUMBERS[-1] else trained("Wood", num)
    found = judged(posterior)
    return Row(found.ranks[1], found.covers, gaps(posterior).mean().item())


def poll_prior() -> Poll:
    """Ask what a calibration check says of the prior."""
    return Poll(
        "q(z | y) = p(z), whatever y: it has not looked. Ranks and coverage over simulated pairs …",
        [
            Option(
                "find q too wide", False, "Of the z that the prior draws, 90 % are in its 90 %."
            ),
            Option(
                "find q biased", False, "For each y it is. Over all pairs the ranks are uniform."
            ),
            Option(
                "find nothing",
                True,
                "Over all pairs z is drawn from the prior, and so are q's samples: exchangeable. No single y "
                "is looked at.",
            ),
        ],
    )


def explore_number() -> Explorer:
    """The histogram of ranks, coverage and gap, by the number of simulations."""

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(0, 10), ylim=(0, 0.4), xlabel="rank of the true log φ among 99 samples")
        ax.set(ylabel="share of 2000 pairs", title="Flat, if q is as sure as it should be")
        ax.set_xticks([0, 2, 4, 6, 8, 10], ["0", "20", "40", "60", "80", "100"])
        bars = {f"bar_{i}": ax.bar(i, 0, 0.9, align="edge", **Q.area)[0] for i in range(10)}
        ax.axhline(0.1, **TRUTH.line)
        ax.text(2.0, 0.115, "— uniform", color=TRUTH.ink)
        return fig, bars | {"words": ax.text(5, 0.38, "", ha="center", va="top")}

    def update(number: int) -> dict:
        row = by_number(number)
        share = row.ranks / row.ranks.sum()
        bars = {
            f"bar_{i}": (i + 0.05, 0, 0.9, min(height.item(), 0.4))
            for i, height in enumerate(share)
        }
        return bars | {
            "words": f"{number} simulations\n90 % regions hold {row.covers:.1%}\n"
            f"gap to the exact posterior {row.gap:.2f} nats",
            "alt": f"Trained on {number} simulations: 90 percent regions hold {row.covers:.1%} of the "
            f"true parameters, the gap is {row.gap:.2f} nats; of the ranks of log phi {share[0]:.0%} are in "
            f"the lowest tenth, {share[-1]:.0%} in the highest.",
        }

    options = [(f"{number}", number) for number in NUMBERS]
    control = widgets.Dropdown(value=500, options=options, description="simulations")
    return Explorer(scene, update, {"number": control}, [{"number": number} for number in NUMBERS])


def rank_histogram(z: Tensor, samples: Tensor) -> Tensor:
    """How often the true z has 0, 1, ..., S of its samples below it: (S + 1,) counts."""
    return torch.bincount((samples < z).sum(0), minlength=len(samples) + 1)


Exercise(
    "12.6",
    rank_histogram,
    cases=[
        (normal(40) * 0.7 - 0.3, normal(6, 40, seed=1)),
        (normal(9, seed=2) - 0.5, normal(4, 9, seed=3)),
    ],
    mistakes=[
        Mistake(
            lambda z, samples: torch.bincount((samples > z).sum(0), minlength=len(samples) + 1),
            "You count the samples above z: the histogram is turned.",
        ),
        Mistake(
            lambda z, samples: rank_histogram(z, samples) / len(z),
            "Shares; asked are counts.",
        ),
        Mistake(
            lambda z, samples: torch.bincount((samples < z).sum(0), minlength=len(samples) + 1)[
                :-1
            ],
            "A rank is missing: S samples leave S + 1 places for z, from below all to above all.",
        ),
        Mistake(
            lambda z, samples: torch.bincount((samples < z).sum(0), minlength=len(samples) + 1)[1:],
            "A rank is missing: z may be below all its samples, rank 0.",
        ),
        Mistake(
            lambda z, samples: torch.bincount((samples < z).sum(1), minlength=samples.shape[1] + 1),
            "Summed over the pairs, not over the samples: every pair has a rank of its own.",
        ),
        Mistake(
            lambda z, samples: torch.bincount(
                (samples.mean(0) < z).long(), minlength=len(samples) + 1
            ),
            "Compared with the samples' mean: a rank counts samples, one by one.",
        ),
        Mistake(
            lambda z, samples: (samples < z).sum(0),
            "The ranks themselves. Now count how often each occurs.",
        ),
    ],
    nudge="First a rank for every pair: how many of its S samples lie below its z? Which values can "
    "that take? Then count.",
    formula="$r_n=\\#\\{s: z_{ns}\\lt z_n\\}\\in\\{0,\\dots,S\\}$; entry $k$ is $\\#\\{n: r_n=k\\}$ "
    "(<code>torch.bincount</code> with <code>minlength</code>).",
)
