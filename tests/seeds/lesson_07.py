"""Lesson 07 at another seed: its own cells, every torch.manual_seed moved on.

Run by hand, not by the tests: a seed takes as long as the notebook.
"""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
import torch

from seeds import Claim, Measured

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "07_normalizing_flows.ipynb"


def cells(seed: int) -> dict[str, Any]:
    """What the notebook's names stand for at its end, its claims not asserted."""
    names: dict[str, Any] = {}
    begin = torch.manual_seed
    with (
        mock.patch("torch.manual_seed", lambda number: begin(number + 1000 * seed)),
        mock.patch("course_utils.kit.claim", lambda *_, **__: None),
        redirect_stdout(StringIO()),
    ):
        for cell in nbformat.read(NOTEBOOK, 4).cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
    return names


def measure(seed: int) -> Measured:
    """The quantities of the text."""
    end = cells(seed)
    unannealed = torch.stack([end["seam_gaps"][name] for name in ("pathwise", "score function")])
    moved, weighed = (
        end["seam_gaps"][f"{name}, annealed"] for name in ("pathwise", "score function")
    )
    truth_hole, hole, truth_off, off = end["masses"]
    arc, digits, gaps = end["arc_rung"], end["rungs"], end["gaps"]
    gain = end["gain"]
    return {
        "ring: integral": float(end["ring_total"]),
        "hole": hole / truth_hole,
        "off the moons": off / truth_off,
        "not annealed, least KL": unannealed.min().item(),
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
    Claim("ring: integral", "the base's .9946 within .001", lambda v: abs(v - 0.9946) < 1e-3),
    Claim("hole", "a thousand times too much", lambda v: v > 1000),
    Claim("off the moons", "ten times too much", lambda v: v > 10),
    Claim("not annealed, least KL", "no better than a Gaussian", lambda v: v > 0.65),
    Claim("pathwise annealed, mean KL", "over .2", lambda v: v > 0.2),
    Claim("pathwise annealed, least KL", "by luck nearly even", lambda v: v > 0),
    Claim("pathwise annealed, largest KL", "by luck on one side", lambda v: v > 0.5),
    Claim("score function annealed, largest KL", "closed to .1", lambda v: v < 0.1),
    Claim("arc: limit - bound", "within .01", lambda v: v < 0.01),
    Claim("arc: gap", "a tenth of the single Gaussian's", lambda v: v < 0.0042),
    Claim("flow density", "the table's within .02", lambda v: abs(v + 0.570) < 0.02),
    Claim("digits: Gaussian q, bound", "no latent lost", lambda v: v > 12),
    Claim("digits: change of the gap", "less than half a nat", lambda v: abs(v) < 0.5),
    Claim("digits: gap on test images", "over two nats", lambda v: v > 2),
    Claim("digits: train gap / test gap", "less than half", lambda v: v < 0.5),
    Claim("digits: prior's gain", "above 0", lambda v: v > 0),
    Claim("digits: gain / its error", "over five standard errors", lambda v: v > 5),
]
