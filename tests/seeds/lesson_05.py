"""Lesson 05: three trainings of variational EM, and the full covariance's gain on the digits."""

from seeds import Claim, Measured
from seeds.notebook import run


def measure(seed: int) -> Measured:
    """The lesson itself, at another seed."""
    lesson = run("05_variational_em", seed)
    return {
        "false claims": lesson["false"],
        "vEM in turns, rise of the bound": (
            lesson["rounds"][-1, 1] - lesson["rounds"][0, 0]
        ).item(),
        "ten times the data, change of the evidence": lesson["worse"],
        "cold start, mean loss": lesson["lost"].mean().item(),
        "arc, evidence": lesson["arc_rung"].evidence,
        "arc, ELBO": lesson["arc_rung"].elbo,
        "digits, evidence": lesson["digits_rung"].evidence,
        "digits, ELBO": lesson["digits_rung"].elbo,
        "digits, full q's gap over the diagonal's": lesson["left_over"],
    }


CLAIMS = [
    Claim("false claims", "none", lambda value: value == 0),
    Claim("vEM in turns, rise of the bound", "above 1", lambda value: value > 1),
    Claim("ten times the data, change of the evidence", "below -.1", lambda value: value < -0.1),
    Claim("cold start, mean loss", "above .1", lambda value: value > 0.1),
    Claim("arc, evidence", "-.593, to .02", lambda value: abs(value + 0.593) < 0.02),
    Claim("arc, ELBO", "-.593, to .02", lambda value: abs(value + 0.593) < 0.02),
    Claim("digits, evidence", "18.7 to 20.9", lambda value: 18.7 < value < 20.9),
    Claim("digits, ELBO", "18.6 to 20.8", lambda value: 18.6 < value < 20.8),
    Claim("digits, full q's gap over the diagonal's", "below .9", lambda value: value < 0.9),
]
