"""Statements of the text that the notebook itself checks."""

import html
import os
from collections.abc import Callable

import torch
from IPython.display import display

from course_utils.kit.exercise import open_key
from course_utils.kit.notice import notice

__all__ = ["claim"]


def claim(
    statement: str,
    value: object,
    *,
    equals: object = None,
    within: float = 0.0,
    below: float | None = None,
    above: float | None = None,
    by: Callable | None = None,
) -> None:
    """Assert a sentence of the text and show it with its figure.

    value: a number or a tensor, every entry of which must satisfy the statement.
    equals, within: |value - equals| <= within; equals is a number, or has the shape of value but
    for axes of length 1. below: value < below. above: value > above.
    by: the student's function, where the statement is about "your" result; should an exercise's
    reference stand in for it, the claim says so. Give at least one of equals, below, above.
    Raises AssertionError when the statement is false, NaN included, so that a test run of the
    notebook fails; a lecture (EVIDENCE_LADDER_LECTURE=1) shows it and goes on.
    """
    if equals is None and below is None and above is None:
        raise TypeError("claim needs at least one of equals, below, above")
    values = torch.as_tensor(value, dtype=torch.float64).detach()
    if values.numel() == 0:
        raise ValueError("value must not be empty")
    true, parts = True, []
    if equals is not None:
        target = torch.as_tensor(equals, dtype=torch.float64).detach()
        if target.numel() != 1 and target.squeeze().shape != values.squeeze().shape:
            raise ValueError(
                "equals must be one number or have the shape of value, "
                f"{tuple(values.shape)}, got {tuple(target.shape)}"
            )
        distance = (values.squeeze() - target.squeeze()).abs()
        true = bool((distance <= within).all())
        if values.numel() == 1:
            parts.append(f"{_number(values)}, expected {_number(target)} ± {within:.2g}")
        else:
            parts.append(f"largest difference {_number(distance.max())}, allowed {within:.2g}")
    if below is not None:
        true = true and bool((values < below).all())
        parts.append(f"{_number(values.max())} < {below:.4g}")
    if above is not None:
        true = true and bool((values > above).all())
        parts.append(f"{_number(values.min())} > {above:.4g}")
    figure = "; ".join(parts).replace("-", "−")  # a minus sign, as in formulas and figures
    if not true:
        reason = f"This is false here: {figure}. Run this section from its top."
        if os.environ.get("EVIDENCE_LADDER_LECTURE") != "1":
            raise AssertionError(f"{statement} {reason}")
        display(notice("wrong", html.escape(statement), html.escape(reason)))
        return
    statement, figure = html.escape(statement), f"<i>({html.escape(figure)})</i>"
    if by is not None and (key := open_key(by)):
        said = f"The reference's, until you have solved exercise {key}:"
        display(notice("open", said, f"{statement} {figure}"))
    else:
        display(notice("right", statement, figure))


def _number(value: torch.Tensor) -> str:
    return f"{value.item():.5g}"
