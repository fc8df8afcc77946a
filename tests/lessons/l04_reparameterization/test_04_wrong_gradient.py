import pytest
import torch
from shared_04 import EXPLORER_CHECKS, one_right_answer
from torch.distributions import Normal

from course_utils import gradients
from course_utils.lessons.l04_reparameterization.wrong_gradient import (
    SHARES,
    _running_mean,
    explore_descent,
    predict_descent,
)

POSTERIOR = Normal(torch.tensor(1.5, dtype=torch.float64), torch.tensor(1 / 3).double().sqrt())


@pytest.fixture(scope="module")
def walks() -> tuple[torch.Tensor, torch.Tensor]:
    """Right and wrong climbs as in the notebook, but shorter: (41, 1000, 2) each."""
    torch.manual_seed(0)

    def climb(estimate, **options):
        state = torch.tensor([0.0, 1.0], dtype=torch.float64).repeat(1000, 1)
        path = [state]
        for _ in range(40):
            mean, scale = state.T
            slopes = estimate(POSTERIOR.log_prob, Normal(mean, scale), 1, **options)
            step = (0.1 * scale * slopes["scale"][0]).exp()
            state = torch.stack([mean + 0.1 * slopes["loc"][0], scale * step], 1)
            path.append(state)
        return torch.stack(path)

    return climb(gradients.pathwise, entropy=True), climb(gradients.detached)


def test_the_wrong_gradient_walks_as_far_as_chance_takes_it(walks):
    log_scale = walks[1][..., 1].log()
    for steps in (10, 40):
        assert log_scale[steps].std().item() == pytest.approx(0.1 * (2 * steps) ** 0.5, rel=0.1)
        assert abs(log_scale[steps].mean()) < 3 * 0.1 * (2 * steps / 1000) ** 0.5


def test_the_explorers_gaps_are_the_kl_and_its_loss_is_above_the_floor_on_average(walks):
    explorer = explore_descent(*walks, POSTERIOR, -4.637)
    first = explorer.frame(step=0, share=0.5)["gap"].split()
    assert [float(first[i].strip(",")) for i in (-3, -1)] == [3.83, 3.83]
    losses = [explorer.frame(step=40, share=share)["right_loss"][1] for share in SHARES]
    late = torch.tensor([loss[-1] for loss in losses])
    assert 4.5 < late.mean() < 5.0


def test_the_descent_opens_on_the_median_run(walks):
    explorer = explore_descent(*walks, POSTERIOR, -4.637)
    assert explorer.values["share"] == 0.5
    ends = torch.distributions.kl_divergence(Normal(*walks[1][-1].unbind(-1)), POSTERIOR)
    for share in SHARES:
        gap = float(explorer.frame(step=40, share=share)["gap"].split()[-1])
        assert (ends < gap).double().mean().item() == pytest.approx(share, abs=0.02)


def test_a_running_mean_is_of_what_there_is():
    values = torch.arange(6, dtype=torch.float64)[:, None]
    expected = torch.tensor([0, 0.5, 1, 2, 3, 4]).double()[:, None]
    torch.testing.assert_close(_running_mean(values, 3), expected)


@pytest.mark.parametrize("check", EXPLORER_CHECKS)
def test_the_explorer(walks, check):
    check(explore_descent(*walks, POSTERIOR, -4.637))


def test_the_question_has_one_right_answer(walks):
    assert one_right_answer(predict_descent(*walks, POSTERIOR, -4.637).poll)
