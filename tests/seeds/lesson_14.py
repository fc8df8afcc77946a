"""Lesson 14: its own cells at other seeds, and what its text says of five."""

import torch

from course_utils.lessons import l14_probabilistic_program as lesson
from seeds import Claim, Measured
from seeds.notebook import run


def measure(seed: int) -> Measured:
    """The notebook's cells with another seed; both descents at this one."""
    left = run("14_probabilistic_program", seed)
    found = {}
    for estimator in ("sgvb", "reinforce"):
        torch.manual_seed(seed)
        guide = lesson.Guide(1.0, 1.0, num_samples=10)
        heads = torch.tensor(7.0, dtype=torch.float64)
        found[f"{estimator}: KL at the end"] = lesson.fit_guide(guide, estimator, heads)[-1]
    return found | {
        "false claims": left["false"],
        "latents worth": left["elbo"] - left["alone"],
        "samples tighten by": left["closer"] - left["elbo"],
    }


CLAIMS = [
    Claim("false claims", "none", lambda v: v == 0),
    Claim("sgvb: KL at the end", "below 0.001", lambda v: v < 0.001),
    Claim("reinforce: KL at the end", "0.008 to 0.035", lambda v: 0.007 < v < 0.036),
    Claim("latents worth", "over three nats", lambda v: v > 3),
    Claim("samples tighten by", "over 0.1 nats", lambda v: v > 0.1),
]
