"""7, to see and to do: what observing a node tells of its causes; exercise 14.5."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll


def poll_do() -> Poll:
    """Why an observed node speaks for its parents, and a set one does not."""
    return Poll(
        "Severe cases are treated more often, and recover less often. In a program z → x, (z, x) → y "
        "(severity, treatment, recovery) we replace the line that draws x by x = 1. Compared with "
        "observing x = 1, the severity z is now …",
        [
            Option("as among the treated", False, "That is what observing tells."),
            Option("unknown to the program", False, "z is still drawn, from its own line."),
            Option(
                "as among all patients",
                True,
                "No log-probability of x is left that could weigh z. Who is treated by order tells "
                "nothing of how ill he is.",
            ),
            Option("always severe", False, "The line that draws z has not been touched."),
        ],
    )


def seen_and_done(p_z: Tensor, p_x: Tensor, p_y: Tensor) -> tuple[Tensor, Tensor]:
    """p(y = 1 | x = 1) and p(y = 1 | do(x = 1)).

    p_z: p(z), (Z,). p_x: p(x = 1 | z), (Z,). p_y: p(y = 1 | x = 1, z), (Z,).
    """
    among_treated = p_z * p_x / (p_z * p_x).sum()
    return (among_treated * p_y).sum(), (p_z * p_y).sum()


def _table(*rows: list[float]) -> tuple[Tensor, ...]:
    return tuple(torch.tensor(row, dtype=torch.float64) for row in rows)


Exercise(
    "14.5",
    seen_and_done,
    cases=[
        _table([0.7, 0.3], [0.2, 0.9], [0.9, 0.5]),
        _table([0.1, 0.6, 0.3], [0.5, 0.1, 0.8], [0.2, 0.9, 0.4]),
    ],
    mistakes=[
        Mistake(
            lambda p_z, p_x, p_y: ((p_z * p_y).sum(), (p_z * p_x * p_y).sum() / (p_z * p_x).sum()),
            "The two are exchanged: which of them re-weighs z?",
        ),
        Mistake(
            lambda p_z, p_x, p_y: ((p_z * p_y).sum(), (p_z * p_y).sum()),
            "Both are p(y | do(x)). Among those seen with x = 1, z is not as among all.",
        ),
        Mistake(
            lambda p_z, p_x, p_y: ((p_z * p_x * p_y).sum() / (p_z * p_x).sum(),) * 2,
            "Both are p(y | x). Where all are treated by order, being treated says nothing of z.",
        ),
        Mistake(
            lambda p_z, p_x, p_y: (
                (p_z * p_x * p_y).sum() / (p_z * p_x).sum(),
                p_y.mean(),
            ),
            "The second counts every z alike. They are as frequent as p(z) says.",
        ),
        Mistake(
            lambda p_z, p_x, p_y: ((p_z * p_x * p_y).sum(), (p_z * p_y).sum()),
            "The first is p(x = 1, y = 1): divide by p(x = 1).",
        ),
        Mistake(
            lambda p_z, p_x, p_y: (
                (p_z * p_x * p_y).sum() / (p_z * p_x).sum(),
                (p_x * p_y).sum() / p_x.sum(),
            ),
            "The second weighs z by p(x | z), without its prior. With x set, z keeps p(z).",
        ),
    ],
    nudge="In which of the two does p(x = 1 | z) say something about z?",
    formula="$$\\sum_z p(z\\mid x)\\,p(y\\mid x,z)\\qquad\\text{and}\\qquad"
    "\\sum_z p(z)\\,p(y\\mid x,z)$$",
)
