"""7, formulas and their codes: all of them, a map, and codes far out; exercise 11.5."""

from functools import cache

import numpy as np
import torch

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import seeded
from course_utils.sequences import formulas, search, vae
from course_utils.sequences.grammar import Words
from course_utils.sequences.language_model import Recurrent
from course_utils.sequences.tokens import Vocabulary

MODEL, Q, PRIOR = (style.ROLES[name] for name in ("model", "q", "prior"))
VOCABULARY = Vocabulary(formulas.GRAMMAR.words)
BEST, SIZE = 300, 3000  # formulas left out; formulas in the library
BETA = 0.1
EDGE, NODES = 6.0, 61  # of the map


def library(seed: int = 1) -> list[Words]:
    """3000 of all formulas, without the best 300; in no order."""
    rest = list(formulas.everything())[BEST:]
    with seeded(seed):
        return [rest[i] for i in torch.randperm(len(rest))[:SIZE].tolist()]


@cache
def learn(beta: float = BETA, seed: int = 1) -> tuple[vae.Encoder, Recurrent]:
    """A VAE of the library with two latents, 300 steps; beta: weight of the KL."""
    tokens = VOCABULARY.encode(library(seed), formulas.LONGEST + 1)
    torch.manual_seed(seed)
    encoder, decoder = vae.Encoder(len(VOCABULARY), 2), Recurrent(len(VOCABULARY), 2)
    vae.fit(tokens, encoder, decoder, 300, beta=beta, progress=False)
    return encoder, decoder


def valid(decoder: Recurrent, z: torch.Tensor) -> float:
    """The share of codes that decode to a formula."""
    words = search.written(decoder, VOCABULARY, z)
    return sum(one in formulas.everything() for one in words) / len(words)


def at_radius(radius: float, num_codes: int = 1000) -> torch.Tensor:
    """Codes at this distance from the origin, in all directions."""
    angle = 2 * torch.pi * torch.rand(num_codes)
    return radius * torch.stack([angle.cos(), angle.sin()], 1)


@cache
def scores_of(decoder: Recurrent) -> np.ndarray:
    """The score at every node of the map, (61, 61), the last row at the top; nan: no formula."""
    axis = torch.linspace(-EDGE, EDGE, NODES)
    z = torch.cartesian_prod(axis, axis)
    words = search.written(decoder, VOCABULARY, z)
    known = formulas.everything()
    return np.array([known.get(one, np.nan) for one in words]).reshape(NODES, NODES).T


def draw_map(ax, decoder: Recurrent):
    """The scores as an image; white where no formula is decoded."""
    image = ax.imshow(
        scores_of(decoder),
        origin="lower",
        extent=(-EDGE, EDGE, -EDGE, EDGE),
        vmin=formulas.LOWEST,
        vmax=0,
    )
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    return image


def poll_far() -> Poll:
    """A code that no formula has."""
    return Poll(
        "The prior is N(0, I), and nearly all its codes decode to formulas. A code at distance 6 from "
        "the origin decodes to …",
        [
            Option("a formula of unusual form", False, "What would keep it within the grammar?"),
            Option(
                "the formula with the nearest code", False, "Nothing looks for the nearest one."
            ),
            Option("hardly ever a formula", True, "The decoder was never trained there."),
        ],
    )


def plot_map(decoder: Recurrent) -> Picture:
    """Scores over the code, and the share of formulas by the distance from the origin."""
    fig, (left, right) = style.subplots(2)
    image = draw_map(left, decoder)
    fig.colorbar(image, ax=left, label="score")
    circle = np.linspace(0, 2 * np.pi, 100)
    left.plot(2 * np.cos(circle), 2 * np.sin(circle), **PRIOR.line | {"color": "white"})
    left.set_title("What codes are worth")
    radii = [0.5, 1, 2, 3, 4, 5, 6]
    with seeded():
        shares = [valid(decoder, at_radius(radius)) for radius in radii]
    right.plot(radii, shares, "o-", color=MODEL.color)
    right.set(
        xlabel="distance from the origin", ylabel="share that are formulas", ylim=(-0.03, 1.05)
    )
    right.set_title("Where there are any")
    said = ", ".join(
        f"{share:.2f} at {radius}" for radius, share in zip(radii, shares, strict=True)
    )
    return figure(
        fig,
        alt="Left, the score of the formula at each code: bands that run outwards from the origin, white "
        "patches without a formula far out; a dotted circle at distance 2 holds 86 % of the prior. "
        f"Right, the share of codes that decode to a formula by distance: {said}.",
    )


def count(length: int) -> int:
    """How many formulas have exactly so many words."""

    def sums(n: int) -> int:
        return products(n) + sum(products(k) * sums(n - 1 - k) for k in range(1, n - 1))

    def products(n: int) -> int:
        return factors(n) + sum(factors(k) * products(n - 1 - k) for k in range(1, n - 1))

    def factors(n: int) -> int:
        return 3 if n == 1 else 2 * sums(n - 2) if n > 2 else 0

    return sums(length)


def _slip(gap: int = 1, twice: bool = False, names: int = 2, letters: int = 3, round_: int = 2):
    """Counting with a slip: no place for + and *, sums of sums, ..."""

    def answer(length: int) -> int:
        def sums(n):
            first = sums if twice else products
            return products(n) + sum(first(k) * sums(n - gap - k) for k in range(1, n - gap))

        def products(n):
            return factors(n) + sum(factors(k) * products(n - gap - k) for k in range(1, n - gap))

        def factors(n):
            return letters if n == 1 else names * sums(n - round_) if n > round_ else 0

        return sums(length)

    return answer


Exercise(
    "11.5",
    count,
    cases=[(1,), (3,), (5,), (6,), (7,)],
    mistakes=[
        Mistake(_slip(gap=0), "The + and the * are words, too: a sum of n words has n − 1 left."),
        Mistake(
            _slip(twice=True),
            "You split a sum at each of its +: x + x + x is counted twice. The rule splits it at the "
            "first: product + sum.",
        ),
        Mistake(_slip(names=1), "There are two functions, sin( and exp(."),
        Mistake(_slip(letters=1), "Three factors have one word: x, 1 and 2."),
        Mistake(
            _slip(round_=1),
            "A function takes two words: the name with its bracket, and the ) at the end.",
        ),
        Mistake(
            lambda length: sum(count(n) for n in range(1, length + 1)),
            "That is all up to this length. Asked are those of exactly so many words.",
        ),
        Mistake(
            lambda length: 9**length,
            "Those are all strings. Only those that the rules make are formulas.",
        ),
    ],
    nudge="A function for each symbol. A sum of n words is a product of n words, or: a product of k "
    "words, a +, and a sum of what is left.",
    formula="$$S_n=P_n+\\sum_kP_k\\,S_{n-1-k},\\quad P_n=F_n+\\sum_kF_k\\,P_{n-1-k},\\quad "
    "F_1=3,\\ F_n=2\\,S_{n-2}$$",
)
