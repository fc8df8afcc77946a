from functools import lru_cache
from math import log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from shared_07 import few, ill_posed
from torch.distributions import Categorical, MixtureSameFamily, Normal

from course_utils.lessons.l07_normalizing_flows.seam import (
    explore_seam,
    kl,
    predict_seam,
    score_weights,
)


@lru_cache(maxsize=1)
def seam():
    nodes = torch.linspace(-7, 7, 701, dtype=torch.float64)
    halves = Categorical(torch.ones(2).double())
    posterior = MixtureSameFamily(halves, Normal(torch.tensor([-2.2, 2.2]).double(), 0.35))
    gaussian = Normal(torch.tensor(-2.2).double(), 0.35)
    wide, run = Normal(torch.zeros(()).double(), 1.0), []
    for weight in torch.linspace(0.02, 0.98, 5).double():
        parts = torch.stack([wide.log_prob(nodes), posterior.log_prob(nodes)])
        run.append(torch.logsumexp(parts + torch.stack([1 - weight, weight]).log()[:, None], 0))
    films = torch.stack([torch.stack(run), torch.stack(run).flip(0)])  # two runs, five times
    runs = {"pathwise": films, "score function, annealed": films.flip(0)}
    return nodes, posterior.log_prob(nodes), gaussian.log_prob(nodes), runs


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(predict_seam(*seam()).poll)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_seam(*seam()))


def test_kl_by_the_trapezoid_rule_is_the_closed_form():
    nodes = torch.linspace(-12, 12, 2001, dtype=torch.float64)
    p, q = Normal(torch.tensor(0.3).double(), 1.2), Normal(torch.tensor(-0.5).double(), 0.6)
    ours = kl(q.log_prob(nodes), p.log_prob(nodes), nodes)
    torch.testing.assert_close(ours, torch.distributions.kl_divergence(q, p))


@given(st.integers(0, 99), st.floats(0, 1))
@few
def test_the_weights_make_the_gradient_of_the_kl(seed, beta):
    torch.manual_seed(seed)
    mean = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    q, prior = Normal(mean, 0.7), Normal(torch.zeros(1).double(), 1.0)
    z = q.sample((100_000,))
    log_likelihood = 2 * z[:, 0]  # linear, so that the tempered posterior is N(2 beta, 1)
    log_q = q.log_prob(z)[:, 0]
    weights = score_weights(log_q.detach(), prior.log_prob(z)[:, 0], log_likelihood, beta)
    scores = torch.autograd.grad(log_q, mean, weights / len(z))[0]
    spread = (weights * z[:, 0] / 0.49).std().item() / len(z) ** 0.5
    assert abs(scores.item() - (0 - 2 * beta)) < 5 * spread
    assert abs(weights.mean().item()) < 1e-10


def test_the_seams_numbers_are_divergences():
    nodes, log_posterior, log_gaussian, runs = seam()
    frame = explore_seam(nodes, log_posterior, log_gaussian, runs).frame(
        gradient="pathwise", run=2, time=4
    )
    gap = kl(runs["pathwise"][1, 4], log_posterior, nodes).item()
    assert f"KL {gap:.3f}" in frame["numbers"] and "run 2, after 100%" in frame["alt"]
    assert kl(log_gaussian, log_posterior, nodes).item() == pytest.approx(log(2), abs=1e-6)
