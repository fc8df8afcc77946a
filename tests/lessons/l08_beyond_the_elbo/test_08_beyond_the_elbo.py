"""Lesson 08's questions, figures, stored tables, and the formulas behind its exercises."""

import pytest
import torch
from pictures import drawn, faults
from questions import ill_posed
from torch.distributions import Normal

from course_utils import bounds, deep, exact
from course_utils.lessons import l08_beyond_the_elbo as lesson
from course_utils.lessons.l08_beyond_the_elbo import (
    annealing,
    budget,
    cases,
    cover,
    gradients,
    seam,
    sleeping,
    spread,
    training,
    upper,
)

POLLS = {
    **{f"recall {n}": (lambda n=n: lesson.recall(n)) for n in (1, 2, 3)},
    "same elbo": lambda: cover.predict_same_elbo().poll,
    "cover": lambda: seam.predict_cover().poll,
    "noise": lambda: gradients.predict_noise().poll,
    "area": lambda: annealing.predict_area().poll,
    "harmonic": upper.poll_harmonic,
    "training": training.poll_training,
}
EXPLORERS = {
    "spread": spread.explore_spread,
    "same elbo": cover.explore_same_elbo,
    "best q": seam.explore_best_q,
    "best q of alpha": seam.explore_best_renyi_q,
    "noise": gradients.explore_noise,
    "area": annealing.explore_area,
    "budget": budget.explore_budget,
}


@pytest.mark.parametrize("name", POLLS)
def test_a_question_has_one_right_answer_and_every_option_a_reason(name):
    assert not ill_posed(POLLS[name]())


def test_the_right_answers_place_gives_none_away():
    places = [[o.right for o in POLLS[name]().options].index(True) for name in POLLS]
    assert max(map(places.count, places)) <= len(places) / 2


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_corner_is_a_frame_that_can_be_read(name):
    assert not faults(EXPLORERS[name]())


def test_the_figures_can_be_read_and_describe_themselves_with_numbers():
    torch.manual_seed(0)
    estimates = {K: 0.1 + torch.randn(300).double() * 0.3 for K in (10, 100)}
    assert "0.54 nats" in drawn(lambda: upper.plot_falling_through(estimates, 0.54))
    states, ends = -2.3 + 0.3 * torch.randn(50, 20).double(), 2.3 * torch.randn(400).sign().double()
    text = drawn(lambda: lesson.plot_chains(states, ends, torch.zeros(400).double(), 5.0))
    assert "0 of 20 HMC chains" in text
    text = drawn(training.plot_training)
    assert "5, DReG: ELBO 14.1, evidence 21.4" in text
    assert "1 × 20: ELBO 5.6, evidence 22.2" in text
    gaps = {"by the ELBO": torch.tensor([0.9, 0.5, 0.3]), "asleep": torch.tensor([4.0, 0.1, 0.002])}
    gaps = {name: values[:, None] * torch.tensor([0.5, 1.5]) for name, values in gaps.items()}
    assert "0.0020 at K = 100" in drawn(lambda: sleeping.plot_sleep(gaps))


@pytest.mark.parametrize("K", [1, 5, 6, 10, 100])
def test_no_gaussian_near_the_stored_one_nor_of_the_other_kind_is_better_at_the_seam(K):
    log_joint = cases.seam_log_joint()

    def bound(mean, scale):
        return exact.log_mean(*cases.seam_weights(log_joint, mean, scale), K).item()

    mean, scale = seam.SEAM[K]
    best = bound(mean, scale)
    for shift, factor in ((0.05, 1), (-0.05, 1), (0, 1.05), (0, 0.95)):
        assert bound(mean + shift, scale * factor) < best
    others = [(-2.35, s) for s in (0.3, 0.35, 0.4, 0.45)] if mean == 0 else []
    others += [(0.0, s) for s in (2.3, 2.6, 3.0, 3.5)] if mean != 0 else []
    assert all(bound(*other) < best for other in others)


@pytest.mark.parametrize("alpha", seam.SEAM_RENYI)
def test_no_gaussian_near_the_stored_one_nor_of_the_other_kind_has_a_better_renyi_bound(alpha):
    log_joint = cases.seam_log_joint()
    log_p = seam.renyi_exact(*cases.seam_weights(log_joint, 0.0, 2.3), 0.0)

    def gap(mean, scale):
        bound = seam.renyi_exact(*cases.seam_weights(log_joint, mean, scale), alpha)
        return abs((log_p - bound).item())  # below log p(x) or, for alpha < 0, above

    mean, scale = seam.SEAM_RENYI[alpha]
    best = gap(mean, scale)
    for shift, factor in ((0.05, 1), (-0.05, 1), (0, 1.05), (0, 0.95)):
        assert gap(mean + shift, scale * factor) > best
    others = [(-2.35, s) for s in (0.15, 0.3, 0.35, 0.4)] if mean == 0 else []
    others += [(0.0, s) for s in (2.3, 2.5, 2.8, 4.0)] if mean != 0 else []
    assert all(gap(*other) > best for other in others)


def test_the_correlated_case_is_normalised_and_mean_field_is_the_elbos_best():
    for variance in (0.19, 1.0, 1.5):
        log_w, mass = cases.correlated(0.9, variance)
        mass = mass / mass.sum()
        assert (mass.log() + log_w).logsumexp(0).item() == pytest.approx(0, abs=1e-6)
    elbos = [exact.log_mean(*cases.correlated(0.9, v), 1) for v in (0.15, 0.19, 0.24)]
    assert elbos[1] > max(elbos[0], elbos[2])


def test_mean_fields_weights_have_the_tail_index_that_the_text_says():
    """k = rho: E_q w^a is finite if and only if a < 1 / rho."""
    z = 0.19**0.5 * torch.randn(200_000, 4, 2, dtype=torch.float64)
    posterior = torch.tensor([[1.0, 0.9], [0.9, 1.0]]).double()
    p = torch.distributions.MultivariateNormal(torch.zeros(2).double(), posterior)
    log_w = p.log_prob(z) - Normal(0.0, 0.19**0.5).log_prob(z).sum(-1)
    assert (bounds.pareto_k(log_w) - 0.9).abs().max() < 0.2


@pytest.mark.parametrize("K", [1, 3, 30])
def test_the_clouds_have_the_exact_means(K):
    found, (of_mean, of_theta) = (
        gradients.clouds(K, 2 / 3, 40_000),
        gradients.exact_gradient(K, 2 / 3),
    )
    for cloud, truth in zip(found, (of_mean, of_mean, of_theta), strict=True):
        assert abs(cloud.mean() - truth) < 4 * cloud.std() / 200


def test_one_samples_gradient_is_the_elbos():
    """-KL(N(m, v) || N(1/2, 1/2)): the posterior of z given x = 1 at theta = 0."""
    assert gradients.exact_gradient(1, 0.3)[0] == pytest.approx(-(0.8 - 0.5) / 0.5, abs=1e-6)


def test_the_references_are_the_librarys():
    log_w = torch.randn(6, 5).double()
    assert torch.allclose(spread.k_sample_bound(log_w, 6), bounds.bound(log_w))
    halves = bounds.bound(log_w[:3]) / 2 + bounds.bound(log_w[3:]) / 2
    assert torch.allclose(spread.k_sample_bound(log_w, 3), halves)
    for alpha in (-1.0, 0.0, 0.5, 1, 2.0):
        assert torch.allclose(upper.renyi_bound(log_w, alpha)[0], bounds.renyi(log_w, alpha))


@pytest.mark.parametrize("alpha", [-1.0, 0.5, 1, 2.0])
def test_the_side_of_renyis_estimate_is_the_one_the_exercise_asks_for(alpha):
    log_w, mass = cases.standard(0.5, 0.8)
    bound = seam.renyi_exact(log_w, mass, alpha)
    z = 0.5 + 0.8 * torch.randn(5, 40_000, generator=torch.Generator().manual_seed(0)).double()
    weights = Normal(0.0, 1.0).log_prob(z) - Normal(0.5, 0.8).log_prob(z)
    values, side = upper.renyi_bound(weights, alpha)
    error = values.std() / len(values) ** 0.5
    assert side == (0 if abs(values.mean() - bound) < 4 * error else (values.mean() - bound).sign())


def test_the_tail_index_is_rho_and_nothing_is_lost_where_q_covers():
    covariance = torch.tensor([[1.0, 0.9], [0.9, 1.0]]).double()
    assert cover.tail_index(covariance, torch.full((2,), 0.19).double()).item() == pytest.approx(
        0.9
    )
    assert cover.tail_index(covariance, torch.full((2,), 2.0).double()) == 0
    wide = cover.tail_index(covariance, torch.ones(2).double())  # the right marginals: 1 - 1 / 1.9
    assert wide.item() == pytest.approx(1 - 1 / 1.9)


def test_the_backward_weight_is_the_forward_weight_of_the_path_read_forwards():
    betas = torch.tensor([0.0, 0.1, 0.4, 1.0]).double()
    log_joint, log_q = torch.randn(2, 4, 5).double()
    forward = annealing.annealed_log_weight(betas, log_joint.flip(0), log_q.flip(0))
    assert torch.allclose(annealing.backward_log_weight(betas, log_joint, log_q), forward)


def test_the_exact_states_are_those_of_the_path():
    """At beta, N(0.5, 0.64)^(1 - beta) N(0, 1)^beta: its mean and variance on a grid."""
    betas = torch.tensor([0.0, 0.3, 1.0]).double()
    torch.manual_seed(0)
    z = annealing.exact_states(betas, 100_000)
    for beta, drawn_there in zip(betas, z, strict=True):
        log_w, mass = cases.standard(0.5, 0.8)
        density = (mass.log() + beta * log_w).softmax(0)
        mean = (density * cases.NODES).sum()
        variance = (density * (cases.NODES - mean) ** 2).sum()
        assert abs(drawn_there.mean() - mean) < 0.015 and abs(drawn_there.var() - variance) < 0.02


def test_the_dreg_of_the_exercise_is_the_clouds():
    eps = torch.randn(9, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    z = 0.8 + (2 / 3) ** 0.5 * eps
    log_w = -(z**2) / 2 - (1 - z) ** 2 / 2 + eps**2 / 2
    slope = 1 - 2 * z + eps / (2 / 3) ** 0.5
    theirs = gradients.clouds(9, 2 / 3, 1, seed=3).dreg
    assert torch.allclose(gradients.dreg(log_w, slope, torch.ones(9).double()), theirs)


def test_annealing_in_one_step_is_the_weight_of_importance_sampling():
    log_joint, log_q = torch.randn(2, 2, 6).double()
    weight = annealing.annealed_log_weight(torch.tensor([0.0, 1.0]).double(), log_joint, log_q)
    assert torch.equal(weight, (log_joint - log_q)[0])


def test_turning_the_latents_leaves_the_evidence_and_spoils_mean_field():
    model = budget.turned(5)
    assert model.log_evidence(torch.zeros(1, 64).double()).isfinite().all()
    gram = model.W.T @ model.W
    assert (gram - gram.diagonal().diag()).abs().max() > 0.1
    x = deep.linear(model).sample(3)
    q, precision = budget.mean_field(model, x), torch.linalg.inv(model.G).diagonal()
    assert torch.allclose(q.mean, model.posterior(x).mean)
    assert torch.allclose(q.variance, (1 / precision).expand(3, 5))


def test_a_warning_is_returned_as_words():
    def warns():
        import warnings

        warnings.warn("short by 3 nats", bounds.Unreliable, stacklevel=1)
        return 4

    assert budget.quietly(warns) == (4, "short by 3 nats")
    assert budget.quietly(lambda: 5) == (5, "(no warning)")


def test_the_stored_runs_have_the_signs_the_text_says():
    one, five, dreg = torch.tensor(training.RUNS).unbind(1)
    assert (dreg > five)[:, 1].all()
    gain, loss = five[:, 1] - one[:, 1], one[:, 0] - five[:, 0]
    assert gain.min() > 1.05 and gain.max() < 2.85
    assert (loss > 0).sum() == 4 and 0.9 < loss.mean() < 1.2
    outside, four, inside, dreg = torch.tensor(training.EQUAL).unbind(1)
    assert ((inside - outside)[:, 1] > 1.4).all() and ((inside - outside)[:, 0] < -5).all()
    assert ((four - outside)[:, 1] > 0.7).all()
    assert abs((dreg - inside)[:, 1].mean()) < 0.5  # adds nothing
    assert outside[:, 1].mean().item() == pytest.approx(19.7, abs=0.05)
    assert inside.mean(0).tolist() == pytest.approx([5.6, 22.2], abs=0.05)


@pytest.mark.parametrize("H", [5, 10])
def test_a_stored_shortfall_is_measured_again(H):
    """The cheapest two of the table; make seeds measures them all."""
    model, x = budget.turned(H), budget.data.digits().test[:100]
    decoder, truth = deep.linear(model), model.log_evidence(x)
    (prior, _), (field, _) = (
        budget.quietly(lambda q=q: bounds.evidence(x, q, decoder, 1000))
        for q in (decoder.prior, budget.mean_field(model, x))
    )
    short = [(truth - estimate.value).mean().item() for estimate in (prior, field)]
    assert short[0] == pytest.approx(budget.SHORT[H][0], rel=0.15)
    assert short[1] == pytest.approx(budget.SHORT[H][2], abs=0.03)


def test_a_narrow_q_has_no_finite_upper_bound():
    """E_q[(p/q)^2] of Gaussians is finite if q's variance is over half of p's, and the tails decide."""
    log_joint = cases.seam_log_joint()
    assert seam.renyi(log_joint, (0.0, 0.70), -1.0) == torch.inf
    assert seam.renyi(log_joint, (0.0, 0.72), -1.0).isfinite()
    assert seam.renyi(log_joint, seam.SEAM_RENYI[1.0], -1.0) == torch.inf
    assert seam.renyi(log_joint, seam.SEAM_RENYI[1.0], 2.0).isfinite()  # p is in the denominator
    shown = seam.explore_best_renyi_q().frame(alpha=-1.0)
    assert "−∞" in shown["stuck"] and "−∞" in shown["alt"]
