"""3, which maps? Triangular Jacobians: coupling layers, exercises 07.3 and 07.4."""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def coupling_push(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    """x (N, D) and log|det dx/dz| (N,) of an affine coupling layer."""
    z_A, z_B = z.chunk(2, -1)
    x_B = z_B * s(z_A).exp() + t(z_A)
    return torch.cat([z_A, x_B], -1), s(z_A).sum(-1)


@lru_cache(maxsize=1)
def nets() -> tuple[Callable, Callable]:
    """s and t of a coupling layer with four dimensions."""
    A, B = normal(2, 2, seed=1), normal(2, 2, seed=2)
    return lambda a: (a @ A).tanh(), lambda a: (a @ B).sin()


def _push_variant(x_B: Callable, log_det: Callable) -> Callable:
    """coupling_push with another x_B(z_B, s, t) or log-determinant of s."""

    def answer(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
        z_A, z_B = z.chunk(2, -1)
        return torch.cat([z_A, x_B(z_B, s(z_A), t(z_A))], -1), log_det(s(z_A))

    return answer


def _affine(z_B: Tensor, s: Tensor, t: Tensor) -> Tensor:
    return z_B * s.exp() + t


def _both_halves(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    z_A, z_B = z.chunk(2, -1)
    x_A, x_B = (_affine(half, s(z_A), t(z_A)) for half in (z_A, z_B))
    return torch.cat([x_A, x_B], -1), 2 * s(z_A).sum(-1)


def _from_itself(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    z_A, z_B = z.chunk(2, -1)
    return torch.cat([z_A, _affine(z_B, s(z_B), t(z_B))], -1), s(z_B).sum(-1)


Exercise(
    "07.3",
    coupling_push,
    cases=[(normal(5, 4), *nets()), (normal(3, 4, seed=4), *nets())],
    mistakes=[
        Mistake(
            _push_variant(_affine, lambda s: s.sum(0)),
            "You summed over the points. Every point has its own log-determinant: sum over the "
            "dimensions, the last axis.",
        ),
        Mistake(
            _push_variant(_affine, lambda s: -s.sum(-1)),
            "The sign: this is log|det dx/dz| of z → x, and exp(s) is the slope in that direction.",
        ),
        Mistake(
            _push_variant(_affine, lambda s: s.exp().sum(-1)),
            "The log of a product of exp(s) is the sum of s, not of exp(s).",
        ),
        Mistake(
            _push_variant(_affine, lambda s: s.mean(-1)),
            "A mean over the dimensions: the determinant is a product, so the logarithms add.",
        ),
        Mistake(
            _push_variant(lambda z_B, s, t: z_B * s + t, lambda s: s.sum(-1)),
            "The exp is missing: s is the logarithm of the scale, which keeps the scale positive.",
        ),
        Mistake(
            _push_variant(lambda z_B, s, t: (z_B + t) * s.exp(), lambda s: s.sum(-1)),
            "Scale first, then shift: t is added after exp(s) has multiplied z_B.",
        ),
        Mistake(
            _both_halves,
            "You moved both halves. z_A stays: it is what the inverse reads s and t from.",
        ),
        Mistake(
            _from_itself,
            "s and t of z_B itself: then the Jacobian has other entries, and no inverse in closed "
            "form. They read z_A.",
        ),
    ],
    nudge="The diagonal of the Jacobian is 1 for z_A and exp(s) for z_B.",
    formula="$$x_A = z_A,\\quad x_B = z_B\\odot e^{s(z_A)} + t(z_A),\\quad "
    "\\log|\\det J| = \\sum_i s_i(z_A)$$",
)


def coupling_pull(x: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    """z (N, D) and log|det dx/dz| (N,): the inverse of coupling_push."""
    x_A, x_B = x.chunk(2, -1)
    z_B = (x_B - t(x_A)) * (-s(x_A)).exp()
    return torch.cat([x_A, z_B], -1), s(x_A).sum(-1)


def _pull_variant(z_B: Callable, sign: float = 1.0) -> Callable:
    """coupling_pull with another z_B(x_A, x_B, s, t) or sign of its log-determinant."""

    def answer(x: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
        x_A, x_B = x.chunk(2, -1)
        return torch.cat([x_A, z_B(x_A, x_B, s, t)], -1), sign * s(x_A).sum(-1)

    return answer


def _undone(x_A: Tensor, x_B: Tensor, s: Callable, t: Callable) -> Tensor:
    return (x_B - t(x_A)) * (-s(x_A)).exp()


Exercise(
    "07.4",
    coupling_pull,
    cases=[(normal(5, 4), *nets()), (normal(3, 4, seed=4), *nets())],
    mistakes=[
        Mistake(
            _pull_variant(_undone, -1.0),
            "That is log|det dz/dx|. In this course both directions report log|det dx/dz|.",
        ),
        Mistake(
            _pull_variant(lambda x_A, x_B, s, t: x_B * (-s(x_A)).exp() - t(x_A)),
            "The order: the shift came last, so it is undone first.",
        ),
        Mistake(
            _pull_variant(lambda x_A, x_B, s, t: (x_B - t(x_A)) * s(x_A).exp()),
            "You scaled once more. To undo exp(s), multiply by exp(−s).",
        ),
        Mistake(
            _pull_variant(lambda x_A, x_B, s, t: x_B * s(x_A).exp() + t(x_A)),
            "That is the way from z to x again.",
        ),
        Mistake(
            _pull_variant(lambda x_A, x_B, s, t: (x_B - t(x_B)) * (-s(x_B)).exp()),
            "s and t were computed from z_A, and x_A is z_A. From x_B they come out differently.",
        ),
    ],
    nudge="x_A is z_A, so s and t are the same numbers as on the way there.",
    formula="$$z_A = x_A,\\qquad z_B = (x_B - t(x_A))\\odot e^{-s(x_A)}$$",
)
