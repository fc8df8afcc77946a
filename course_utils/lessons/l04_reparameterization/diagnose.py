"""Section 7, the wrong gradient: exercise 04.5, three snippets and what each has on average."""

import itertools

from course_utils.kit import Exercise, Mistake


def diagnose(mu: float, num_samples: int) -> tuple[float, float, float]:
    """The mean gradient in mu of snippets A, B and C of the notebook, where E[z^2] has 2 mu."""
    right = 2 * mu
    return right, 0.0, right * (1 - 1 / num_samples)


def _factors(a, b, c):
    """An answer whose three numbers are 2 mu times these; c is a function of S."""
    return lambda mu, num_samples: (2 * mu * a, 2 * mu * b, 2 * mu * c(num_samples))


# Of each snippet, the factors on 2 mu that one may think of, and what to say; the right one first.
MOVES = "Put z = μ + s ε into log q(z): what is left that contains μ?"
SHARES = "of reward − mean, a share 1/S is the sample's own reward, taken off."
A = {
    1: "A is right.",
    2: "A is not twice too large: a reward must be detached where it contains the parameter. Does z², "
    "with z drawn by <code>sample()</code>?",
    0: "A has a gradient: log q(z) contains μ, though z is fixed. It is reward times score.",
}
B = {
    0: "B is right.",
    1: f"B moves the samples <i>and</i> weighs them. {MOVES}",
    2: f"B is not the sum of both estimators: the reward is detached. {MOVES}",
    -1: f"B has no sign to turn: it moves the samples and weighs them. {MOVES}",
}
C = [
    (lambda S: 1 - 1 / S, "C is right."),
    (lambda S: 1.0, f"In C each sample is part of its own baseline: {SHARES}"),
    (
        lambda S: S / (S - 1),
        "In C you found the factor that <i>mends</i> it; asked is what it has as it stands.",
    ),
    (
        lambda S: 0.0,
        "In C the baseline takes off a part of the gradient, not all: only the share 1/S of the mean "
        "is the sample's own reward.",
    ),
    (lambda S: 1 / S, "In C the share 1/S is what is <i>lost</i>."),
]

Exercise(
    "04.5",
    diagnose,
    cases=[(1.0, 4), (-0.5, 3), (3.0, 10)],
    mistakes=[
        Mistake(_factors(a, b, c), f"{A[a]} {B[b]} {said}")
        for a, b, (c, said) in itertools.product(A, B, C)
        if (a, b, said) != (1, 0, C[0][1])
    ],
    nudge="Of each line, ask: where is μ when autograd looks? In z, in log q, or in both? For C, write "
    "the mean as (1/S) (own reward + the others' rewards).",
    formula="$$\\text{B: } \\log q(\\mu+s\\varepsilon) = -\\tfrac12\\varepsilon^2 - \\log s - \\dots "
    "\\qquad \\text{C: } \\mathbb E\\Big[\\big(h_i - \\tfrac1S h_i - \\tfrac1S\\sum_{j\\ne i} h_j\\big)"
    "\\,\\text{score}_i\\Big],$$ where rewards of the others are independent of score i.",
)
