"""Lesson 08's figures that need no training, each against quadrature. (The slow ones: seeds.)"""

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from course_utils import data, exact
from course_utils.lessons.l08_beyond_the_elbo import budget, cases, cover, gradients, seam


def gap(weights, K):
    return -exact.log_mean(*weights, K).item()


@pytest.mark.parametrize(
    ("scale", "gaps", "above"),
    [(1.2, (0.1627, 0.0104, 0.0010), 0.0101), (0.8, (0.1681, 0.0413, 0.0066), 0.0513)],
)
def test_two_q_with_one_elbo_are_not_the_same_bound(scale, gaps, above):
    weights = cases.standard(0.5, scale)
    assert [gap(weights, K) for K in (1, 10, 100)] == pytest.approx(gaps, abs=6e-5)
    assert exact.log_mean_upper(*weights, 10).item() == pytest.approx(above, abs=6e-5)


TABLE = {
    0.19: (0.830, 0.669, 0.605, 0.460, 0.287, 0.189),
    1.0: (3.433, 1.090, 0.553, 0.113, 0.013, 0.0015),
}
COUNTS = (1, 2, 3, 10, 100, 1000)


@pytest.mark.parametrize("variance", TABLE)
def test_mean_field_against_the_right_marginals(variance):
    weights = cases.correlated(0.9, variance)
    assert [gap(weights, K) for K in COUNTS] == pytest.approx(TABLE[variance], abs=1.1e-3)


@pytest.mark.parametrize(
    ("K", "variance"),
    [(1, 0.19), (2, 0.35), (3, 0.52), (10, 1.15), (100, 1.42), (1000, 1.44)],
)
def test_the_best_variance_grows_with_K(K, variance):
    narrower, best, wider = (
        gap(cases.correlated(0.9, variance * factor), K) for factor in (0.93, 1, 1.07)
    )
    assert best < narrower and best < wider


def test_for_many_samples_the_best_variance_has_the_least_variance_of_weights():
    """E_q w^2 = prod_i v / (l_i sqrt(2 v / l_i - 1)) over the posterior's variances l_i."""
    posterior, v = torch.tensor([1.9, 0.1]).double(), torch.linspace(1.2, 1.8, 601).double()
    ratio = v[:, None] / posterior
    squares = (ratio.log() - (2 * ratio - 1).log() / 2).sum(1)
    assert v[squares.argmin()].item() == pytest.approx(1.434, abs=1e-3)


def test_the_wide_q_at_the_seam_is_hopeless_with_one_sample_and_best_with_ten():
    log_joint = cases.seam_log_joint()
    log_p = (log_joint + (cases.WIDE[1] - cases.WIDE[0]).log()).logsumexp(0).item()
    posterior = (log_joint - log_joint.max()).exp()
    moments = (0.0, ((posterior * cases.WIDE**2).sum() / posterior.sum()).sqrt().item())
    assert moments[1] == pytest.approx(2.395, abs=2e-3)
    for q, lacks in (
        (seam.SEAM[1], {1: 0.782, 10: 0.716, 100: 0.702}),
        (seam.SEAM[10], {1: 43.9, 10: 0.234}),
        (seam.SEAM[100], {1: 46.8, 100: 0.015}),
        (moments, {1: 45.4, 10: 0.235, 100: 0.015}),  # the least forward KL
    ):
        weights = cases.seam_weights(log_joint, *q)
        found = [log_p + gap(weights, K) for K in lacks]
        assert found == pytest.approx(list(lacks.values()), abs=2e-3, rel=4e-3)


def test_renyis_bound_falls_in_alpha():
    weights = cases.standard(0.5, 0.8)
    found = [seam.renyi_exact(*weights, alpha).item() for alpha in (-1.0, 0.0, 0.5, 1.0, 2.0)]
    assert found == pytest.approx([0.5415, 0, -0.1009, -0.1681, -0.2532], abs=1e-4)


@pytest.mark.parametrize(
    ("variance", "name", "ratios", "rel"),
    [
        (2 / 3, "plain", (0.367, 0.094, 0.029, 0.009), 0.06),
        (2 / 3, "dreg", (1.47, 3.22, 10.2, 32.6), 0.06),
        (2 / 3, "theta", (0.98, 2.28, 7.10, 22.6), 0.06),
        (0.3, "dreg", (0.82, 0.87, 0.51, 0.24), 0.35),  # infinite fourth moment: the ratio wanders
    ],
)
def test_signal_over_noise(variance, name, ratios, rel):
    for K, ratio in zip((1, 10, 100, 1000), ratios, strict=True):
        of_mean, of_theta = gradients.exact_gradient(K, variance)
        cloud = getattr(gradients.clouds(K, variance, 4000), name)
        truth = of_theta if name == "theta" else of_mean
        assert gradients.signal_to_noise(cloud, truth) == pytest.approx(ratio, rel=rel)


@pytest.mark.parametrize(
    ("H", "field", "marginal", "index", "to_prior"),
    [
        (5, 0.087, 0.097, 0.40, 6.49),
        (10, 0.745, 1.000, 0.58, 12.84),
        (20, 3.523, 6.393, 0.80, 25.60),
    ],
)
def test_what_turned_latents_cost_a_factorised_q(H, field, marginal, index, to_prior):
    model, x = budget.turned(H), data.digits().test
    posterior, variances = model.posterior(x), budget.mean_field(model, x).variance[0]
    centred = MultivariateNormal(torch.zeros(H).double(), model.G)
    for kept, gap_there in ((variances, field), (model.G.diagonal(), marginal)):
        q = MultivariateNormal(centred.mean, kept.diag())
        assert kl_divergence(q, centred).item() == pytest.approx(gap_there, abs=1e-3)
    assert cover.tail_index(model.G, variances).item() == pytest.approx(index, abs=5e-3)
    prior = MultivariateNormal(centred.mean, torch.eye(H).double())
    nats = kl_divergence(MultivariateNormal(posterior.mean, model.G), prior)
    assert nats.mean().item() == pytest.approx(to_prior, abs=6e-3)
    assert H < 20 or nats.max().item() == pytest.approx(36.1, abs=0.05)
