from functools import lru_cache
from math import log

import pytest
import torch
from pictures import drawn, faults
from questions import ill_posed
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from course_utils import flows
from course_utils.lessons.l07_normalizing_flows.seam import (
    explore_seam,
    flow_bound,
    kl,
    plot_seam,
    predict_seam,
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


def test_the_bound_with_a_flow_is_the_kl_to_a_density():
    torch.manual_seed(0)
    layers = [flows.Spline(1, 4).double(), flows.Affine(1).double()]
    for layer in layers:
        for parameter in layer.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    base = Independent(Normal(torch.zeros(1).double(), torch.ones(1).double()), 1)
    q, target = flows.Flow(base, layers), Independent(Normal(torch.ones(1).double(), 0.8), 1)
    with torch.no_grad():
        z = base.sample((20_000,))
        bound = flow_bound(target.log_prob, base.log_prob, [f.push for f in layers], z)
        nodes = torch.linspace(-9, 9, 4001).double()
        exact = kl(*(p.log_prob(nodes[:, None]) for p in (q, target)), nodes)
    assert (bound.mean() + exact).abs() < 4 * bound.std() / len(z) ** 0.5


def test_the_seams_figures_can_be_read():
    best = Independent(Normal(torch.tensor([[-2.2]]).double(), 0.4), 1)
    assert "z = ±2.2" in drawn(plot_seam)
    assert "covers the peak at −2.2 alone" in drawn(lambda: plot_seam(best))


def test_the_seams_numbers_are_divergences():
    nodes, log_posterior, log_gaussian, runs = seam()
    frame = explore_seam(nodes, log_posterior, log_gaussian, runs).frame(
        gradient="pathwise", run=2, time=4
    )
    gap = kl(runs["pathwise"][1, 4], log_posterior, nodes).item()
    assert f"KL {gap:.3f}" in frame["numbers"] and "run 2, after 100%" in frame["alt"]
    assert kl(log_gaussian, log_posterior, nodes).item() == pytest.approx(log(2), abs=1e-6)
