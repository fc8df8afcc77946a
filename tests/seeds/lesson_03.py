"""Lesson 03: EM from other random starts."""

import torch

from course_utils import data, em, ladder, pca, ppca
from course_utils.lessons.l03_em_elbo.eigengap import steps_needed
from seeds import Claim, Measured


def measure(seed: int) -> Measured:
    """How far EM gets and how fast, on the digits, in two dimensions and on the ladders."""
    x = data.digits().train
    best = ppca.fit(x, 5).log_evidence(x).mean()
    short = best - torch.tensor(em.fit(x, 5, num_steps=150)[1].log_evidence, dtype=torch.float64)
    took = (short < 1e-6).nonzero()[0].item()
    levels = pca.fit(x, 64).eigenvalues
    foretold = 40 + steps_needed(levels, 5, short[40].item(), 1e-6).item()
    climb = torch.tensor(em.fit(x, 8, num_steps=170)[1].log_evidence, dtype=torch.float64)
    lacking = ppca.fit(x, 8).log_evidence(x).mean() - climb
    arrived = (lacking < 1e-6).nonzero()[0].item()
    eight = 40 + steps_needed(levels, 8, lacking[40].item(), 1e-6).item() - arrived
    points = torch.tensor([[2, 0], [-2, 0], [0, 2**0.5], [0, -(2**0.5)]]).double()
    climb = torch.tensor(em.fit(points, 1, num_steps=20)[1].log_evidence, dtype=torch.float64)
    below = ppca.fit(points, 1).log_evidence(points).mean() - climb
    rungs = {}
    for name, sets, latent_dim in [("arc", ladder.arc(), 1), ("digits", ladder.digits(), 2)]:
        train, test = (part.double() for part in sets)
        rungs[name] = em.fit(train, latent_dim, num_steps=200)[0].log_evidence(test).mean().item()
    return {
        "short of the closed form": short[-1].item(),
        "forecast too high by": foretold - took,
        "forecast too high with eight latents": eight,
        "factor in two dimensions": ((below[18] / below[14]) ** 0.25).item(),
        "rung on the arc": rungs["arc"],
        "rung on the digits": rungs["digits"],
    }


CLAIMS = [
    Claim("short of the closed form", "within 1e-6", lambda v: abs(v) < 1e-6),
    Claim("forecast too high by", "within 2 steps", lambda v: abs(v) < 2),
    Claim("forecast too high with eight latents", "off by over 10", lambda v: abs(v) > 10),
    Claim("factor in two dimensions", "0.483, within 0.005", lambda v: abs(v - 0.4833) < 0.005),
    Claim("rung on the arc", "−1.671", lambda v: abs(v + 1.671) < 1e-3),
    Claim("rung on the digits", "−0.590", lambda v: abs(v + 0.590) < 1e-3),
]
