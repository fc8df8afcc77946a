"""What the tests of lesson 04 share: integrals under q, and what every explorer must do."""

import pytest
import torch
from torch.distributions import Normal

from course_utils.kit import Explorer, Poll


def under(mu, scale):
    """A grid, and the average under N(mu, scale^2) of values on it."""
    z = torch.linspace(mu - 12 * scale, mu + 12 * scale, 20_001, dtype=torch.float64)
    density = Normal(torch.tensor(mu, dtype=torch.float64), scale).log_prob(z).exp()
    return z, lambda values: torch.trapezoid(density * values, z).item()


def quadrature(h, slope, mu, scale, b=0.0):
    """Mean and variance of both estimators of the gradient in mu."""
    z, average = under(mu, scale)
    moved, weighed = slope(z), (h(z) - b) * (z - mu) / scale**2
    mean = average(moved)
    assert average(weighed) == pytest.approx(mean, abs=1e-8)
    return mean, average(moved**2) - mean**2, average(weighed**2) - mean**2


def one_right_answer(poll: Poll) -> bool:
    return sum(option.right for option in poll.options) == 1


def every_corner_is_a_frame_with_numbers_and_a_description(explorer: Explorer) -> None:
    corners = explorer.corners()
    assert len(corners) >= 4
    for corner in [*corners, *explorer.filmstrip]:
        frame = explorer.frame(**corner)
        alt = frame.pop("alt")
        assert len(alt) > 100 and "nan" not in alt and "inf" not in alt
        for artist, value in frame.items():
            if isinstance(value, str) or any(isinstance(v, str) for v in value):
                assert "nan" not in str(value)
            elif artist not in {"ratio", "right_loss", "wrong_loss"}:  # these may leave the axes
                assert all(torch.as_tensor(v).isfinite().all() for v in value)


def every_still_shows_the_default_and_the_filmstrip(explorer: Explorer) -> None:
    assert explorer.still().count("<img alt=") == 1 + len(explorer.filmstrip)


def moving_a_control_redraws_without_an_error(explorer: Explorer) -> None:
    for corner in explorer.corners():
        for control, value in corner.items():
            explorer.controls[control].value = value
        assert explorer.error is None


EXPLORER_CHECKS = [
    every_corner_is_a_frame_with_numbers_and_a_description,
    every_still_shows_the_default_and_the_filmstrip,
    moving_a_control_redraws_without_an_error,
]
