"""The two estimators in the figures: the q they are tried on, their colours, their variances."""

from math import cos, exp, sin

from course_utils.kit import style

MU = 1.0  # the mean of q in the figures
MOVED, WEIGHED = style.ROLES["pathwise"], style.ROLES["score"]


def square_variances(mu: float, scale: float, baseline: float = 0.0) -> tuple[float, float]:
    """Variances, pathwise and score function less a baseline, of the gradient in mu of E[z^2]."""
    best = mu**2 + 3 * scale**2  # baseline
    plain = mu**4 / scale**2 + 14 * mu**2 + 15 * scale**2
    return 4 * scale**2, plain + baseline * (baseline - 2 * best) / scale**2


def cos_variances(k: float, mu: float, scale: float) -> tuple[float, float]:
    """Variances, pathwise and score function, of the gradient in mu of E[cos kz]."""
    u = (k * scale) ** 2
    wave = cos(2 * k * mu) * exp(-2 * u)  # E[cos 2kz]
    mean = -k * sin(k * mu) * exp(-u / 2)
    pathwise = k**2 * (1 - wave) / 2 - mean**2
    score = (1 + (1 - 4 * u) * wave) / (2 * scale**2) - mean**2
    return pathwise, score
