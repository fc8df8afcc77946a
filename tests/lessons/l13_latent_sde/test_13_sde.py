"""Lesson 13: questions, explorers, figures, and what its modules compute."""

import math

import pytest
import torch
from pictures import drawn, faults
from questions import ill_posed

from course_utils import filtering
from course_utils.diffusions import push, sde
from course_utils.lessons import l13_latent_sde as lesson
from course_utils.lessons.l13_latent_sde import (
    ahead,
    bell,
    cases,
    network,
    noise,
    path,
    price,
    wells,
)

PREDICTIONS = {
    "steer": price.predict_steer,
    "ahead": ahead.predict_ahead,
    "noise": noise.predict_noise,
    "wells": wells.predict_wells,
}
POLLS = {
    **{f"recall {n}": (lambda n=n: lesson.recall(n)) for n in (1, 2, 3)},
    "step": path.poll_step,
    "bell": bell.poll_bell,
    "reading": network.poll_reading,
}


@pytest.mark.parametrize("name", POLLS)
def test_a_question_has_one_right_answer_and_every_option_a_reason(name):
    assert not ill_posed(POLLS[name]())


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_prediction_asks_well_and_every_corner_of_its_demo_can_be_read(name):
    asked = PREDICTIONS[name]()
    assert not ill_posed(asked.poll)
    assert not faults(asked.demo)


def test_the_figures_can_be_read_and_describe_themselves_with_numbers():
    made = sde.paths(sde.ou(1.0, 1.0), None, 0.05, 100, 8)
    assert "100 steps each" in drawn(lambda: path.plot_paths(made.x, 0.05, cases.FIVE))
    text = drawn(lambda: noise.plot_errors([0.2, 0.1], [-0.19, -0.09], [1.3, 0.55]))
    assert "dt 0.2: gap 1.3000, evidence off by −0.1900" in text
    share = torch.linspace(0, 1, 60)
    shares = {"exact posterior": share, "linear drift": share**2, "network": share}
    assert "linear drift: 0.03" in drawn(lambda: wells.plot_crossing(shares, "Who"))
    values = {name: torch.rand(24) + 0.1 for name in ("no push", "forwards", "backwards", "exact")}
    assert "24 new series. no push: mean" in drawn(lambda: network.plot_gaps(values))


def test_the_chains_are_the_model_between_and_at_the_observations():
    y, chain, mask = cases.exact()
    assert mask.flatten().tolist() == [False] + 5 * [True]
    assert chain.Q.item() == pytest.approx((1 - math.exp(-2)) / 2)
    fine = filtering.kalman(*cases.euler(0.00625)).log_evidence
    assert fine.item() == pytest.approx(
        filtering.kalman(y, chain, mask).log_evidence.item(), abs=6e-3
    )
    assert cases.evidence(0.05) == pytest.approx(-3.8755, abs=1e-3)


def test_an_explorers_bound_is_the_formulas():
    _, log_w, bound = price.steered(1.0, 0.1)
    assert cases.evidence(0.1) - bound == pytest.approx(noise.price(1.0, 0.1), abs=1e-4)
    assert abs(log_w.mean().item() - bound) < 4 * log_w.std().item() / 20


def test_the_push_knows_nothing_of_the_past():
    frame = ahead.explore_ahead().update
    early, late = (frame(t=2.1, y2=y2)["push"][1] for y2 in (-1.0, 1.0))
    torch.testing.assert_close(early, late)
    early, late = (frame(t=1.9, y2=y2)["push"][1] for y2 in (-1.0, 1.0))
    assert (early - late).abs().min() > 1


def test_what_the_polls_say_of_noise():
    assert noise.price(1.1, 0.003125) > 15
    c = 1.21
    assert (c - 1 - math.log(c)) / 2 == pytest.approx(0.0097, abs=5e-5)
    gaps = [noise.price(1.1, dt) for dt in noise.FINE[-3:]]
    assert gaps[0] < gaps[1] < gaps[2]


def test_shares_above_0_count_a_node_at_0_half():
    masses = torch.zeros(121).double()
    masses[60] = 1.0
    assert wells.right_of_0(masses) == 0.5
    assert wells.right_of_0(masses.roll(1)) == 1 and wells.right_of_0(masses.roll(-1)) == 0


def test_training_climbs_and_gaps_are_not_negative():
    torch.manual_seed(0)
    readers = {"backwards": network.learn_reader(0, True, num_steps=2)}
    found = network.gaps(network.draw_series(2), readers)
    assert list(found) == ["no push", "backwards", "exact push"]
    assert torch.stack(list(found.values())).min() > 0
    assert (found["exact push"] < found["no push"]).all()
    assert isinstance(bell.learn(0, num_steps=2), push.Network)
