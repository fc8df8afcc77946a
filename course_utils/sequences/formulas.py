"""Formulas in x, written by a grammar: what they are worth, and all of them up to a length.

A stand-in for molecules: strings with rules, of which a property is wanted.
Source: Kusner, Paige & Hernandez-Lobato, "Grammar variational autoencoder", ICML 2017, whose hidden
curve 1/3 + x + sin(x^2) this is; Gomez-Bombarelli et al., "Automatic chemical design using a
data-driven continuous representation of molecules", ACS Central Science 4, 2018.
"""

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.sequences.grammar import Grammar, Words

__all__ = [
    "GRAMMAR",
    "LONGEST",
    "LOWEST",
    "X",
    "everything",
    "hidden_curve",
    "rank",
    "score",
    "value",
]

LONGEST = 9  # words of a formula
LOWEST = -5.0  # the score of what is no formula, or is far off

# A sum of products of factors, so that every formula has one derivation.
GRAMMAR = Grammar(
    {
        "sum": [(0.6, ("product",)), (0.4, ("product", "+", "sum"))],
        "product": [(0.65, ("factor",)), (0.35, ("factor", "*", "product"))],
        "factor": [
            (0.4, ("x",)),
            (0.15, ("1",)),
            (0.15, ("2",)),
            (0.2, ("sin(", "sum", ")")),
            (0.1, ("exp(", "sum", ")")),
        ],
    },
    "sum",
)
X = torch.linspace(-3, 3, 61, dtype=torch.float64)
APPLIED = {"sin(": torch.sin, "exp(": torch.exp}


def hidden_curve(x: Tensor) -> Tensor:
    """What is to be found: 1/3 + x + sin(x^2)."""
    return 1 / 3 + x + torch.sin(x**2)


@cache
def value(formula: Words) -> Float[Tensor, "61"]:
    """The formula at `X`; it must be one of the grammar's."""
    split: dict[str, int] = {}
    depth = 0
    for i, word in enumerate(formula):
        depth += (word in APPLIED) - (word == ")")
        if depth == 0 and word in "+*":
            split.setdefault(word, i)
    if split:  # a sum first, for * binds closer
        operation = "+" if "+" in split else "*"
        left, right = value(formula[: split[operation]]), value(formula[split[operation] + 1 :])
        return left + right if operation == "+" else left * right
    if formula[0] in APPLIED:
        return APPLIED[formula[0]](value(formula[1:-1]))
    return X if formula[0] == "x" else torch.full_like(X, float(formula[0]))


@cache
def everything() -> dict[Words, float]:
    """The score of every formula of at most `LONGEST` words, the best first."""
    formulas = list(GRAMMAR.strings(LONGEST))
    off = torch.stack([value(one) for one in formulas]) - hidden_curve(X)
    squared = off.square().mean(1).nan_to_num(nan=torch.inf)  # sin(inf) is no number
    scores = (-squared.log1p()).clamp(min=LOWEST).tolist()
    return dict(sorted(zip(formulas, scores, strict=True), key=lambda pair: -pair[1]))


def score(words: Words) -> float:
    """-log(1 + mean squared distance to the hidden curve), at least `LOWEST`; 0 is perfect. What is
    no formula of at most `LONGEST` words has `LOWEST`.
    """
    return everything().get(words, LOWEST)


def rank(best: float) -> int:
    """One more than the number of formulas, of all, that score higher by more than rounding."""
    return 1 + sum(one > best + 1e-9 for one in everything().values())
