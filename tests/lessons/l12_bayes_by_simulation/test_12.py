"""Lesson 12: questions, explorers, figures, and what its text says of them."""

from functools import cache

import pytest
import torch
from pictures import drawn, faults
from questions import ill_posed

from course_utils.lessons.l12_bayes_by_simulation import (
    calibrated,
    chain,
    covers,
    discard,
    edge,
    learn,
    near,
    rungs,
    strange,
    three,
    world,
)
from course_utils.simulators import npe, rejection, summaries, unknown_gaussian


class Quick(world.npe.Posterior):
    """Stands in for a trained flow: the prior, whatever y."""

    def __init__(self):
        layers = [world.MaskedAutoregressive(2, 2, (4,))]
        super().__init__(summaries.two, world.Flow(world.standard_normal(2), layers))


@cache
def small():
    """Four held-out series, pairs to train on, fresh ones."""
    z, y = world.simulated(4, 1)
    held = z, y, world.MODEL.posterior(y)
    return held, world.simulated(15_000, 0), world.simulated(200, 2)


CACHED = world.summarised, calibrated.by_number, strange.familiar, covers.log_densities


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Four held-out series, 15 000 pairs, and flows that are not trained."""
    held, pairs, fresh = small()
    for module in (world, near, rungs, calibrated, strange):
        for name, value in {
            "series": held,
            "pairs": pairs,
            "fresh": fresh,
            "trained": Quick(),
            "shown": 1,
        }.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *_, value=value, **__: value)
    for cached in CACHED:
        cached.cache_clear()
    yield
    for cached in CACHED:
        cached.cache_clear()


POLLS = {
    "floor": learn.poll_floor,
    "mean": discard.poll_mean,
    "factorised": covers.poll_factorised,
    "intractable": chain.poll_intractable,
    "prior": calibrated.poll_prior,
    "other": strange.poll_other,
    "repairs": rungs.poll_repairs,
    "seam": lambda: covers.predict_seam().poll,
    "more": lambda: near.predict_more().poll,
}


@pytest.mark.parametrize("name", POLLS)
def test_a_question_has_one_right_answer_and_every_option_a_reason(name, monkeypatch):
    monkeypatch.setattr(covers, "learn_ring", untrained_ring)
    monkeypatch.setattr(covers.vem, "best_q", lambda x, model, q, num_steps: (q, None))
    assert not ill_posed(POLLS[name]())


def test_the_right_answers_are_in_all_places():
    polls = [f() for name, f in POLLS.items() if name not in ("seam", "more")]
    places = {next(i for i, o in enumerate(poll.options) if o.right) for poll in polls}
    assert places == {0, 1, 2}


def untrained_ring():
    flow = covers.Flow(covers.standard_normal(1), [covers.Affine(1, 2)])
    posterior = npe.Posterior(torch.nn.Identity(), flow)
    return covers.Ring(posterior, posterior)


@pytest.mark.parametrize(
    "explore", [covers.explore_seam, near.explore_near, calibrated.explore_number]
)
def test_every_corner_is_a_frame_that_can_be_read(explore, monkeypatch):
    monkeypatch.setattr(covers, "learn_ring", untrained_ring)
    monkeypatch.setattr(covers.vem, "best_q", lambda x, model, q, num_steps: (q, None))
    assert not faults(explore())


def test_the_figures_can_be_read_and_describe_themselves_with_numbers():
    z, y, exact = world.series()
    assert "0.014" in drawn(
        lambda: learn.plot_floor([1.7 - k / 500 for k in range(700)], 0.014, 1.74)
    )
    theta = unknown_gaussian.PRIOR.sample(200).float()
    ten = unknown_gaussian.simulate(theta)
    embedding = summaries.Standardised(lambda y: y[:, :2], ten)
    flow = world.Flow(world.standard_normal(2), [world.MaskedAutoregressive(2, 2, (4,))])
    assert "40 percent" in drawn(lambda: learn.plot_truth(npe.Posterior(embedding, flow), ten[:2]))
    parts = {"mean and sd": (0.0, 0.017), "mean alone": (0.44, 0.026)}
    assert "0.440 nats discarded" in drawn(lambda: discard.plot_parts(parts))
    assert "zeros" in drawn(lambda: chain.plot_series(y[:2], z[:2]))
    assert "correlation -0." in drawn(lambda: chain.plot_exact(exact, z, 1))
    names = ["prior", *(f"{k}: {m}" for k in ("two", "Wood") for m in ("ABC", "adjusted", "NPE"))]
    found = {name: torch.rand(4) + 0.3 for name in [*names, "Wood: NPE factorised"]}
    assert "Wood: ABC" in drawn(lambda: rungs.plot_rungs(found))
    q = npe.Posterior(
        torch.nn.Identity(), world.Flow(world.standard_normal(1), [world.Affine(1, 1)])
    )
    assert "15.9% of it lies beyond" in drawn(lambda: edge.plot_leak(q, q))  # N(0, 1), so far
    u = torch.linspace(-3, 3, 7).double()
    grid = torch.cartesian_prod(u, u, u)
    mass = (-grid.square().sum(1) / 2).softmax(0)
    said = drawn(
        lambda: three.plot_three(torch.randn(200, 3), grid, mass, torch.tensor([-1.0, 0, 0]))
    )
    assert "log σ has mean 0.00 and sd 1.0" in said.replace("-0.00", "0.00")
    surveyed = dict.fromkeys(strange.WORLDS, (0.5, 0.4, 0.5, 0.15))
    assert "15% flagged" in drawn(lambda: strange.plot_survey(surveyed))
    answer = strange.Answer(torch.randn(50, 2) * 0.1 + 3, exact, 0.004, True)
    assert "flagged as strange" in drawn(lambda: strange.plot_answer(answer, y[0]))
    said = drawn(lambda: strange.plot_answer(answer, y[0], torch.zeros(1, 2)))
    assert "The truth is 3.80 and 2.30." in said
    beyond = answer._replace(exact=None)
    assert "is beyond the prior's tails" in drawn(lambda: strange.plot_answer(beyond, y[0]))


def test_three_methods_stand_on_the_exact_posterior():
    _, _, exact = world.series()
    assert (rungs.gaps_of_prior() > 0).all()
    own = [torch.randn(4000, 2).double() @ torch.linalg.cholesky(c).mT + m
           for m, c in zip(exact.mean, exact.cov, strict=True)]  # fmt: skip
    assert (near.gaps_of(own) < 0.01).all()
    half = torch.cat([torch.ones(2000), torch.zeros(2000)]).double()  # the second half is nonsense
    mixed = [rejection.Adjusted(torch.cat([cloud[:2000], cloud[2000:] + 9]), half) for cloud in own]
    assert (near.gaps_of(mixed) < 0.01).all()
    assert rungs.gaps_of_nearest("two").mean() < rungs.gaps_of_prior().mean()
    assert rungs.gaps_of_adjusted("two").mean() < rungs.gaps_of_prior().mean()
    assert torch.allclose(world.gaps(Quick()), rungs.gaps_of_prior(), atol=0.01)


def test_the_references_are_the_librarys():
    s, observed = torch.randn(50, 3).double(), torch.randn(3).double()
    kept = rejection.accept(s, observed, 9)
    assert set(near.accept(s, observed, 9).nonzero()[:, 0].tolist()) == set(kept.tolist())
    y = torch.randn(1, 10).double() + 1
    ours, theirs = discard.update(y.mean(), 10, 1.0, 3.0, 3.0), unknown_gaussian.from_mean(y)
    assert [float(part) for part in ours] == pytest.approx([part.item() for part in theirs])
    counts = torch.poisson(8 * torch.rand(60).double() + 2) + 1
    level, log_phi = rungs.estimates(counts[:-1], counts[1:])
    assert summaries.growth(counts[None])[0, :2].tolist() == pytest.approx(
        [level.item(), -(-log_phi).exp().item()], abs=1e-3
    )


def test_a_survey_of_worlds_and_its_exact_bayes():
    found = strange.survey(num=100)
    assert found.keys() == strange.WORLDS.keys()
    assert 0.8 < found["the model itself"][0] <= 1  # the prior covers
    assert strange.EXACT.keys() == found.keys()
