"""Lesson 09, sections 5 to 7 and 9: questions, figures, stored tables, formulas of exercises."""

from math import log

import pytest
import torch
from pictures import drawn, faults
from questions import ill_posed
from torch.distributions import Normal

from course_utils import data, deep, ladder, ppca, vae
from course_utils.gaussian import Gaussian, pairwise
from course_utils.lessons import l09_unseen_by_the_objective as lesson
from course_utils.lessons.l09_unseen_by_the_objective import clusters, hierarchy, prior, samples
from course_utils.priors import aggregate, mixture


def crowd():
    torch.manual_seed(0)
    return Gaussian(torch.randn(40, 2).double(), torch.randn(40, 2).double() - 2)


def priors():
    q = crowd()
    return {C: mixture.after(q.sample((60,)).flatten(0, 1), C) for C in (1, 10)}


POLLS = {
    **{f"recall {n}": (lambda n=n: lesson.recall(n)) for n in (1, 2, 3)},
    "gain": lambda: prior.predict_gain(crowd(), priors()).poll,
    "noise": samples.poll_noise,
    "fog": lambda: samples.predict_fog().poll,
    "start": lambda: clusters.predict_start().poll,
}
EXPLORERS = {
    "gain": lambda: prior.explore_prior(crowd(), priors()),
    "tower": hierarchy.explore_tower,
    "fog": samples.explore_fog,
    "start": clusters.explore_start,
}


@pytest.mark.parametrize("name", POLLS)
def test_a_question_has_one_right_answer_and_every_option_a_reason(name):
    assert not ill_posed(POLLS[name]())


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_corner_is_a_frame_that_can_be_read(name):
    assert not faults(EXPLORERS[name]())


def test_the_figures_can_be_read_and_describe_themselves_with_numbers():
    train, decoder = data.digits().train.float(), vae.Decoder(2, 64)
    z = prior.STANDARD.sample((60,))
    text = drawn(lambda: prior.plot_hole(z, z[:, 0] > 0, decoder, train))
    assert "in the hole" in text
    model = ppca.fit(train.double(), 20)
    assert "21.4: nothing but noise" in drawn(lambda: samples.plot_noise(model, 25.3, 21.38))
    assert "correlation 0.65" in drawn(lambda: clusters.plot_starts(clusters.STARTS[:2]))
    rows = {"VAE": train[:10], "WAE": train[10:20]}
    scores = {"VAE": (5.1, 19.5), "WAE": (5.6, 12.5)}
    assert "evidence 12.5" in drawn(lambda: samples.plot_crowds(rows, scores))


def test_surgery_is_the_librarys_split():
    q, axis = crowd(), torch.linspace(-7, 7, 401).double()
    z = torch.cartesian_prod(axis, axis)
    area = (14 / 400) ** 2
    found = prior.surgery(pairwise(q, z).T, prior.STANDARD.log_prob(z), area)
    parts = aggregate.split(q, prior.STANDARD, (axis, axis))
    torch.testing.assert_close(torch.stack(found), torch.stack(parts), atol=1e-5, rtol=1e-5)


def test_the_hole_is_where_the_prior_is_ten_times_denser():
    z = torch.tensor([[0.0, 0.0], [5.0, 5.0]]).double()
    far = Gaussian(torch.full((3, 2), 5.0).double(), torch.zeros(3, 2).double())
    assert prior.in_hole(far, z).tolist() == [True, False]


@pytest.mark.parametrize("scale", [0.1, 0.14])
def test_the_fogs_scores_are_densities_by_plain_loops(scale):
    train, test = data.digits().train[:30], data.digits().test[:9]
    squares = torch.cdist(train, train).square(), torch.cdist(test, train).square()
    seen, unseen, tested = samples._scores(*squares, scale)

    def score(x, images):
        each = torch.stack([Normal(image, scale).log_prob(x).sum() for image in images])
        return (each.logsumexp(0) - log(len(images))).item()

    others = [torch.cat([train[:n], train[n + 1 :]]) for n in range(30)]
    assert seen == pytest.approx(sum(score(x, train) for x in train) / 30)
    assert tested == pytest.approx(sum(score(x, train) for x in test) / 9)
    assert unseen == pytest.approx(sum(map(score, train, others)) / 30)


def test_the_best_fog_on_left_out_images_is_the_rungs():
    train, test = data.digits()[:2]
    squares = torch.cdist(train, train).square(), torch.cdist(test, train).square()
    scores = {scale: samples._scores(*squares, scale) for scale in samples.SCALES}
    best = max(scores, key=lambda scale: scores[scale][1])
    assert best == 0.14
    rung = ladder.DIGITS["training set + fog"]
    assert scores[best][2] == pytest.approx(rung.evidence, abs=5e-4)
    assert rung.evidence > max(r.evidence for n, r in ladder.DIGITS.items() if "fog" not in n)


def test_noise_takes_log_100_at_most_and_can_give():
    log_p = torch.linspace(-300, 300, 50).double()
    lost = log_p - samples.noisy(log_p)
    assert lost.max() <= log(100) + 1e-9 and lost.min() < 0
    total = 0.01 * 3 + 0.99  # densities on the cube
    assert samples.noisy(torch.tensor(3.0).log()).exp().item() == pytest.approx(total)


def test_accuracy_is_the_best_naming_of_the_clusters():
    labels = torch.tensor([0, 0, 1, 1, 2, 3])
    assert clusters.accuracy((labels + 4) % 10, labels) == 1
    assert clusters.accuracy(torch.zeros(6).long(), labels) == pytest.approx(1 / 3)
    assert clusters.accuracy(torch.tensor([5, 5, 5, 5, 6, 6]), labels) == pytest.approx(3 / 6)


def test_em_from_the_labels_climbs_away_from_them():
    x, test, labels = clusters.binary()
    models = clusters.from_labels()
    evidence = torch.stack([model.log_evidence(x).mean() for model in models])
    assert evidence[0].item() == pytest.approx(-19.576, abs=1e-3)
    assert evidence[-1].item() == pytest.approx(-19.308, abs=1e-3)
    assert evidence[:15].diff().min() > 0
    right = [clusters.accuracy(m.log_joint(x).argmax(1), labels) for m in (models[0], models[-1])]
    assert right == pytest.approx([0.885, 0.815], abs=1e-3)
    assert models[-1].log_evidence(test).mean() > models[0].log_evidence(test).mean() + 0.1


def test_the_stored_tables_have_what_the_text_says():
    evidence, right = torch.tensor(clusters.STARTS).T
    assert len(evidence) == 40 and right.max() < 0.815 and (evidence > -19.308).sum() > 24
    text = {
        "k-means, black and white": (0.70, 0.74),
        "k-means": (0.76, 0.79),
        "Gaussian mixture": (0.71, 0.80),
        "mixture, 2 latents": (0.65, 0.79),
        "mixture, 8 latents": (0.79, 0.86),
        "mixture as prior, 8 latents": (0.80, 0.88),
    }
    of_eight = [max(clusters.STARTS[n : n + 8])[1] for n in range(0, 40, 8)]
    assert (round(min(of_eight), 2), round(max(of_eight), 2)) == (0.72, 0.74)
    for name, (low, high) in text.items():
        values = clusters.OTHERS[name]
        assert (round(min(values), 2), round(max(values), 2)) == (low, high)


@pytest.mark.parametrize("a", [0.0, 1.0, 2.0])
def test_a_linear_tower_is_one_layer_and_its_prior_is_normalised(a):
    x = hierarchy.clumps(20)
    W = hierarchy.VARIANCE**0.5 * hierarchy.ALONG[:, None]
    one = ppca.PPCA(W, 0 * hierarchy.ALONG, hierarchy.SIGMA2)
    model = hierarchy.Stack(hierarchy.Tower(a, False))
    found = deep.log_evidence(x, model, hierarchy.NODES)
    torch.testing.assert_close(found, one.log_evidence(x), atol=1e-6, rtol=0)
    for bent in (False, True):
        tower = hierarchy.Tower(a, bent)
        density = tower.log_prob(torch.cartesian_prod(*hierarchy.NODES)).exp()
        cell = [nodes[1] - nodes[0] for nodes in hierarchy.NODES]
        assert (density.sum() * cell[0] * cell[1]).item() == pytest.approx(1, abs=1e-5)
        z = tower.sample((40_000,))
        assert z.var(0).tolist() == pytest.approx([hierarchy.VARIANCE, 1], rel=0.03)


def test_the_towers_rates_are_closed_forms_for_a_line():
    """x . ALONG and its noise are Gaussian: rates by the formulas of PPCA."""
    x, a = hierarchy.clumps(15), 1.5
    v = hierarchy.VARIANCE - a**2
    cov = torch.tensor([[hierarchy.VARIANCE, a], [a, 1.0]]).double()  # of (z_1, z_2)
    prior_ = torch.distributions.MultivariateNormal(torch.zeros(2).double(), cov)
    gain = cov[:, 0] / (hierarchy.VARIANCE + hierarchy.SIGMA2)
    posterior = torch.distributions.MultivariateNormal(
        (x @ hierarchy.ALONG)[:, None] * gain, cov - torch.outer(gain, cov[0])
    )
    both = torch.distributions.kl_divergence(posterior, prior_).mean().item()
    top = torch.distributions.kl_divergence(
        Normal(posterior.mean[:, 1], posterior.variance[:, 1] ** 0.5), Normal(0.0, 1.0)
    )
    found = hierarchy.rates(x, hierarchy.Stack(hierarchy.Tower(a, False)))
    assert v > 0 and found == pytest.approx((top.mean().item(), both), abs=1e-4)
