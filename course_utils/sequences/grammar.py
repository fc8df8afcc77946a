"""A probabilistic context-free grammar: its samples, its exact probabilities, all its strings.

Source: Booth & Thompson, "Applying probability measures to abstract languages", IEEE Transactions
on Computers C-22, 1973; the sum over derivations is the inside probability of Baker, "Trainable
grammars for speech recognition", Journal of the Acoustical Society of America 65, 1979.
"""

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter

import torch

from course_utils import validate

__all__ = ["Grammar", "Rule", "Words"]

Words = tuple[str, ...]
Rule = tuple[float, Words]


@validate.typed
@dataclass(frozen=True)
class Grammar:
    """Begin with `start`; replace every symbol by the right side of one of its rules, drawn with the
    rule's probability, until only words are left.

    rules: symbol -> its rules (probability, right side), whose probabilities sum to 1. What has no
    rules is a word. No right side is empty, and none leads back to its symbol in first place.
    """

    rules: Mapping[str, Sequence[Rule]]
    start: str = "S"

    def __post_init__(self) -> None:
        self._known(self.start, "start")
        for symbol, rules in self.rules.items():
            chances = [chance for chance, _ in rules]
            if not rules or not min(chances) > 0 or not math.isclose(sum(chances), 1):
                raise ValueError(
                    f"rules of {symbol!r} must have probabilities above 0 that sum to 1, got {chances}"
                )
            if not all(right for _, right in rules):
                raise ValueError(f"rules of {symbol!r} must have no empty right side")
        first = {s: {right[0] for _, right in rules} for s, rules in self.rules.items()}
        try:
            TopologicalSorter(first).prepare()
        except CycleError as error:
            around = " to ".join(error.args[1])
            raise ValueError(f"rules must not lead around in first place: {around}") from None

    def _known(self, symbol: str | None, name: str = "symbol") -> str:
        symbol = self.start if symbol is None else symbol
        if symbol not in self.rules:
            raise ValueError(f"{name} must be one of {', '.join(self.rules)}, got {symbol!r}")
        return symbol

    @property
    def words(self) -> list[str]:
        """Every word, in the order of the rules."""
        sides = (right for rules in self.rules.values() for _, right in rules)
        return list(dict.fromkeys(w for right in sides for w in right if w not in self.rules))

    @validate.typed
    def sample(self, num_samples: int, symbol: str | None = None) -> list[Words]:
        """Independent strings that begin with a symbol, `start` if None; by torch's generator."""
        validate.integer(1, num_samples=num_samples)
        symbol, draw = self._known(symbol), random.Random(int(torch.randint(2**31, ())))
        return [tuple(self._grow(symbol, draw)) for _ in range(num_samples)]

    def _grow(self, symbol: str, draw: random.Random) -> list[str]:
        if symbol not in self.rules:
            return [symbol]
        chances, sides = zip(*self.rules[symbol], strict=True)
        [right] = draw.choices(sides, chances)
        return [word for one in right for word in self._grow(one, draw)]

    @validate.typed
    def log_prob(self, words: Sequence[str], symbol: str | None = None) -> float:
        """log of the summed probability of all derivations of a string from a symbol, `start` if
        None, in nats; -inf if it has none.
        """

        @cache
        def ends(symbol: str, begin: int) -> dict[int, float]:
            """Where strings of this symbol that begin here end: {end: probability}."""
            if symbol not in self.rules:
                here = begin < len(words) and words[begin] == symbol
                return {begin + 1: 1.0} if here else {}
            total: dict[int, float] = defaultdict(float)
            for chance, right in self.rules[symbol]:
                reached = {begin: chance}
                for one in right:
                    further: dict[int, float] = defaultdict(float)
                    for middle, p in reached.items():
                        for end, p_one in ends(one, middle).items():
                            further[end] += p * p_one
                    reached = further
                for end, p in reached.items():
                    total[end] += p
            return total

        chance = ends(self._known(symbol), 0).get(len(words), 0.0)
        return math.log(chance) if chance > 0 else -math.inf

    def accepts(self, words: Sequence[str]) -> bool:
        """Whether the string has a derivation."""
        return self.log_prob(words) > -math.inf

    @validate.typed
    def strings(self, max_length: int, symbol: str | None = None) -> dict[Words, float]:
        """Every string of at most so many words, with its probability."""
        validate.integer(1, max_length=max_length)

        @cache
        def of(symbol: str, room: int) -> dict[Words, float]:
            if symbol not in self.rules:
                return {(symbol,): 1.0} if room > 0 else {}
            total: dict[Words, float] = defaultdict(float)
            for chance, right in self.rules[symbol]:
                begun: dict[Words, float] = {(): chance}
                for i, one in enumerate(right, 1):  # each of those to come needs a word
                    longer: dict[Words, float] = defaultdict(float)
                    for head, p in begun.items():
                        for tail, p_one in of(one, room - len(head) - len(right) + i).items():
                            longer[head + tail] += p * p_one
                    begun = longer
                for string, p in begun.items():
                    total[string] += p
            return total

        return dict(of(self._known(symbol), max_length))

    @validate.typed
    def lengths(self, max_length: int) -> list[float]:
        """The probability of each length from 0 to max_length, without a list of strings."""
        validate.integer(1, max_length=max_length)

        @cache
        def of(symbol: str, length: int) -> float:
            if symbol not in self.rules:
                return float(length == 1)
            return sum(chance * row(right, length) for chance, right in self.rules[symbol])

        @cache
        def row(right: Words, length: int) -> float:
            if len(right) == 1:
                return of(right[0], length)
            room = range(1, length - len(right) + 2)
            return sum(of(right[0], n) * row(right[1:], length - n) for n in room)

        return [of(self.start, n) if n else 0.0 for n in range(max_length + 1)]
