import torch
from pictures import faults

from course_utils.lessons.l07_normalizing_flows.splines import explore_splines, peaks, through


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_splines())


def test_the_knots_carry_the_normals_quantiles_to_the_peaks():
    spline, theta, z = through(3.0, 8)
    x, _ = spline.forward(z[1:-1], theta)
    torch.testing.assert_close(peaks(3.0).cdf(x), torch.special.ndtr(z[1:-1]), rtol=0, atol=5e-3)


def test_more_bins_come_closer():
    explorer = explore_splines()
    misses = [
        float(explorer.frame(bins=k, distance=4.0)["spline_says"].split()[-1]) for k in (4, 8, 16)
    ]
    assert misses[0] > misses[1] > misses[2]
