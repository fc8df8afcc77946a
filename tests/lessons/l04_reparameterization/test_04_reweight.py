import torch
from torch.distributions import Normal

from course_utils import gradients
from course_utils.lessons.l04_reparameterization.reweight import score_function


def test_score_function_is_the_maths_layers():
    def log_joint(z):
        return -((z - 2) ** 2)

    seen = []
    q = Normal(torch.tensor(0.5, dtype=torch.float64), 1.25)
    theirs = gradients.score_function(
        lambda z: seen.append(z) or log_joint(z), q, 40, entropy=True
    )["loc"]
    torch.testing.assert_close(score_function(log_joint, 0.5, 1.25, seen[0]), theirs)
