import pytest
from shared_04 import quadrature

from course_utils.lessons.l04_reparameterization.estimators import cos_variances, square_variances


@pytest.mark.parametrize(("mu", "scale"), [(1.0, 1.0), (0.0, 0.7), (-1.3, 2.0)])
def test_the_variances_are_those_of_quadrature(mu, scale):
    _, *exact = quadrature(lambda z: z**2, lambda z: 2 * z, mu, scale)
    assert square_variances(mu, scale) == pytest.approx(exact, rel=1e-9)
    for k in (0.1, 1.0, 2.5, 8.0):
        _, *exact = quadrature(
            lambda z, k=k: (k * z).cos(), lambda z, k=k: -k * (k * z).sin(), mu, scale
        )
        assert cos_variances(k, mu, scale) == pytest.approx(exact, rel=1e-8, abs=1e-10)
