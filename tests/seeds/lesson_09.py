"""Lesson 09: what its text says of five seeds, and the tables it stores."""

from course_utils.lessons.l09_unseen_by_the_objective import decides, discrete, plane, worth
from seeds import Claim, Measured

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


def tables(seed: int) -> tuple[dict, dict, dict]:
    """Sections 3, 4 and 8: what their modules store of this seed."""
    return (
        {radius: worth.measure(radius, seed) for radius in worth.RADII},
        {sigma2: plane.bent(sigma2, seed) for sigma2 in (0.2, 0.1, 0.05)},
        {how: discrete.learn(how, seed)[2] for how in discrete.HOW},
    )


def measure(seed: int) -> Measured:
    """What the notebook trains, with this seed."""
    worths, points, elbos = tables(seed)
    print(seed, worths, points, elbos)
    return trainings(seed)


CLAIMS: list[Claim] = []
