from course_utils import data


def test_loss_is_noise_plus_miss():
    sample = data.sine(200_000, seed=5)
    x, g = sample.x, 0.9 * sample.z
    expected = 0.1**2 + (sample.z.sin() - g).square().mean()
    assert abs((x - g).square().mean() - expected) < 1e-3
