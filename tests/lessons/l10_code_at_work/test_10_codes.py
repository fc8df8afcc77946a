"""Lesson 10: questions, explorers, figures, stored tables, and what its modules compute."""

import re
from functools import cache
from math import pi
from pathlib import Path

import pytest
import torch
from pictures import drawn, faults
from questions import ill_posed
from torch.distributions import Normal

from course_utils import data, deep, vae
from course_utils.codes import conditional, paths, stored
from course_utils.lessons import l10_code_at_work as lesson
from course_utils.lessons.l10_code_at_work import (
    answer,
    attribute,
    between,
    clusters,
    half,
    loss,
    metric,
    noise,
)


@cache
def small():
    torch.manual_seed(0)
    return vae.Encoder(64, 2), vae.Decoder(2, 64, sigma2=0.1)


@cache
def way():
    _, decoder = small()
    return between.Ways(decoder, torch.zeros(2).double(), torch.ones(2).double())


PREDICTIONS = {
    "answer": cache(half.predict_answer),
    "views": cache(answer.predict_views),
    "slant": cache(attribute.predict_slant),
    "chord": cache(metric.predict_chord),
}
POLLS = {
    **{f"recall {n}": (lambda n=n: lesson.recall(n)) for n in (1, 2, 3)},
    **{name: (lambda ask=ask: ask().poll) for name, ask in PREDICTIONS.items()},
    "draw": half.poll_draw,
    "energy": lambda: loss.poll_energy(3.18, 1.7),
    "judge": loss.poll_judge,
    "limit": noise.poll_limit,
    "seam": metric.poll_seam,
    "inside": between.poll_inside,
    "dims": clusters.poll_dims,
    "prior": clusters.poll_prior,
}
EXPLORERS = {
    **{name: (lambda ask=ask: ask().demo) for name, ask in PREDICTIONS.items()},
    "paths": lambda: between.explore_paths(small()[1], {"2 → 5": way(), "4 → 7": way()}),
}


def test_exercises_are_numbered_in_the_order_in_which_they_stand():
    text = (Path(__file__).parents[3] / "notebooks" / "10_code_at_work.ipynb").read_text("utf-8")
    numbers = [int(n) for n in re.findall(r"### Exercise 10\.(\d)", text)]
    assert numbers == list(range(1, 7))


def test_the_way_is_judged_by_its_mean_not_by_its_ends():
    nats, _ = between.judge([way()])
    torch.testing.assert_close(nats[0], way().nats.mean(1))


@pytest.mark.parametrize("name", POLLS)
def test_a_question_has_one_right_answer_and_every_option_a_reason(name):
    assert not ill_posed(POLLS[name]())


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_corner_is_a_frame_that_can_be_read(name):
    assert not faults(EXPLORERS[name]())


def test_the_figures_can_be_read_and_describe_themselves_with_numbers():
    x = data.digits().test[:10]
    names = ("seen", "network", "PPCA, mean", "PPCA, draw", "fog, mean", "fog, draw", "thick fog")
    errors = {"truth": 0.0} | dict.fromkeys(names, 1.48)
    rows = dict.fromkeys(errors, x[:8])
    assert "PPCA, mean: 1.48" in drawn(lambda: loss.plot_answers(rows, errors))
    errors = {"truth": 0.0} | dict.fromkeys(("seen", "linear", "PPCA", "network", "fog"), 1.48)
    noisy = dict.fromkeys(errors, x)
    assert "network 1.48" in drawn(lambda: noise.plot_cleaned(noisy, errors))
    assert "45 % 7" in drawn(attribute.plot_confounded)
    assert "Mean log p(x)" in drawn(lambda: between.plot_between(way()))
    text = drawn(lambda: clusters.plot_agreement({"64 pixels": 0.65}))
    assert "2 PCA scores: k-means 0.38 to 0.39" in text
    labels = torch.arange(1400) % 10
    text = drawn(lambda: clusters.plot_confusion((labels + 3) % 10, labels))
    assert "100% on the diagonal" in text and "1: 0, 140, 0" in text
    points = data.arc(50).x
    guess = half.moments(45, (half.across(45) @ points.T)[0])[0]
    assert "off by 0.000" in drawn(lambda: half.plot_learnt(points, guess))


# --- half --------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 45, 90])
def test_the_moments_are_those_of_many_points_that_were_seen_there(degrees):
    seen, hidden = half.across(degrees) @ data.arc(400_000).x.T
    near = (seen - 0.3).abs() < 0.01
    mean, variance = half.moments(degrees, torch.tensor([0.3]).double())
    assert hidden[near].mean().item() == pytest.approx(mean.item(), abs=0.03)
    assert hidden[near].var().item() == pytest.approx(variance.item(), rel=0.05)


def test_the_density_has_these_moments():
    place, p = half.HIDDEN, half._density(60, 0.4)
    mean, variance = half.moments(60, torch.tensor([0.4]).double())
    assert torch.trapezoid(p * place, place).item() == pytest.approx(mean.item(), abs=1e-4)
    second = torch.trapezoid(p * place**2, place).item()
    assert second - mean.item() ** 2 == pytest.approx(variance.item(), abs=1e-4)


# --- answer, loss, noise -----------------------------------------------------------------------


def test_the_views_are_what_their_names_say():
    x = torch.arange(64).double()[None]
    A = {name: view[0] for name, view in answer.VIEWS.items()}
    assert (x @ A["means of 2 × 2"].T)[0, 0] == (0 + 1 + 8 + 9) / 4
    assert (x @ A["every other row and column"].T)[0, :5].tolist() == [0, 2, 4, 6, 16]
    assert (x @ A["left half"].T)[0, :5].tolist() == [0, 1, 2, 3, 8]
    assert (x @ A["upper half"].T)[0].tolist() == list(range(32))
    for name, view in A.items():
        seen = answer.as_image(name, view, x @ view.T)
        assert seen.shape == (1, 64)
    blocks = answer.as_image("means of 2 × 2", A["means of 2 × 2"], x @ A["means of 2 × 2"].T)
    assert blocks.reshape(8, 8)[:2, :2].tolist() == [[4.5, 4.5], [4.5, 4.5]]


def test_a_linear_models_detail_and_error_add_up_to_the_truths():
    train = data.digits().train
    mu, centred = train.mean(0), train - train.mean(0)
    A = conditional.block_means(8, 2)
    mean, _ = answer.given(mu, centred.T @ centred / 1400, A, train @ A.T)
    energy = (mean - mu).square().sum(1).mean() + (train - mean).square().sum(1).mean()
    assert energy.item() == pytest.approx(centred.square().sum(1).mean().item())


def test_left_out_is_the_loop_over_images():
    images, A = data.digits().train[:20], conditional.block_means(8, 2)
    errors = []
    for n, x in enumerate(images):
        others = torch.cat([images[:n], images[n + 1 :]])
        guess = stored.Stored(others, 0.3).seen(A, x[None] @ A.T).mean
        errors.append((x - guess).square().sum())
    assert loss.left_out(images, A, 0.3) == pytest.approx((sum(errors) / 20).item())


def test_tweedie_is_the_gaussian_posterior_mean():
    y = torch.linspace(-2, 2, 5).double()[:, None]
    found = noise.tweedie(lambda y: Normal(0.5, 5**0.5).log_prob(y).sum(1), y, 1.0)
    torch.testing.assert_close(found, 0.5 + 4 / 5 * (y - 0.5))


# --- attribute ---------------------------------------------------------------------------------


def test_directions_keep_and_move_what_the_lesson_says():
    of = attribute.codes()
    assert of.moved("naive", -1.0)[1:] == pytest.approx((-0.155, 0.443), abs=2e-3)
    assert of.moved("naive", 1.0)[1:] == pytest.approx((0.248, 0.584), abs=2e-3)
    assert of.moved("balanced", -1.0)[1:] == pytest.approx((-0.105, 0.866), abs=2e-3)
    assert of.moved("balanced", 1.0)[1:] == pytest.approx((0.194, 0.877), abs=2e-3)
    assert of.moved("naive", 0.0)[2] == 1
    assert of.at_slant("naive", 0.201) == pytest.approx(0.584, abs=5e-3)


def test_a_judge_errs_on_a_true_shear_too():
    of = attribute.codes()
    assert of.sheared(0.0) == 1
    assert 0.85 < of.sheared(0.15) < 0.97
    assert all(of.sheared(s) > of.at_slant("balanced", s) + 0.03 for s in (-0.15, 0.15))


def test_a_split_holds_every_image_once():
    images = data.digits()
    of = attribute.split(3)
    assert len(of.test) == 397
    assert not torch.equal(of.model.mu, images.train.mean(0))


# --- metric, between ---------------------------------------------------------------------------


def test_jacobians_are_those_in_the_middle_of_each_step():
    path = paths.straight(*torch.tensor([[0.0, 0.1], [1.0, 0.5]]).double(), 4)
    J = metric.jacobians(metric.polar, path)
    middle = (path[1:] + path[:-1]) / 2
    G = paths.metric(metric.polar, middle)
    torch.testing.assert_close(J.mT @ J, G)
    radius = (2 * middle[:, 1]).exp()  # polar's metric is e^2r I
    torch.testing.assert_close(G, radius[:, None, None] * torch.eye(2).double())


@pytest.mark.parametrize("angle", metric.ANGLES)
def test_the_routes_are_the_arc_and_its_chord(angle):
    line, short = map(metric.polar, metric.routes(angle))
    half_angle = torch.tensor(angle * pi / 360).double()
    lengths = [x.diff(dim=0).norm(dim=1).sum().item() for x in (line, short)]
    assert lengths[0] == pytest.approx(2 * half_angle.item(), rel=1e-2)
    assert lengths[1] == pytest.approx(2 * half_angle.sin().item(), rel=1e-4)


def test_the_numbers_of_the_seam():
    angle = 2 * pi * torch.special.ndtr(torch.tensor([-1.5, 1.5])).diff().item()
    assert (round(angle, 2), round(2 * pi - angle, 2)) == (5.44, 0.84)


def test_the_pairs_are_of_two_digits_and_no_two_alike():
    labels, found = data.digits().test_labels, between.pairs(6)
    assert len(found) == 6
    assert all(name == f"{labels[i]} → {labels[j]}" for name, (i, j) in found.items())
    assert len(set(found)) == 6 and all(i != j for i, j in found.values())


def test_for_a_linear_decoder_all_three_ways_are_one():
    torch.testing.assert_close(way().images[0], way().images[2], atol=1e-5, rtol=0)
    torch.testing.assert_close(way().lengths, way().lengths[:1].expand(3), atol=1e-4, rtol=0)


def test_ways_are_scored_by_the_evidence():
    _, decoder = small()
    found = way()
    exact = deep.log_evidence(found.images[0, :3].float(), decoder)
    torch.testing.assert_close(found.nats[0, :3], exact, atol=1e-2, rtol=0)


# --- clusters ----------------------------------------------------------------------------------


def test_agreement_is_one_for_renamed_classes_and_near_zero_by_chance():
    labels = data.digits().train_labels
    assert clusters.agreement((labels + 3) % 10, labels) == 1
    torch.manual_seed(0)
    assert abs(clusters.agreement(torch.randint(10, (1400,)), labels)) < 0.01


def test_the_stored_tables_say_what_the_polls_do():
    plain, mixture = clusters.PRIORS.values()
    more = torch.tensor(mixture[0]) - torch.tensor(plain[0])
    assert more.mean().abs() < 2 * more.std() / 5**0.5  # no difference that five seeds can tell
    assert all(b < a for a, b in zip(plain[1], mixture[1], strict=True))
    two, latents = clusters.AGREEMENT["2 PCA scores"], clusters.AGREEMENT["2 latents, VAE"]
    assert min(min(latents[0]), min(latents[1])) > max(max(two[0]), max(two[1]))
