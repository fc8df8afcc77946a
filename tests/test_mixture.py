"""Mixtures of Bernoullis; those of Gaussians are tested with EM."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Categorical, Independent, MixtureSameFamily

from course_utils.mixture import BernoulliMixture, Mixture

few = settings(deadline=None, max_examples=20, derandomize=True)
seeds = st.integers(0, 10_000)


def problem(seed, components=3, pixels=5, num_points=12):
    torch.manual_seed(seed)
    weights = torch.rand(components).double() + 0.1
    means = 0.02 + 0.96 * torch.rand(components, pixels).double()
    x = (torch.rand(num_points, pixels) < 0.5).double()
    return BernoulliMixture(weights / weights.sum(), means), x


def torchs(model):
    return MixtureSameFamily(Categorical(model.weights), Independent(Bernoulli(model.means), 1))


@few
@given(seeds)
def test_the_evidence_is_torchs(seed):
    model, x = problem(seed)
    torch.testing.assert_close(model.log_evidence(x), torchs(model).log_prob(x))


@few
@given(seeds)
def test_the_posterior_is_bayes_rule_in_plain_loops(seed):
    model, x = problem(seed, num_points=3)
    posterior = model.posterior(x).probs
    for n, image in enumerate(x.tolist()):
        joint = []
        for weight, means in zip(model.weights.tolist(), model.means.tolist(), strict=True):
            for mean, pixel in zip(means, image, strict=True):
                weight *= mean if pixel else 1 - mean
            joint.append(weight)
        assert posterior[n].tolist() == pytest.approx([p / sum(joint) for p in joint])


def test_the_evidences_of_all_images_sum_to_1():
    model, _ = problem(0)
    images = torch.tensor(list(itertools.product([0.0, 1.0], repeat=5))).double()
    assert model.log_evidence(images).exp().sum().item() == pytest.approx(1)


@few
@given(seeds)
def test_pixels_that_are_not_seen_are_summed_over(seed):
    model, x = problem(seed)
    seen = torch.rand(5) < 0.6
    total = torch.zeros(len(x), 3).double()
    for values in itertools.product([0.0, 1.0], repeat=int((~seen).sum())):
        image = x.clone()
        image[:, ~seen] = torch.tensor(values).double()
        total += model.log_joint(image).exp()
    torch.testing.assert_close(model.log_joint(x, seen), total.log())


@few
@given(seeds)
def test_the_m_step_cannot_be_improved_with_every_count_one_higher(seed):
    _, x = problem(seed)
    q = Categorical(logits=torch.randn(len(x), 3).double())

    def target(model):
        extra = model.means.log().sum() + (1 - model.means).log().sum() + model.weights.log().sum()
        return (q.probs * model.log_joint(x)).sum() + extra

    best = BernoulliMixture.maximise(x, q)
    for _ in range(5):
        nudged = BernoulliMixture(
            (best.weights.log() + 0.05 * torch.randn(3).double()).softmax(0),
            (best.means.logit() + 0.05 * torch.randn(3, 5).double()).sigmoid(),
        )
        assert target(nudged) < target(best)


def test_laplaces_rule_counts_one_0_and_one_1_more():
    """Three images, of which the first component holds two and the second one."""
    x = torch.tensor([[1.0, 1, 0], [1, 0, 0], [0, 1, 0]]).double()
    q = Categorical(torch.tensor([[1.0, 0], [1, 0], [0, 1]]).double())
    found = BernoulliMixture.maximise(x, q)
    expected = torch.tensor([[3 / 4, 2 / 4, 1 / 4], [1 / 3, 2 / 3, 1 / 3]]).double()
    torch.testing.assert_close(found.means, expected)
    torch.testing.assert_close(found.weights, torch.tensor([3 / 5, 2 / 5]).double())


def test_a_gaussian_on_one_point_keeps_a_millionth_of_the_datas_variance():
    x = torch.tensor([[5.0, 5], [0, 1], [1, 0], [2, 3]]).double()
    q = Categorical(torch.tensor([[1.0, 0], [0, 1], [0, 1], [0, 1]]).double())
    found = Mixture.maximise(x, q)
    variance = x.var(0, correction=0).mean()
    torch.testing.assert_close(found.sigma2[0], 1e-6 * variance)
    rest = x[1:]
    torch.testing.assert_close(found.sigma2[1], (rest - rest.mean(0)).square().mean())


def test_em_never_lowers_its_target_and_no_mean_reaches_0_or_1():
    model, x = problem(3)
    x[:, 0] = 0
    values = []
    for _ in range(20):
        extra = model.means.log().sum() + (1 - model.means).log().sum() + model.weights.log().sum()
        values.append(model.log_evidence(x).sum() + extra)
        model = BernoulliMixture.maximise(x, model.posterior(x))
    assert torch.stack(values).diff().min() > -1e-10
    assert model.means.min() > 0 and model.means.max() < 1


ONES = torch.ones(2).double()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda m, x: BernoulliMixture(ONES / 2, torch.zeros(2, 3).double()), "means"),
        (lambda m, x: BernoulliMixture(ONES / 2, torch.ones(2, 3).double()), "means"),
        (lambda m, x: BernoulliMixture(ONES / 2, torch.ones(3, 3).double() / 2), "means"),
        (lambda m, x: BernoulliMixture(ONES, torch.ones(2, 3).double() / 2), "weights"),
        (lambda m, x: m.log_joint(x / 2), "binary"),
        (lambda m, x: m.log_joint(x, torch.ones(4, dtype=torch.bool)), "seen"),
        (lambda m, x: m.posterior(-x), "binary"),
        (lambda m, x: BernoulliMixture.maximise(0.5 + x, m.posterior(x)), "binary"),
        (lambda m, x: BernoulliMixture.maximise(x[1:], m.posterior(x)), "q"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        call(*problem(0))
