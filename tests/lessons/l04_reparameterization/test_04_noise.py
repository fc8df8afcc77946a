import math

import pytest
import torch
from pictures import drawn_texts, unreadable

from course_utils.lessons.l04_reparameterization.estimators import cos_variances, square_variances
from course_utils.lessons.l04_reparameterization.hides import plot_density_slope
from course_utils.lessons.l04_reparameterization.move import plot_noise_to_samples
from course_utils.lessons.l04_reparameterization.noise import plot_crossing, plot_noise
from course_utils.lessons.l04_reparameterization.reweight import plot_votes


def test_the_areas_are_variance_and_squared_mean():
    alt = plot_noise().alt
    for variance, mean in zip(square_variances(1.0, 1.0), (2.0, 2.0), strict=True):
        assert f"{variance + mean**2:.1f}" in alt
    for variance in cos_variances(8, 1.0, 1.0):
        assert f"{variance:.1f}" in alt


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_all_crossings_lie_in_the_band_drawn(scale):
    for mu in torch.linspace(-3, 3, 61).tolist():
        below, above = (cos_variances(ks / scale, mu * scale, scale) for ks in (0.85, 1.11))
        assert below[0] < below[1] and above[0] > above[1]


def test_with_the_best_baseline_the_crossings_spread_to_those_of_the_text():
    """Where reweighting begins to win, for cos(k z) at every phase k mu."""
    crossings = []
    for phase in torch.linspace(0, torch.pi, 101).tolist():
        for ks in torch.linspace(0.5, 1.5, 401).tolist():
            path, score = cos_variances(ks, phase / ks, 1.0)
            best = (1 - ks**2) * math.cos(phase) * math.exp(-(ks**2) / 2)
            if score - best**2 < path:
                crossings.append(ks)
                break
    assert min(crossings) == pytest.approx(0.74, abs=0.01)
    assert max(crossings) == pytest.approx(1.11, abs=0.01)


@pytest.mark.parametrize(
    "plot", [plot_density_slope, plot_noise_to_samples, plot_votes, plot_noise, plot_crossing]
)
def test_every_text_can_be_read(plot):
    with drawn_texts() as texts:
        plot()
    assert not unreadable(texts)
