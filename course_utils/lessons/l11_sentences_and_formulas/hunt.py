"""8, search in the code, and without: ranks among all formulas; exercise 11.6."""

from functools import cache

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l11_sentences_and_formulas import library
from course_utils.lessons.l11_sentences_and_formulas.stored import RANKS
from course_utils.sequences import formulas, search
from course_utils.sequences.language_model import Recurrent

TRUTH, Q, MODEL, PRIOR = (style.ROLES[name] for name in ("truth", "q", "model", "prior"))
BUDGET = 100
LEASH = 0.3
# How a formula is proposed, without a code (first two) and in the code.
HOW = {
    "shortest": "all, shortest first",
    "grammar": "drawn from the grammar",
    "prior": "codes from the prior",
    "ascent": "gradient ascent",
    "leashed": "gradient ascent, leashed",
    "Bayes": "Bayesian optimisation",
}
SHUFFLED = {0: "all, shuffled", library.BEST: "shuffled, without the best 300"}  # left out: name


def seek(how: str, decoder: Recurrent, seed: int = 1) -> search.Search:
    """100 evaluations by one of HOW."""
    torch.manual_seed(seed)
    if how == "grammar":
        drawn = formulas.GRAMMAR.sample(2000)
        return search.in_turn((one for one in drawn if len(one) <= formulas.LONGEST), BUDGET)
    if how == "shortest":
        everything = list(formulas.everything())
        order = [everything[i] for i in torch.randperm(len(everything)).tolist()]
        return search.in_turn(sorted(order, key=len), BUDGET)
    choose = {
        "prior": lambda codes, _: torch.randn(search.ROUND, codes.shape[1]),
        "ascent": search.ascended,
        "leashed": lambda codes, scores: search.ascended(codes, scores, LEASH),
        "Bayes": search.improving,
    }[how]
    return search.by_code(decoder, library.VOCABULARY, choose, BUDGET)


@cache
def shuffled(left_out: int = 0) -> Tensor:
    """The 99 percentiles of the rank that a shuffled list finds in 100 evaluations, exactly.

    left_out: so many of the best are not in the list. The best i of the list are all missed with
    probability C(N - i, 100) / C(N, 100).
    """
    scores = list(formulas.everything().values())[left_out:]
    before = torch.arange(len(scores), dtype=torch.float64)
    missed = (1 - BUDGET / (len(scores) - before)).clamp(min=0).cumprod(0)
    places = torch.searchsorted(1 - missed, torch.arange(1, 100).double() / 100)
    found = {
        i: formulas.rank(scores[i]) for i in set(places.tolist())
    }  # many percentiles share one
    return torch.tensor([found[i] for i in places.tolist()]).double()


def foretold(decoder: Recurrent) -> float:
    """Correlation of 500 codes' scores with what a Gaussian process makes of 100 others'."""
    z = torch.randn(600, decoder.latent_dim)
    scores = torch.tensor(
        [formulas.score(one) for one in search.written(decoder, library.VOCABULARY, z)]
    ).double()
    mean = search.process(z[:100], scores[:100].float()).predict(z[100:].double().numpy())
    return torch.corrcoef(torch.stack([torch.from_numpy(mean), scores[100:]]))[0, 1].item()


def poll_hunt() -> Poll:
    """Who finds the best formula."""
    return Poll(
        "100 evaluations of 29 631 formulas, ten runs each. Which way of proposing comes out clearly "
        "best in the median?",
        [
            Option(
                "Bayesian optimisation in the code",
                False,
                "It has at most 100 scores, each at a code of two numbers, to tell it about 29 631 formulas.",
            ),
            Option(
                "gradient ascent in the code", False, "Upwards on a map that is mostly guessed."
            ),
            Option(
                "drawing from the grammar",
                False,
                "It has the best median; yet of all pairs of runs it wins hardly more than half "
                "against Bayesian optimisation. Clearly is another thing.",
            ),
            Option(
                "none of them",
                True,
                "The best few cannot be told apart in ten runs.",
            ),
        ],
    )


def plot_ranks() -> Picture:
    """The rank of the best formula found: ten runs of every way, and shuffled lists exactly."""
    fig, ax = style.subplots(height=5)
    said, names = [], [*SHUFFLED.values(), *HOW.values()]
    for row, left_out in enumerate(SHUFFLED):
        low, middle, high = (shuffled(left_out)[i].item() for i in (24, 49, 74))
        ax.plot([low, high], [-row, -row], color=MODEL.color, linewidth=8, alpha=0.6)
        said.append(f"{names[row]} median {middle:.0f}, quartiles {low:.0f} and {high:.0f}")
        _median(ax, middle, row)
    for row, how in enumerate(HOW, len(SHUFFLED)):
        role, ranks = MODEL if how in ("shortest", "grammar") else Q, RANKS[how]
        shift = np.linspace(-0.18, 0.18, len(ranks))
        ax.plot(ranks, -row + shift, **role.dots | {"markersize": 9, "alpha": 0.6})
        said.append(
            f"{HOW[how]} median {np.median(ranks):.0f}, runs from {min(ranks)} to {max(ranks)}"
        )
        _median(ax, np.median(ranks), row)
    ax.set_yticks([-row for row in range(len(names))], names)
    ax.set(xscale="log", xlim=(0.8, 4000), xlabel="rank of the best found, of 29 631 (1 is best)")
    ax.set_title("Runs; line: exact quartiles; bar: median")
    return figure(fig, alt=f"Rank of the best after 100 evaluations: {'; '.join(said)}.")


def _median(ax, rank: float, row: int) -> None:
    ax.plot(rank, -row, "|", color=style.INK, markersize=24, markeredgewidth=4)


def explore_hunt(decoder: Recurrent) -> Explorer:
    """The codes that were tried, on the map of scores; the best score so far beside it."""
    runs = {how: seek(how, decoder) for how in ("prior", "ascent", "Bayes")}
    strings = {
        how: search.written(decoder, library.VOCABULARY, torch.stack(run.codes))
        for how, run in runs.items()
    }
    counted = {  # evaluations spent after every code
        how: [len(set(words[: n + 1]) & set(runs[how].tried)) for n in range(len(words))]
        for how, words in strings.items()
    }

    def scene():
        fig, (left, right) = style.subplots(2)
        library.draw_map(left, decoder)
        left.set_title("Codes tried")
        right.set(
            xlim=(0, BUDGET), ylim=(-3, 0.1), xlabel="evaluations", ylabel="best score so far"
        )
        top = max(formulas.everything().values())
        right.axhline(top, **TRUTH.line)
        right.text(0.97 * BUDGET, top - 0.12, "best of all", color=TRUTH.ink, ha="right", va="top")
        return fig, {
            "old": left.plot([], [], "o", color="white", markeredgecolor=style.INK, markersize=7)[
                0
            ],
            "new": left.plot([], [], "o", color=Q.color, markeredgecolor="white", markersize=11)[0],
            "best": right.plot([], [], **Q.line)[0],
            "text": right.text(0.97 * BUDGET, -2.9, "", color=Q.ink, ha="right"),
        }

    def update(how: str, spent: int) -> dict:
        run, words, evaluations = runs[how], strings[how], counted[how]
        n = int(np.searchsorted(evaluations, spent, side="right"))
        codes = torch.stack(run.codes[:n]).clamp(-library.EDGE, library.EDGE).numpy()
        heights = np.maximum.accumulate(run.scores[:n])
        best = words[int(np.argmax(run.scores[:n]))]
        rank = formulas.rank(heights[-1])
        found = f"{''.join(best)}\nrank {rank}"
        return {
            "old": tuple(codes[: n - 5].T),
            "new": tuple(codes[n - 5 :].T),
            "best": (evaluations[:n], np.maximum(heights, -3)),
            "text": found,
            "alt": f"{HOW[how]}: after {evaluations[n - 1]} evaluations ({n} codes) the best formula is "
            f"{''.join(best)}, score {heights[-1]:.2f}, rank {rank} of {len(formulas.everything())}.",
        }

    controls = {
        "how": widgets.ToggleButtons(
            options=[(name, how) for how, name in HOW.items() if how in runs], description="propose"
        ),
        "spent": widgets.IntSlider(
            value=BUDGET, min=10, max=BUDGET, step=5, description="evaluations"
        ),
    }
    return Explorer(scene, update, controls, [{"how": how, "spent": BUDGET} for how in runs])


def improvement(mean: Tensor, scale: Tensor, best: float) -> Tensor:
    """E[max(0, f - best)] for f ~ N(mean, scale^2)."""
    unit = torch.distributions.Normal(0.0, 1.0)
    above = (mean - best) / scale
    return (mean - best) * unit.cdf(above) + scale * unit.log_prob(above).exp()


def _chance(mean: Tensor, scale: Tensor, best: float) -> Tensor:
    return torch.distributions.Normal(0.0, 1.0).cdf((mean - best) / scale)


def _density(mean: Tensor, scale: Tensor, best: float) -> Tensor:
    return torch.distributions.Normal(0.0, 1.0).log_prob((mean - best) / scale).exp()


Exercise(
    "11.6",
    improvement,
    cases=[
        (normal(6), normal(6, seed=1).abs() + 0.1, 0.3),
        (normal(3, seed=2) - 2, normal(3, seed=3).abs() + 0.5, -1.0),
    ],
    tolerance=1e-5,
    mistakes=[
        Mistake(
            lambda mean, scale, best: (mean - best).clamp(min=0),
            "That is the improvement of the mean. A code below the best may still be above it by luck: "
            "the mean of max(0, f − best) is asked.",
        ),
        Mistake(
            _chance,
            "That is the chance of an improvement, however small. Weigh it by how much.",
        ),
        Mistake(
            lambda mean, scale, best: (mean - best) * _chance(mean, scale, best),
            "The half of it: the mean of ε over ε > a is not 0. That is what the integral is for.",
        ),
        Mistake(
            lambda mean, scale, best: (
                (mean - best) * _chance(mean, scale, best) + _density(mean, scale, best)
            ),
            "The second term lacks a factor: with f in other units, both terms must change alike.",
        ),
        Mistake(
            lambda mean, scale, best: improvement(2 * best - mean, scale, best),
            "The sign: improving is being above the best.",
        ),
        Mistake(
            lambda mean, scale, best: mean + scale,
            "That is an upper confidence bound. It is another rule; asked is an expectation.",
        ),
    ],
    nudge="Write $f = m + s\\,\\varepsilon$. For which $\\varepsilon$ is f above the best? Integrate "
    "$(m - b) + s\\,\\varepsilon$ over those; $\\int_a^\\infty\\varepsilon\\,\\varphi(\\varepsilon)\\,"
    "d\\varepsilon = \\varphi(a)$.",
    formula="$$(m-b)\\,\\Phi(u)+s\\,\\varphi(u),\\qquad u=\\frac{m-b}{s}$$",
)
