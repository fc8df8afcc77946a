"""Lesson 12: its own cells at five other seeds, and the coverage of exact Bayes that it stores."""

import torch

from course_utils.lessons.l12_bayes_by_simulation import strange
from seeds import Claim, Measured, notebook


def measure(seed: int) -> Measured:
    """What the notebook finds with this seed: other pairs, other held-out series."""
    left = notebook.run("12_bayes_by_simulation", seed)
    gaps = {name: gap.mean().item() for name, gap in left["found"].items()}
    two = [gaps[f"two: {method}"] for method in ("adjusted", "synthetic", "NPE")]
    flow_and_bayes = left["reached"] - left["paid"]
    surveyed = left["surveyed"]

    def width(name: str, other: str) -> float:
        """Of the learned q in one world over that in another."""
        return surveyed[name][2] / surveyed[other][2]

    exact = {
        f"exact Bayes, {name}": strange.exact_coverage(name, 32, 100 + seed)
        for name in strange.EXACT
    }
    return (
        {f"gap of {name}": gap for name, gap in gaps.items()}
        | {f"covers, {kind}": value for kind, value in left["checked"].items()}
        | {f"Wood, {name}": row[0] for name, row in surveyed.items()}
        | {f"learned, {name}": row[1] for name, row in surveyed.items()}
        | {f"flagged, {name}": row[3] for name, row in surveyed.items()}
        | exact
        | {
            "false claims": left["false"],
            "leak": left["leak"].item(),
            "leak: q of θ above Bayes": left["above"]["θ"].item(),
            "leak: q of z above Bayes": left["above"]["z"].item(),
            "seam: NPE Gaussian's sd": left["sd"],
            "synthetic: Wood's median": left["found"]["Wood: synthetic"].median().item(),
            "learned q's log r: noisier over itself": width("noisier counts", "the model itself"),
            "learned q's log r: crowding over itself": width(
                "crowding $e^{1.3n}$", "the model itself"
            ),
            "three: mass at the edge": left["at_edge"].item(),
            "three: covers": left["covers_three"],
            "three: KL, of the prior's": (left["from_q"] / left["from_prior"]).item(),
            "unknown Gaussian: flow less Bayes": torch.as_tensor(flow_and_bayes).item(),
            "two summaries: spread of three methods": max(two) - min(two),
            "ABC: Wood's less two": gaps["Wood: ABC"] - gaps["two: ABC"],
            "Wood's less learned": gaps["Wood: NPE"] - gaps["learned: NPE"],
            "factorised less full": gaps["Wood: NPE factorised"] - gaps["Wood: NPE"],
            "growth gains": gaps["two: NPE"] - left["grown"].mean().item(),
            "500 simulations cover": left["few"].covers,
            "gap of 500 simulations": left["few"].gap,
        }
    )


CLAIMS = [
    Claim("false claims", "none", lambda v: v == 0),
    Claim("unknown Gaussian: flow less Bayes", "below 0.025", lambda v: 0 < v < 0.025),
    Claim("two summaries: spread of three methods", "below 0.1", lambda v: v < 0.1),
    Claim("ABC: Wood's less two", "above 0.15", lambda v: v > 0.15),
    Claim("Wood's less learned", "above 0.05", lambda v: v > 0.05),
    Claim("factorised less full", "0.2 to 0.6", lambda v: 0.15 < v < 0.65),
    Claim("growth gains", "above 0.05", lambda v: v > 0.05),
    Claim("leak", "0.05 to 0.08", lambda v: 0.04 < v < 0.09),
    Claim("leak: q of θ above Bayes", "above 0.08", lambda v: v > 0.08),
    Claim("leak: q of z above Bayes", "below 0.03", lambda v: v < 0.03),
    Claim("seam: NPE Gaussian's sd", "2.1 to 2.6", lambda v: 2.1 < v < 2.6),
    Claim("three: mass at the edge", "below 0.1", lambda v: v < 0.1),
    Claim("three: covers", "0.86 to 0.94", lambda v: 0.86 < v < 0.94),
    Claim("three: KL, of the prior's", "below 0.5", lambda v: v < 0.5),
    Claim("synthetic: Wood's median", "below its mean", lambda v: v < 2),
    Claim("learned q's log r: noisier over itself", "0.8 to 1.2", lambda v: 0.8 < v < 1.2),
    Claim("learned q's log r: crowding over itself", "0.8 to 1.5", lambda v: 0.8 < v < 1.5),
    Claim("gap of prior", "2.9 to 3.7", lambda v: 2.7 < v < 3.9),
    Claim("gap of two: NPE", "0.7 to 1.1", lambda v: 0.55 < v < 1.2),
    Claim("gap of Wood: NPE", "0.4 to 0.8", lambda v: 0.35 < v < 0.9),
    Claim("gap of Wood: synthetic", "above Wood: NPE", lambda v: v > 0.6),
    Claim("gap of learned: NPE", "0.3 to 0.6", lambda v: 0.2 < v < 0.65),
    *(
        Claim(f"covers, {kind}", "0.87 to 0.93", lambda v: 0.87 < v < 0.93)
        for kind in ("two", "Wood", "learned", "prior")
    ),
    Claim("500 simulations cover", "below 0.7", lambda v: v < 0.7),
    Claim("gap of 500 simulations", "above 2", lambda v: v > 2),
    Claim("Wood, noisier counts", "below 0.6", lambda v: v < 0.6),
    Claim("learned, noisier counts", "below 0.6", lambda v: v < 0.6),
    Claim("flagged, noisier counts", "0.1 to 0.2", lambda v: 0.05 < v < 0.25),
    *(
        Claim(f"exact Bayes, {name}", f"{share}", lambda v, share=share: abs(v - share) < 0.15)
        for name, share in strange.EXACT.items()
    ),
]
