"""Lesson 13: its own cells at other seeds. Its modules' trainings take theirs from torch as well."""

from seeds import Claim, Measured
from seeds.notebook import run


def measure(seed: int) -> Measured:
    """The notebook's cells with another seed."""
    left = run("13_latent_sde", seed)
    evidence, means = left["evidence"], left["mean_of"]
    weights = [left["found"][share][1] - left["log_p"] for share in (0.5, 1.0)]
    return {
        "false claims": left["false"],
        "log of the mean weight, half the push: off": weights[0].item(),
        "log of the mean weight, the push: off": weights[1].item(),
        "gap of the network": (evidence - left["learned"].elbo).item(),
        **{f"gap, {name}": value for name, value in means.items()},
    }


CLAIMS = [
    Claim("false claims", "none", lambda v: v == 0),
    Claim("log of the mean weight, half the push: off", "to 0.1", lambda v: abs(v) < 0.1),
    Claim("log of the mean weight, the push: off", "to 0.1", lambda v: abs(v) < 0.1),
    Claim("gap of the network", "below 0.3", lambda v: v < 0.3),
    Claim("gap, backwards", "below 0.9", lambda v: v < 0.9),
    Claim("gap, forwards", "over 1.5 more than backwards", lambda v: v > 2),
    Claim("gap, no push", "over 2 more than backwards", lambda v: v > 2.5),
]
