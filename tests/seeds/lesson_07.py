"""Lesson 07 at another seed: its own cells, every torch.manual_seed moved on.

A seed takes as long as the notebook.
"""

import torch

from seeds import Claim, Measured
from seeds.notebook import run


def measure(seed: int) -> Measured:
    """The quantities of the text."""
    end = run("07_normalizing_flows", seed)
    unannealed = torch.stack([end["seam_gaps"][name] for name in ("pathwise", "score function")])
    moved, weighed = (
        end["seam_gaps"][f"{name}, annealed"] for name in ("pathwise", "score function")
    )
    truth_hole, hole, truth_off, off = end["masses"]
    arc, digits, gaps = end["arc_rung"], end["rungs"], end["gaps"]
    gain = end["gain"]
    return {
        "digits: from flow q to flow prior": end["step"],
        "false claims": end["false"],
        "ring: integral": float(end["ring_total"]),
        "hole": hole / truth_hole,
        "off the moons": off / truth_off,
        "not annealed, mean KL - the Gaussian's": (
            unannealed.mean(1).min() - end["gaussian_gap"]
        ).item(),
        "pathwise annealed, mean KL": moved.mean().item(),
        "pathwise annealed, least KL": moved.min().item(),
        "pathwise annealed, largest KL": moved.max().item(),
        "score function annealed, largest KL": weighed.max().item(),
        "arc: limit - bound": end["limit"] - arc.elbo,
        "arc: gap": arc.evidence - arc.elbo,
        "flow density": end["density_rung"].evidence,
        "digits: Gaussian q, bound": digits["Gaussian q"].elbo,
        "digits: change of the gap": gaps["flow q"][0] - gaps["Gaussian q"][0],
        "digits: gap on test images": gaps["flow q"][0],
        "digits: train gap / test gap": gaps["flow q"][1] / gaps["flow q"][0],
        "digits: prior's gain": gain.mean().item(),
        "digits: gain / its error": (gain.mean() / gain.std() * len(gain) ** 0.5).item(),
    }


CLAIMS = [
    Claim("false claims", "none", lambda v: v == 0),
    Claim("ring: integral", "the base's .9946 within .001", lambda v: abs(v - 0.9946) < 1e-3),
    Claim("hole", "a thousand times too much", lambda v: v > 1000),
    Claim("off the moons", "ten times too much", lambda v: v > 10),
    Claim("not annealed, mean KL - the Gaussian's", "above 0", lambda v: v > 0),
    Claim("pathwise annealed, mean KL", "over .2", lambda v: v > 0.2),
    Claim("pathwise annealed, least KL", "by luck nearly even", lambda v: v > 0),
    Claim("pathwise annealed, largest KL", "by luck on one side", lambda v: v > 0.5),
    Claim("score function annealed, largest KL", "closed to .15", lambda v: v < 0.15),
    Claim("arc: limit - bound", "within .01", lambda v: v < 0.01),
    Claim("arc: gap", "a tenth of the single Gaussian's", lambda v: v < 0.0053),
    Claim("flow density", "the table's within .02", lambda v: abs(v + 0.570) < 0.02),
    Claim("digits: Gaussian q, bound", "no latent lost", lambda v: v > 12),
    Claim("digits: change of the gap", "less than half a nat", lambda v: abs(v) < 0.5),
    Claim("digits: gap on test images", "over two nats", lambda v: v > 2),
    Claim("digits: train gap / test gap", "less than half", lambda v: v < 0.5),
    Claim(
        "digits: from flow q to flow prior",
        "the table's .41 within .25",
        lambda v: abs(v - 0.41) < 0.25,
    ),
    Claim("digits: prior's gain", "above 0", lambda v: v > 0),
    Claim("digits: gain / its error", "over five standard errors", lambda v: v > 5),
]
