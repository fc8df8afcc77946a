"""3, which maps? Coupling layers: one by hand, exercises 07.3 (a bug) and 07.4 (the way back)."""

from collections.abc import Callable
from functools import lru_cache

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils.flows import Layer
from course_utils.kit import Exercise, Explorer, Mistake
from course_utils.lessons.draws import normal
from course_utils.lessons.l07_normalizing_flows.warp import scene, warped


class HandCoupling(Layer):
    """A coupling layer of the plane: s = bend sin(2 z_A), t = shift cos(z_A); flip: which is kept."""

    def __init__(self, bend: float, shift: float, flip: bool) -> None:
        super().__init__(2)
        self.bend, self.shift, self.flip = bend, shift, flip

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x and log|det dx/dz|."""
        return self._move(z, lambda B, s, t: B * s.exp() + t)

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z and log|det dx/dz|."""
        return self._move(x, lambda B, s, t: (B - t) * (-s).exp())

    def _move(self, value: Tensor, f: Callable) -> tuple[Tensor, Tensor]:
        A, B = value.flip(-1).unbind(-1) if self.flip else value.unbind(-1)
        s = self.bend * (2 * A).sin()
        B = f(B, s, self.shift * A.cos())
        return torch.stack([B, A] if self.flip else [A, B], -1), s


def explore_coupling() -> Explorer:
    """A coupling layer: how strongly the kept half scales and shifts the other."""

    def update(bend: float, shift: float, kept: str) -> dict:
        what = (
            f"A coupling layer that keeps the {kept} axis, s up to {bend:.1f}, t up to {shift:.1f}"
        )
        return warped([HandCoupling(bend, shift, kept == "vertical")], 10, what)

    controls = {
        "bend": widgets.FloatSlider(
            value=0.5, min=-1, max=1, step=0.1, description="s(z_A) = … · sin 2z_A"
        ),
        "shift": widgets.FloatSlider(
            value=1, min=-1.5, max=1.5, step=0.1, description="t(z_A) = … · cos z_A"
        ),
        "kept": widgets.Dropdown(options=["horizontal", "vertical"], description="axis A, kept"),
    }
    strip = [
        {"bend": b, "shift": t, "kept": k}
        for b, t, k in [(1, 0, "horizontal"), (0, 1.5, "horizontal"), (0.5, 1, "vertical")]
    ]
    return Explorer(scene, update, controls, strip)


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


def two_layers(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    """x (N, D) and log|det dx/dz| (N,): first B moves as A says, then A as the new B says."""
    A, B = z.chunk(2, -1)
    log_det = s(A).sum(-1)
    B = B * s(A).exp() + t(A)
    log_det = log_det + s(B).sum(-1)
    A = A * s(B).exp() + t(B)
    return torch.cat([A, B], -1), log_det


def _two(
    f: Callable = lambda value, s, t: value * s.exp() + t,
    log_det: Callable = lambda first, second, late: first + second,
    second_reads: str = "new",
) -> Callable:
    """two_layers with one thing done differently; late: s of A after it moved."""

    def answer(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
        A, B = z.chunk(2, -1)
        new_B = f(B, s(A), t(A))
        read = new_B if second_reads == "new" else B
        new_A = f(A, s(read), t(read))
        parts = (s(u).sum(-1) for u in (A, read, new_A))
        return torch.cat([new_A, new_B], -1), log_det(*parts)

    return answer


Exercise(
    "07.3",
    two_layers,
    cases=[(normal(5, 4), *nets()), (normal(3, 4, seed=4), *nets())],
    mistakes=[
        Mistake(
            _two(log_det=lambda first, second, late: late + second),
            "That is the bug itself: at the end A is no longer what the first layer read. Each "
            "layer's log-determinant belongs to <i>its own</i> input.",
        ),
        Mistake(
            _two(second_reads="old"),
            "Now both halves move by the old ones. That is no chain of two coupling layers, and its "
            "Jacobian is not triangular. The second layer reads what the first has made.",
        ),
        Mistake(
            _two(log_det=lambda first, second, late: first),
            "The second layer stretches too. Log-determinants add.",
        ),
        Mistake(
            _two(log_det=lambda first, second, late: second),
            "The first layer stretches too. Log-determinants add.",
        ),
        Mistake(
            _two(log_det=lambda first, second, late: -(first + second)),
            "The sign: this is log|det dx/dz| of z → x, and exp(s) is the slope in that direction.",
        ),
        Mistake(
            _two(f=lambda value, s, t: value * (s.exp() + t)),
            "z_B (exp(s) + t): the bracket multiplies the shift, too. It is z_B · exp(s), and then + t.",
        ),
        Mistake(
            _two(f=lambda value, s, t: (value + t) * s.exp()),
            "Scale first, then shift: t is added after exp(s) has multiplied.",
        ),
        Mistake(
            _two(f=lambda value, s, t: value * s + t),
            "The exp is missing: s is the logarithm of the scale, which keeps the scale positive.",
        ),
    ],
    nudge="x is right, and so is the way back. In the sum of the log-determinants, which A does each "
    "s see? Check D = 2 by hand: J is a product of two triangular matrices.",
    formula="$$\\log|\\det J| = \\sum_i s_i(z_A) + \\sum_i s_i(x_B),\\qquad "
    "x_B = z_B\\odot e^{s(z_A)} + t(z_A)$$ Each layer's log-determinant at what entered that layer: "
    "$z_A$ is the old half $A$.",
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
            _pull_variant(lambda x_A, x_B, s, t: x_B / (s(x_A).exp() + t(x_A))),
            "You undid z_B (exp(s) + t). The layer is z_B · exp(s), and then + t: subtract t, then "
            "divide.",
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
