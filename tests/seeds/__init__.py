"""What the lessons say of one seed, measured at others: `make seeds`, or `make seeds LESSON=05`.

tests/seeds/lesson_05.py holds `measure(seed)`, which repeats what the lesson computes with another
seed, and `CLAIMS`, one for each statement of the text that depends on it.
"""

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Claim", "Measured"]

Measured = dict[str, float]  # what measure(seed) returns: {quantity: value}


class Claim(NamedTuple):
    """One quantity of `measure`, and what the lesson says of it at every seed."""

    quantity: str
    says: str
    holds: Callable[[float], bool]
