"""Lesson 09: what its text says of five seeds."""

from seeds import Claim, Measured


def measure(seed: int) -> Measured:
    """What the notebook trains, with this seed."""
    return {}


CLAIMS: list[Claim] = []
