"""Lesson 09: what its text says of five seeds, and the tables it stores."""

from course_utils.lessons.l09_unseen_by_the_objective import decides, discrete, plane, worth
from seeds import Claim, Measured, crowds

OBJECTIVES = {
    "MADE first": (lambda fit, kl, done: fit - kl, 0.5),
    "joint": (lambda fit, kl, done: fit - kl, 0.0),
    "annealed": (lambda fit, kl, done: fit - min(1, 2 * done) * kl, 0.0),
    "free bits": (lambda fit, kl, done: fit - kl.mean().clamp(min=3.0), 0.0),
}


def trainings(seed: int) -> Measured:
    """Section 2: rate, ELBO and evidence of the four trainings, and how far they are apart."""
    alone = decides.alone(seed)
    scores = {k: decides.learn(f, silent, seed)[1] for k, (f, silent) in OBJECTIVES.items()}
    found = {"MADE alone": alone}
    for name, score in scores.items():
        found |= {f"{name}: {field}": value for field, value in score._asdict().items()}
    elbos, evidences = ([s[i] for s in scores.values()] for i in (1, 2))
    return found | {
        "spread of ELBOs": max(elbos) - min(elbos),
        "spread of evidences": max(evidences) - min(evidences),
        "spread of rates": scores["free bits"].rate - scores["MADE first"].rate,
        "gap of free bits": scores["free bits"].evidence - scores["free bits"].elbo,
    }


def tables(seed: int) -> Measured:
    """Sections 3, 4 and 8: how far from what their modules store."""
    found: Measured = {}
    for radius, stored in worth.WORTH.items():
        told, gained = worth.measure(radius, seed)
        found[f"radius {radius}: off the stored rate"] = told - stored[seed - 1][0]
        found[f"radius {radius}: off the stored worth"] = gained - stored[seed - 1][1]
    for sigma2, point in plane.BENT.items():
        now = plane.bent(sigma2, seed)
        found[f"noise {sigma2}: off the mean rate"] = now.rate - point.rate
        found[f"noise {sigma2}: nats saved"] = plane.gaussian_rate(now.error) - now.rate
    for name, (how, draws) in discrete.WAYS.items():
        elbo = discrete.learn(how, seed, draws)[2]
        found[f"{name}: off the stored ELBO"] = elbo - discrete.ELBOS[name][seed - 1]
    return found


def starts(seed: int) -> Measured:
    """Section 2: three sizes of the first W."""
    elbos, rates = decides.linear_starts((0.1, 0.5, 1.0), seed)
    return {
        "linear: spread of ELBOs": (elbos.max() - elbos.min()).item(),
        "linear: larger starts' rates less the smallest's": (rates[1:] - rates[0]).min().item(),
    }


def measure(seed: int) -> Measured:
    """What the notebook trains, with this seed."""
    return starts(seed) | trainings(seed) | tables(seed) | crowds.measure(seed)


NEAR = "0, but for rounding, which another machine does otherwise"
CLAIMS = [
    Claim("linear: spread of ELBOs", "below 1e-6", lambda v: v < 1e-6),
    Claim("linear: larger starts' rates less the smallest's", "above 0.5", lambda v: v > 0.5),
    Claim("MADE first: rate", "0.00 to 0.02", lambda v: v < 0.02),
    Claim("joint: rate", "0.4 to 1.2", lambda v: 0.4 < v < 1.25),
    Claim("annealed: rate", "1.6 to 1.9", lambda v: 1.55 < v < 1.95),
    Claim("free bits: rate", "2.9", lambda v: 2.8 < v < 3.0),
    Claim("spread of ELBOs", "0.28 to 0.34", lambda v: v < 0.4),
    Claim("spread of evidences", "at most 0.12", lambda v: v < 0.12),
    Claim("gap of free bits", "a quarter of a nat", lambda v: 0.2 < v < 0.32),
    *(
        Claim(f"radius {radius}: off the stored {what}", NEAR, lambda v: abs(v) < 0.2)
        for radius in worth.WORTH
        for what in ("rate", "worth")
    ),
    *(
        Claim(f"noise {sigma2}: off the mean rate", "within 0.5", lambda v: abs(v) < 0.5)
        for sigma2 in plane.BENT
    ),
    *(Claim(f"noise {sigma2}: nats saved", "above 1", lambda v: v > 1) for sigma2 in plane.BENT),
    *(
        Claim(f"{name}: off the stored ELBO", NEAR, lambda v: abs(v) < 0.5)
        for name in discrete.WAYS
    ),
    *crowds.CLAIMS,
]
