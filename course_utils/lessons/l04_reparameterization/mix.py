"""Section 6, which one, then: exercise 04.4, the best mix of the two."""

from course_utils.kit import Exercise, Mistake


def best_weight(var_path: float, var_score: float, covariance: float) -> float:
    """The c for which c * pathwise + (1 - c) * score has the least variance."""
    return (var_score - covariance) / (var_path + var_score - 2 * covariance)


Exercise(
    "04.4",
    best_weight,
    cases=[(4.0, 30.0, 8.0), (32.0, 0.5, -1.5), (1.0, 2.0, 0.25)],
    mistakes=[
        Mistake(
            lambda path, score, covariance: score / (path + score),
            "That is the best weight of two <i>independent</i> estimates. These share their samples: "
            "the variance of the mix has a term with the covariance.",
        ),
        Mistake(
            lambda path, score, covariance: path / (path + score),
            "Two slips: the noisier one must get the smaller weight, and the two share their samples, "
            "so their covariance counts.",
        ),
        Mistake(
            lambda path, score, covariance: (path - covariance) / (path + score - 2 * covariance),
            "That is the weight of the score function, 1 − c.",
        ),
        Mistake(
            lambda path, score, covariance: (score - covariance) / (path + score - covariance),
            "Below the line the covariance counts twice: it is the variance of the difference, "
            "Var[path] + Var[score] − 2 Cov.",
        ),
        Mistake(
            lambda path, score, covariance: (score + covariance) / (path + score + 2 * covariance),
            "The covariance has the wrong sign: differentiate 2c(1 − c) Cov once more.",
        ),
        Mistake(
            lambda path, score, covariance: min(
                max((score - covariance) / (path + score - 2 * covariance), 0.0), 1.0
            ),
            "You kept c between 0 and 1. Every c is unbiased, as c + (1 − c) = 1; let it go where the "
            "variance is least.",
        ),
    ],
    nudge="Write the variance of the mix: a square in c, one in 1 − c, and twice the covariance between "
    "them. It is a parabola.",
    formula="$$\\frac{d}{dc}\\Big[c^2\\,\\operatorname{Var}_{\\text{path}} + (1-c)^2\\,"
    "\\operatorname{Var}_{\\text{score}} + 2c(1-c)\\operatorname{Cov}\\Big] = 0$$",
)
