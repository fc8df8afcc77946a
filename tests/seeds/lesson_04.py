"""Lesson 04: other noise for the estimators and the 500 climbs of section 6."""

import torch
from torch.distributions import Normal, kl_divergence

from course_utils import gradients
from course_utils.lessons import l04_reparameterization as lesson
from seeds import Claim, Measured

POSTERIOR = Normal(torch.tensor(1.5).double(), torch.tensor(1 / 3).double().sqrt())


def climb(estimate) -> torch.Tensor:
    """The gap of 500 runs to the posterior at the end, and their log s: (2, 500)."""
    mean, scale = torch.zeros(500).double(), torch.ones(500).double()
    for _ in range(400):
        slopes = estimate(POSTERIOR.log_prob, Normal(mean, scale), 1)
        mean = mean + 0.03 * slopes["loc"][0]
        scale = scale * (0.03 * scale * slopes["scale"][0]).exp()
    return torch.stack([kl_divergence(Normal(mean, scale), POSTERIOR), scale.log()])


def measure(seed: int) -> Measured:
    """Variances from 200 000 samples, and where the right and the wrong gradient end."""
    eps = torch.randn(200_000, dtype=torch.float64)
    reward = (1 + eps) ** 2
    right, _ = climb(lambda *settings: gradients.pathwise(*settings, entropy=True))
    wrong, log_scale = climb(gradients.detached)
    landed, _ = climb(gradients.sticking_the_landing)
    quantities = {
        "score function": (reward * eps).var(),
        "b = -10": ((reward + 10) * eps).var(),
        "best baseline": lesson.best_baseline(reward, eps),
        "log s has walked": log_scale.std(),
        "right": right.mean(),
        "wrong, mean": wrong.mean(),
        "wrong, median": wrong.median(),
        "a nat nearer": (wrong < 2.83).double().mean(),
        "landed": landed.mean(),
    }
    return {name: value.item() for name, value in quantities.items()}


CLAIMS = [
    Claim("score function", "variance 30, within 10 %", lambda v: abs(v - 30) < 3),
    Claim("b = -10", "variance 210, within 10 %", lambda v: abs(v - 210) < 21),
    Claim("best baseline", "4, within 0.1", lambda v: abs(v - 4) < 0.1),
    Claim("log s has walked", "0.849, within 10 %", lambda v: abs(v - 0.849) < 0.085),
    Claim("right", "below 0.1", lambda v: v < 0.1),
    Claim("wrong, mean", "above 7", lambda v: v > 7),
    Claim("wrong, median", "5.65, within 0.9", lambda v: abs(v - 5.65) < 0.9),
    Claim("a nat nearer", "23 %, within 5", lambda v: abs(v - 0.23) < 0.05),
    Claim("landed", "below 1e-6", lambda v: v < 1e-6),
]
