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


@pytest.mark.parametrize(
    "plot", [plot_density_slope, plot_noise_to_samples, plot_votes, plot_noise, plot_crossing]
)
def test_every_text_can_be_read(plot):
    with drawn_texts() as texts:
        plot()
    assert not unreadable(texts)
