"""Section 7, the wrong gradient: exercise 04.5, three snippets and what each has on average."""

from course_utils.kit import Exercise, Mistake


def diagnose(mu: float, num_samples: int) -> tuple[float, float, float]:
    """The mean gradient in mu of snippets A, B and C of the notebook, where E[z^2] has 2 mu."""
    right = 2 * mu
    return right, 0.0, right * (1 - 1 / num_samples)


def _factors(a, b, c):
    """An answer whose three numbers are 2 mu times these; c is a function of S."""
    return lambda mu, num_samples: (2 * mu * a, 2 * mu * b, 2 * mu * c(num_samples))


def _shrunk(num_samples: int) -> float:
    return 1 - 1 / num_samples


def _whole(num_samples: int) -> float:
    return 1.0


B_MOVES = (
    "B moves the samples <i>and</i> weighs them. Put z = μ + s ε into log q(z): what is left that "
    "contains μ?"
)
C_SHARES = (
    "In C each sample is part of its own baseline: of reward − mean, a share 1/S is the sample's own "
    "reward, taken off."
)

Exercise(
    "04.5",
    diagnose,
    cases=[(1.0, 4), (-0.5, 2), (3.0, 10)],
    mistakes=[
        Mistake(
            _factors(1, 1, _whole),
            f"A is right, the other two are not unbiased. {B_MOVES} And in C, is the baseline "
            "independent of the sample that it is taken off from?",
        ),
        Mistake(_factors(1, 1, _shrunk), f"A and C are right. {B_MOVES}"),
        Mistake(
            _factors(1, 0, _whole),
            f"A and B are right. {C_SHARES}",
        ),
        Mistake(
            _factors(1, 0, lambda num_samples: num_samples / (num_samples - 1)),
            "A and B are right. In C you found the factor that <i>mends</i> it; asked is what it has as "
            "it stands.",
        ),
        Mistake(
            _factors(1, 0, lambda num_samples: 0.0),
            "A and B are right. In C the baseline takes off a part of the gradient, not all: only the "
            "share 1/S of the mean is the sample's own reward.",
        ),
        Mistake(
            _factors(2, 0, _shrunk),
            "B and C are right. A is not twice too large: a reward must be detached where it contains "
            "the parameter. Does z², with z drawn by <code>sample()</code>?",
        ),
        Mistake(
            _factors(0, 0, _shrunk),
            "B and C are right. A has a gradient: log q(z) contains μ, though z is fixed. It is reward "
            "times score.",
        ),
        Mistake(
            _factors(1, 2, _shrunk),
            f"A and C are right. B is not the sum of both estimators: the reward is detached. {B_MOVES}",
        ),
        Mistake(
            _factors(2, 1, _whole),
            f"None yet of the three. A's reward contains no parameter, detached or not. {B_MOVES} "
            f"{C_SHARES}",
        ),
    ],
    nudge="Of each line, ask: where is μ when autograd looks? In z, in log q, or in both? For C, write "
    "the mean as (1/S) (own reward + the others' rewards).",
    formula="$$\\text{B: } \\log q(\\mu+s\\varepsilon) = -\\tfrac12\\varepsilon^2 - \\log s - \\dots "
    "\\qquad \\text{C: } \\mathbb E\\Big[\\big(h_i - \\tfrac1S h_i - \\tfrac1S\\sum_{j\\ne i} h_j\\big)"
    "\\,\\text{score}_i\\Big],$$ where rewards of the others are independent of score i.",
)
