"""The lessons' random numbers, and the outline of a histogram."""

from unittest import mock

import numpy as np
import pytest
import torch

from course_utils.lessons import draws


def test_seeded_draws_repeat_and_leave_no_trace():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with draws.seeded(2):
        first = torch.rand(4)
    assert torch.equal(torch.rand(3), expected)
    with draws.seeded(2):
        assert torch.equal(torch.rand(4), first)


def test_another_meaning_of_the_seeds_reaches_them():
    """make seeds replaces torch.manual_seed: what does not ask it would be tried at one seed only."""
    with draws.seeded():
        usual = torch.rand(4)
    moved = mock.patch.object(
        torch, "manual_seed", lambda k: torch.default_generator.manual_seed(k + 1000)
    )
    with moved, draws.seeded():
        assert not torch.equal(torch.rand(4), usual)


@pytest.mark.parametrize("edges", [np.linspace(-2, 2, 9), np.array([-1.0, 0.0, 0.5, 3.0])])
def test_the_outline_is_the_histograms(edges):
    values = draws.normal(500)
    outline = draws.histogram(values, edges, most=10.0)
    inside = (values >= edges[0]) & (values <= edges[-1])
    x, y = outline.T
    area = abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2  # the shoelace formula
    assert area == pytest.approx(inside.double().mean().item())
    heights = np.histogram(values.numpy(), edges, density=True)[0] * inside.double().mean().item()
    np.testing.assert_allclose(y[1:-1:2], heights)
    assert draws.histogram(values, edges, most=0.1)[:, 1].max() == 0.1
