import math

import pytest
import torch

from course_utils.lessons.l00_neural_regression.gradients import (
    autograd_error,
    difference_error,
    edge_difference,
)


def test_the_edge_difference_is_exact_for_parabolas_and_of_second_order():
    t = torch.linspace(-2, 2, 5, dtype=torch.float64)
    torch.testing.assert_close(edge_difference(lambda t: 3 * t**2, t, 0.5), 6 * t)
    coarse, fine = (edge_difference(torch.sin, t, h) - t.cos() for h in (0.002, 0.001))
    torch.testing.assert_close(coarse / fine, torch.full_like(t, 4.0), rtol=1e-2, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rounding_and_truncation_bound_the_difference_quotient(dtype):
    unit = torch.finfo(dtype).eps / 2
    steps = [10 ** (-k / 4) for k in range(0, 61)]
    for h in steps:
        truncation = math.expm1(h) / h - 1 - h / 2  # beyond the first term, h/2
        assert difference_error(h, dtype)[1] <= h / 2 + truncation + 3.5 * unit / h + unit
    best = min(steps, key=lambda h: difference_error(h, dtype)[1])
    assert 0.2 < best / math.sqrt(6 * unit) < 5
    assert autograd_error(dtype) <= unit
