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
    log_det: Callable = lambda first, second, late, old: first + second,
    second_reads: str = "new",
) -> Callable:
    """two_layers with one thing done differently; late: s of A after it moved, old: of B before."""

    def answer(z: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
        A, B = z.chunk(2, -1)
        new_B = f(B, s(A), t(A))
        read = new_B if second_reads == "new" else B
        new_A = f(A, s(read), t(read))
        parts = (s(u).sum(-1) for u in (A, read, new_A, B))
        return torch.cat([new_A, new_B], -1), log_det(*parts)

    return answer


Exercise(
    "07.3",
    two_layers,
    cases=[(normal(5, 4), *nets()), (normal(3, 4, seed=4), *nets())],
    mistakes=[
        Mistake(
            _two(log_det=lambda first, second, late, old: late + second),
            "That is the bug itself: at the end A is no longer what the first layer read. Each "
            "layer's log-determinant belongs to <i>its own</i> input.",
        ),
        Mistake(
            _two(log_det=lambda first, second, late, old: first + old),
            "s(A) is right now. But you took s(B) before B had moved, and the second layer reads the new "
            "B: its log-determinant is taken at what enters <i>it</i>.",
        ),
        Mistake(
            _two(log_det=lambda first, second, late, old: late + old),
            "Each s at the wrong moment: s(A) belongs to the A that the first layer read, s(B) to the B "
            "that the second did.",
        ),
        Mistake(
            _two(second_reads="old"),
            "Now both halves move by the old ones. That is no chain of two coupling layers, and its "
            "Jacobian is not triangular. The second layer reads what the first has made.",
        ),
        Mistake(
            _two(log_det=lambda first, second, late, old: first),
            "The second layer stretches too. Log-determinants add.",
        ),
        Mistake(
            _two(log_det=lambda first, second, late, old: second),
            "The first layer stretches too. Log-determinants add.",
        ),
        Mistake(
            _two(log_det=lambda first, second, late, old: -(first + second)),
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


def two_layers_pull(x: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
    """z (N, D) and log|det dx/dz| (N,): the inverse of two_layers."""
    A, B = x.chunk(2, -1)
    A = (A - t(B)) * (-s(B)).exp()  # the last layer first; B is as it found it
    log_det = s(B).sum(-1)
    B = (B - t(A)) * (-s(A)).exp()
    return torch.cat([A, B], -1), log_det + s(A).sum(-1)


def _pull_variant(
    undo: Callable = lambda value, s, t: (value - t) * (-s).exp(),
    log_det: Callable = lambda first, second, early, late: first + second,
    order: str = "last first",
) -> Callable:
    """two_layers_pull with one thing done differently; early: s of the A given, late: of the B found."""

    def answer(x: Tensor, s: Callable, t: Callable) -> tuple[Tensor, Tensor]:
        A, B = x.chunk(2, -1)
        if order == "last first":
            old_A = undo(A, s(B), t(B))
            old_B = undo(B, s(old_A), t(old_A))
            read = (old_A, B)
        else:
            old_B = undo(B, s(A), t(A))
            old_A = undo(A, s(old_B), t(old_B))
            read = (A, old_B)
        parts = (s(u).sum(-1) for u in (*read, A, old_B))
        return torch.cat([old_A, old_B], -1), log_det(*parts)

    return answer


Exercise(
    "07.4",
    two_layers_pull,
    cases=[(normal(5, 4), *nets()), (normal(3, 4, seed=4), *nets())],
    mistakes=[
        Mistake(
            _pull_variant(order="first first"),
            "You undid the first layer first. Its A is not there yet: what x holds is the A that the "
            "second layer made. Undo the last layer first.",
        ),
        Mistake(
            _pull_variant(log_det=lambda first, second, early, late: -(first + second)),
            "z is right. The rest is log|det dz/dx|: in this course both directions report log|det dx/dz|.",
        ),
        Mistake(
            _pull_variant(log_det=lambda first, second, early, late: early + second),
            "z is right. But s(A) was read before A was found: the first layer saw the old A, at the end "
            "of your way back.",
        ),
        Mistake(
            _pull_variant(log_det=lambda first, second, early, late: first + late),
            "z is right. But s(B) was read after B was undone: the second layer saw the B that is in x.",
        ),
        Mistake(
            _pull_variant(log_det=lambda first, second, early, late: early + late),
            "z is right. Both s were read at the wrong moment: s(B) belongs to the B in x, s(A) to the A "
            "in z.",
        ),
        Mistake(
            _pull_variant(undo=lambda value, s, t: value * (-s).exp() - t),
            "The order within a layer: the shift came last, so it is undone first.",
        ),
        Mistake(
            _pull_variant(undo=lambda value, s, t: (value - t) * s.exp()),
            "You scaled once more. To undo exp(s), multiply by exp(−s).",
        ),
        Mistake(
            _pull_variant(undo=lambda value, s, t: value / (s.exp() + t)),
            "You undid B (exp(s) + t). A layer is B · exp(s), and then + t: subtract t, then divide.",
        ),
        Mistake(
            lambda *case: two_layers(*case),
            "That is the way from z to x again.",
        ),
    ],
    nudge="Which of the two layers is undone first, and which half does it read? At that moment, is that "
    "half as the layer saw it?",
    formula="$$z_A = (x_A - t(x_B))\\odot e^{-s(x_B)},\\qquad z_B = (x_B - t(z_A))\\odot e^{-s(z_A)}$$ and "
    "$\\log|\\det J| = \\sum_i s_i(z_A) + \\sum_i s_i(x_B)$, as in 07.3.",
)
