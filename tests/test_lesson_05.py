import itertools
from math import log, pi

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import drawn_texts, faults, unreadable
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from course_utils import deep, mixture, vem
from course_utils.lessons import l05_variational_em as lesson

few = settings(deadline=None, max_examples=20, derandomize=True)
seeds = st.integers(0, 9999)

# --- Exercises: the solution, the stub, and wrong answers as a student would write them -----


def stub_1(log_joint, spacing):
    return torch.logsumexp(log_joint, 1) + ...


def stub_2(log_q, log_joint, spacing):
    elbo = ...
    return lesson.log_evidence(log_joint, spacing) - elbo


def stub_3(covariance):
    return ...


def stub_4(log_likelihood, mu, sigma, eps):
    raise NotImplementedError


def stub_5(log_joint, means, q):
    raise NotImplementedError


def a_sum(log_joint, spacing):
    return torch.log(torch.exp(log_joint).sum(dim=1))


def spacing_added(log_joint, spacing):
    return torch.logsumexp(log_joint, 1) + spacing


def log_scaled(log_joint, spacing):
    return spacing * torch.log(torch.exp(log_joint).sum(1))


def an_average(log_joint, spacing):
    return torch.log(torch.exp(log_joint).mean(1))


def a_density(log_joint, spacing):
    return (log_joint.exp() * spacing).sum(1)


def log_integrated(log_joint, spacing):
    return torch.sum(log_joint * spacing, dim=1)


def trapezoid(log_joint, spacing):
    return torch.trapezoid(log_joint.exp(), dx=spacing, dim=1).log()


def negative_elbo(log_q, log_joint, spacing):
    return torch.trapezoid(log_q.exp() * (log_q - log_joint), dx=spacing, dim=1)


def kl(log_q, log_joint, spacing):
    log_posterior = log_joint - trapezoid(log_joint, spacing)[:, None]
    return torch.trapezoid(log_q.exp() * (log_q - log_posterior), dx=spacing, dim=1)


def kl_negated(log_q, log_joint, spacing):
    return -kl(log_q, log_joint, spacing)


def kl_reversed(log_q, log_joint, spacing):
    log_posterior = log_joint - trapezoid(log_joint, spacing)[:, None]
    return (log_posterior.exp() * (log_posterior - log_q)).sum(1) * spacing


def expectation_summed(log_q, log_joint, spacing):
    elbo = (torch.exp(log_q) * (log_joint - log_q)).sum(dim=1)
    return lesson.log_evidence(log_joint, spacing) - elbo


def entropy_forgotten(log_q, log_joint, spacing):
    energy = torch.trapezoid(log_q.exp() * log_joint, dx=spacing, dim=1)
    return lesson.log_evidence(log_joint, spacing) - energy


def posterior_summed(log_q, log_joint, spacing):
    log_posterior = log_joint - log_joint.logsumexp(1, keepdim=True)
    return (log_q.exp() * (log_q - log_posterior) * spacing).sum(1)


def conditional(covariance):
    """Var(z_i | the others), by Schur's complement."""
    H, out = len(covariance), []
    for i in range(H):
        rest = [j for j in range(H) if j != i]
        across = covariance[i, rest]
        explained = across @ torch.linalg.solve(covariance[rest][:, rest], across)
        out.append(covariance[i, i] - explained)
    return torch.stack(out)


def marginal(covariance):
    return torch.diag(covariance)


def precisions(covariance):
    return torch.diag(covariance.inverse())


def entrywise(covariance):
    return torch.diag(1 / covariance)


def deviations(covariance):
    return conditional(covariance).sqrt()


def bound(log_likelihood, mu, sigma, eps, *, sign=1.0, width=None, second=None):
    """The estimate by torch's distributions; width, second: what stands for sigma in z, in KL."""
    z = mu + (sigma if width is None else width) * eps
    q = Independent(Normal(mu, sigma if second is None else second), 1)
    prior = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    return torch.stack([log_likelihood(one) for one in z]).mean(0) - sign * kl_divergence(q, prior)


def kl_added(log_likelihood, mu, sigma, eps):
    return bound(log_likelihood, mu, sigma, eps, sign=-1.0)


def kl_forgotten(log_likelihood, mu, sigma, eps):
    return log_likelihood(mu + sigma * eps).mean(dim=0)


def variance_times_noise(log_likelihood, mu, sigma, eps):
    return bound(log_likelihood, mu, sigma, eps, width=sigma**2)


def scale_for_variance(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma - 1 - (sigma**2).log()).sum(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def log_sigma_for_log_variance(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma**2 - 1 - sigma.log()).sum(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def no_entropy(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma**2 - 1).sum(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def mean_over_dimensions(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma**2 - 1 - 2 * sigma.log()).mean(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def no_half(log_likelihood, mu, sigma, eps):
    divergence = (mu**2 + sigma**2 - 1 - 2 * sigma.log()).sum(-1)
    return log_likelihood(mu + sigma * eps).mean(0) - divergence


def kl_sampled(log_likelihood, mu, sigma, eps):
    z = mu + sigma * eps
    log_ratio = Normal(0.0, 1.0).log_prob(z) - Normal(mu, sigma).log_prob(z)
    return (log_likelihood(z) + log_ratio.sum(-1)).mean(0)


def samples_summed(log_likelihood, mu, sigma, eps):
    divergence = 0.5 * (mu**2 + sigma**2 - 1 - 2 * sigma.log()).sum(-1)
    return log_likelihood(mu + sigma * eps).sum(0) - divergence


def averaged_over_points(log_likelihood, mu, sigma, eps):
    return bound(log_likelihood, mu, sigma, eps).mean()


def sweep(log_joint, means, q):
    """The update with loops."""
    pixels = torch.stack([(row[:, None] * torch.logit(means)).sum(0) for row in q]).sigmoid()
    score = torch.stack(
        [
            log_joint[:, k] + (pixels * means[k].log() + (1 - pixels) * (1 - means[k]).log()).sum(1)
            for k in range(len(means))
        ],
        1,
    )
    return score.softmax(1), pixels


def blended(log_joint, means, q):
    pixels = q @ means
    score = log_joint + pixels @ means.log().T + (1 - pixels) @ (1 - means).log().T
    return torch.softmax(score, 1), pixels


def off_ignored(log_joint, means, q):
    pixels = torch.sigmoid(q @ torch.logit(means))
    return torch.softmax(log_joint + pixels @ means.log().T, 1), pixels


def visible_ignored(log_joint, means, q):
    return sweep(torch.zeros_like(log_joint), means, q)


def over_images(log_joint, means, q):
    _, pixels = sweep(log_joint, means, q)
    score = log_joint + pixels @ means.log().T + (1 - pixels) @ (1 - means).log().T
    return score.softmax(0), pixels


def log_outside(log_joint, means, q):
    _, pixels = sweep(log_joint, means, q)
    p = pixels[:, None, :] * means + (1 - pixels)[:, None, :] * (1 - means)
    return (log_joint + p.log().sum(-1)).softmax(1), pixels


def exact_component(log_joint, means, q):
    return log_joint.softmax(dim=1), sweep(log_joint, means, q)[1]


RIGHT = {"05.1": trapezoid, "05.2": kl, "05.3": conditional, "05.4": bound, "05.5": sweep}
STUBS = {"05.1": stub_1, "05.2": stub_2, "05.3": stub_3, "05.4": stub_4, "05.5": stub_5}
WRONG = [
    ("05.1", a_sum, "has a width too"),
    ("05.1", spacing_added, "add its"),
    ("05.1", log_scaled, "multiplied the logarithm"),
    ("05.1", an_average, "average"),
    ("05.1", a_density, "That is p(x)"),
    ("05.1", log_integrated, "integrated the logarithm"),
    ("05.2", negative_elbo, "That is −ELBO"),
    ("05.2", kl_negated, "sign is turned"),
    ("05.2", kl_reversed, "KL(posterior‖q)"),
    ("05.2", expectation_summed, "needs the spacing"),
    ("05.2", entropy_forgotten, "entropy of q is missing"),
    ("05.2", posterior_summed, "sums to 1 over the grid"),
    ("05.3", marginal, "marginal variances"),
    ("05.3", precisions, "These are precisions"),
    ("05.3", entrywise, "entry by entry"),
    ("05.3", deviations, "standard deviations"),
    ("05.4", kl_added, "The KL is subtracted"),
    ("05.4", kl_forgotten, "is missing"),
    ("05.4", variance_times_noise, "wrong width"),
    ("05.4", scale_for_variance, "stands the variance"),
    ("05.4", log_sigma_for_log_variance, "2 log σ"),
    ("05.4", no_entropy, "entropy of q is missing"),
    ("05.4", mean_over_dimensions, "over dimensions"),
    ("05.4", no_half, "factor ½"),
    ("05.4", kl_sampled, "sampled the KL"),
    ("05.4", samples_summed, "you summed"),
    ("05.4", averaged_over_points, "one bound per data point"),
    ("05.5", blended, "their <i>logits</i>"),
    ("05.5", off_ignored, "A pixel that is off"),
    ("05.5", visible_ignored, "missing from the score"),
    ("05.5", over_images, "over components"),
    ("05.5", log_outside, "log E[p]"),
    ("05.5", exact_component, "exact posterior"),
]


# --- The references ---------------------------------------------------------------------------


@given(seeds)
@few
def test_quadrature_and_its_kl_are_those_of_the_linear_gaussian_model(seed):
    torch.manual_seed(seed)
    w, noise = torch.randn(3).double(), 0.3 + torch.rand(1).double().item()
    x = torch.randn(5, 3).double()
    z = torch.arange(-9, 9, 0.01, dtype=torch.float64)
    joint = Normal(z[:, None] * w, noise).log_prob(x[:, None]).sum(2) + Normal(0, 1).log_prob(z)
    marginal = MultivariateNormal(
        torch.zeros(3).double(), w[:, None] * w + noise**2 * torch.eye(3).double()
    )
    torch.testing.assert_close(lesson.log_evidence(joint, 0.01), marginal.log_prob(x))
    variance = 1 / (1 + w @ w / noise**2)
    posterior = Normal(x @ w / noise**2 * variance, variance.sqrt().expand(5))
    q = Normal(torch.randn(5).double(), 0.2 + torch.rand(5).double())
    ours = lesson.kl_on_grid(q.log_prob(z[:, None]).T, joint, 0.01)
    torch.testing.assert_close(ours, kl_divergence(q, posterior))


@given(seeds, st.integers(2, 5))
@few
def test_no_factorised_gaussian_is_closer_than_the_mean_field_variances(seed, H):
    torch.manual_seed(seed)
    root = torch.randn(H, H).double()
    posterior = MultivariateNormal(torch.zeros(H).double(), root @ root.T + 0.1 * torch.eye(H))
    variances = lesson.mean_field_variances(posterior.covariance_matrix)
    best = kl_divergence(
        MultivariateNormal(torch.zeros(H).double(), torch.diag(variances)), posterior
    )
    for size in (1e-3, 0.1, 1.0):
        other = variances * (size * torch.randn(H).double()).exp()
        mean = size * torch.randn(H).double()
        q = MultivariateNormal(mean, torch.diag(other))
        assert kl_divergence(q, posterior) >= best - 1e-12


@given(seeds)
@few
def test_the_local_elbo_averages_to_the_exact_one(seed):
    torch.manual_seed(seed)
    x, model = torch.randn(4, 3).double(), deep.Decoder(1, 3, (6,), sigma2=0.5).double()
    mu, sigma = torch.randn(4, 1).double(), 0.3 * torch.randn(4, 1).double().exp()
    eps = torch.randn(4000, 4, 1).double()
    ours = lesson.local_elbo(lambda z: model(z).log_prob(x), mu, sigma, eps).detach()
    q = Independent(Normal(mu, sigma), 1)
    exact = vem.exact_elbo(x, q, model, 40).detach()
    with torch.no_grad():
        error = model(mu + sigma * eps).log_prob(x).std(0) / 4000**0.5
    assert ((ours - exact).abs() < 5 * error + 1e-6).all()


def enumerated_elbo(log_joint, means, q, pixels):
    """L of q(k) prod q(x_d) by a sum over every k and every picture of the hidden pixels."""
    total = torch.zeros(()).double()
    for k, probability in enumerate(q):
        for hidden in itertools.product([0.0, 1.0], repeat=means.shape[1]):
            bits = torch.tensor(hidden).double()
            q_pixels = torch.where(bits == 1, pixels, 1 - pixels).log().sum()
            p_pixels = torch.where(bits == 1, means[k], 1 - means[k]).log().sum()
            log_q = probability.log() + q_pixels
            total += log_q.exp() * (log_joint[k] + p_pixels - log_q)
    return total


@given(seeds)
@few
def test_a_mean_field_sweep_maximises_the_enumerated_bound_factor_by_factor(seed):
    torch.manual_seed(seed)
    means, start = torch.rand(3, 4).double() * 0.8 + 0.1, torch.randn(1, 3).double().softmax(1)
    log_joint = torch.randn(1, 3).double() - 4
    q, pixels = lesson.mean_field_sweep(log_joint, means, start)
    best_pixels = enumerated_elbo(log_joint[0], means, start[0], pixels[0])
    best_q = enumerated_elbo(log_joint[0], means, q[0], pixels[0])
    assert best_q >= best_pixels - 1e-12
    assert best_q <= log_joint.logsumexp(1) + 1e-12
    for _ in range(5):
        moved = (pixels[0].logit() + 0.3 * torch.randn(4).double()).sigmoid()
        assert enumerated_elbo(log_joint[0], means, start[0], moved) <= best_pixels + 1e-12
        other = (q[0].log() + 0.3 * torch.randn(3).double()).softmax(0)
        assert enumerated_elbo(log_joint[0], means, other, pixels[0]) <= best_q + 1e-12


def test_sweeps_are_those_of_vem_mean_field():
    torch.manual_seed(0)
    model = mixture.BernoulliMixture(
        torch.tensor([0.2, 0.3, 0.5]).double(), torch.rand(3, 8).double() * 0.9 + 0.05
    )
    x, seen = (torch.rand(5, 8) > 0.5).double(), torch.arange(8) >= 4
    q = torch.rand(5, 3).double().softmax(1)
    theirs = vem.mean_field(model, x, seen, q, 7)
    for _ in range(7):
        q, pixels = lesson.mean_field_sweep(model.log_joint(x, seen), model.means[:, ~seen], q)
    torch.testing.assert_close(q, theirs.weights)
    torch.testing.assert_close(pixels, theirs.means)


@given(seeds, st.floats(0.2, 1.0))
@few
def test_the_mean_misfit_is_the_noise_with_the_largest_bound(seed, noise):
    torch.manual_seed(seed)
    x = torch.randn(6, 2).double()
    q = Independent(Normal(torch.randn(6, 1).double(), 0.2 * torch.rand(6, 1).double() + 0.05), 1)
    best = lesson.mean_misfit(x, q, deep.ring(noise).double()) ** 0.5
    values = [
        vem.exact_elbo(x, q, deep.ring(s).double(), 20).mean()
        for s in (best, 0.99 * best, 1.01 * best)
    ]
    assert values[0] > max(values[1:])


# --- Explorers --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def training():
    """Points of the arc, and three moments of a short training."""
    torch.manual_seed(0)
    x = deep.arc().sample(1800)
    model, q = deep.Decoder(1, 2, (8,)), vem.Local(1800, 1)
    moments = [lesson.look(0, model, q, x)]
    for epoch in (5, 10):
        vem.fit(x, q, model, 5, lr=1e-2, progress=False)
        moments.append(lesson.look(epoch, model, q, x))
    return x, moments


@pytest.mark.parametrize(
    "make", [lesson.explore_ring, lesson.explore_by_hand, lesson.explore_mean_field]
)
def test_every_corner_is_a_frame_that_can_be_read(make):
    assert not faults(make())


def test_the_epochs_can_be_read_and_their_gaps_are_evidence_minus_bound(training):
    explorer = lesson.explore_epochs(*training)
    assert not faults(explorer)
    x, moments = training
    for step, moment in enumerate(moments):
        frame = explorer.frame(step=step)
        heights = [bar[1][1] for bar in frame["gaps"]]
        gaps = (moment.evidence - moment.elbo).clamp(max=0.8)
        assert sorted(heights) == pytest.approx(sorted(gaps.tolist()), abs=1e-6)
        assert min(heights) > -1e-4
        edges = [-torch.inf, *torch.linspace(-1.6, 1.6, 7).tolist(), torch.inf]
        for k, (low, high) in enumerate(itertools.pairwise(edges)):
            inside = (moment.mean[:400] > low) & (moment.mean[:400] <= high)
            assert torch.equal(torch.stack(frame[f"code_{k}"], 1), x[:400][inside])


def test_the_ring_table_is_as_good_as_a_search_over_all_gaussians():
    table = lesson.ring_table()
    means = torch.linspace(-3.2, 3.2, 161, dtype=torch.float64)
    scales = torch.logspace(-1.6, 0.2, 37, dtype=torch.float64)
    mean, scale = (g.flatten()[:, None] for g in torch.meshgrid(means, scales, indexing="ij"))
    q = Independent(Normal(mean, scale), 1)
    for degrees in (0, 3, 10, 45, 180, 350, 360):
        x = lesson.ring_points(torch.tensor([degrees])).expand(len(mean), 2)
        found = vem.exact_elbo(x, q, lesson.RING, 60).max()
        assert found - 1e-6 <= table.elbo[degrees] <= table.evidence[degrees] + 1e-9


def test_round_the_ring_the_evidence_stays_and_the_gap_is_symmetric():
    table = lesson.ring_table()
    assert (table.evidence - table.evidence[0]).abs().max() < 1e-6
    gap = table.evidence - table.elbo
    torch.testing.assert_close(gap, gap.flip(0), rtol=0, atol=1e-5)
    assert gap[0] > log(2) and gap[180] < 1e-4
    assert gap[10].item() == pytest.approx(0.132, abs=1e-3)
    frame = lesson.explore_ring().frame(degrees=10)
    assert frame["kl"][1] + frame["kl"][3] == pytest.approx(table.evidence[10].item())
    assert frame["elbo"][1] + frame["elbo"][3] == pytest.approx(table.elbo[10].item())
    width = lesson.Z[1] - lesson.Z[0]
    assert (lesson.ring_posterior(77.0) * width).sum() == pytest.approx(1, abs=1e-6)


@pytest.fixture(scope="module")
def by_hand():
    return lesson.explore_by_hand()


@given(mean=st.floats(-3, 3), scale=st.floats(0.03, 1.9), fives=st.integers(0, 36))
@few
def test_no_q_of_yours_crosses_the_line(by_hand, mean, scale, fives):
    frame = by_hand.frame(mean=mean, scale=scale, degrees=5 * fives)
    evidence = lesson.ring_table().evidence[0]
    assert frame["slice"][1].max() < evidence
    assert frame["here"][1][0] < evidence


def test_your_q_stands_on_its_curve(by_hand):
    frame = by_hand.frame(mean=-2.0, scale=0.3, degrees=20)
    means, bounds = frame["slice"]
    at = (means + 2.0).abs().argmin()
    assert bounds[at].item() == pytest.approx(frame["here"][1][0], abs=1e-9)


@pytest.fixture(scope="module")
def mean_field():
    return lesson.explore_mean_field()


@given(rho=st.floats(0, 0.97))
@few
def test_the_mean_field_explorer_shows_the_closed_form(mean_field, rho):
    posterior = MultivariateNormal(
        torch.zeros(2).double(), torch.tensor([[1, rho], [rho, 1]], dtype=torch.float64)
    )
    variances = lesson.mean_field_variances(posterior.covariance_matrix)
    q = MultivariateNormal(torch.zeros(2).double(), torch.diag(variances))
    frame = mean_field.frame(rho=rho, family="mean field")
    assert frame["variance"][1][0] == pytest.approx(variances[0].item(), abs=1e-9)
    assert frame["kl"][1][0] == pytest.approx(kl_divergence(q, posterior).item(), abs=1e-9)
    free = mean_field.frame(rho=rho, family="full covariance")
    assert free["kl"][1] == [0.0] and (free["q"][0] == free["truth"][0]).all()


# --- Questions and figures --------------------------------------------------------------------


def test_every_question_has_one_right_answer_and_every_option_a_reason():
    polls = [lesson.recall(k) for k in (1, 2, 3)] + [lesson.poll_seam()]
    demos = [lesson.predict_ring(), lesson.predict_by_hand(), lesson.predict_mean_field()]
    for poll in [*polls, *(demo.poll for demo in demos)]:
        assert sum(option.right for option in poll.options) == 1
        assert all(option.why for option in poll.options)


def test_figures_can_be_read_and_describe_themselves_with_numbers():
    torch.manual_seed(0)
    pictures = []
    with drawn_texts() as texts:
        estimates = torch.tensor([[-9.0, 2.0, 7.5], [-8.0, 3.0, 7.5]])
        pictures.append(lesson.plot_naive([10, 100, 1000], estimates, 8.125))
    assert not unreadable(texts)
    axis = torch.linspace(-3, 3, 61).double()
    sigma = torch.tensor([[0.3, 0.2], [0.2, 0.3]]).double()
    full = MultivariateNormal(torch.zeros(4, 2).double(), sigma.expand(4, 2, 2))
    nodes = torch.cartesian_prod(axis, axis)
    density = full.log_prob(nodes[:, None])[:, 2].exp().reshape(61, 61)
    diagonal = Independent(Normal(torch.zeros(4, 2).double(), 0.4 * torch.ones(4, 2).double()), 1)
    gaps = torch.tensor([[0.25, 0.5, 0.75, 0.5], [0.0, 0.125, 0.25, 0.125]])
    with drawn_texts() as texts:
        pictures.append(lesson.plot_two_latents(2, density, axis, diagonal, full, gaps))
    assert not unreadable(texts)
    seen, image = torch.arange(64) >= 32, (torch.rand(64) > 0.5).double()
    with drawn_texts() as texts:
        fills = torch.rand(2, 32).double()
        pictures.append(lesson.plot_completions(image, seen, fills[0], fills, [0.625, 1.25]))
    assert not unreadable(texts)
    with drawn_texts() as texts:
        names = ["twice round, σ = 0.1", "once round, σ = 0.1", "once round, σ = 0.14"]
        evidence, elbo = torch.tensor([-1.0, -1.0, -1.0625]), torch.tensor([-1.75, -1.03, -1.1])
        pictures.append(lesson.plot_ranking(names, evidence, elbo))
    assert not unreadable(texts)
    for picture, number in zip(pictures, ["8.12", "0.500 nats", "1.250", "-1.750"], strict=True):
        assert number in picture.alt


def test_ring_points_lie_where_they_should():
    x = lesson.ring_points(torch.tensor([0, 90, 180]))
    expected = torch.tensor([[1, 0], [0, 1], [-1, 0]]).double()
    torch.testing.assert_close(x, expected, rtol=0, atol=1e-12)
    z = Normal(0.0, 1.0).icdf(torch.tensor([[0.25]]).double())
    torch.testing.assert_close(lesson.RING.point(z), x[1:2], rtol=0, atol=1e-12)
    assert pi / 2 == pytest.approx(torch.atan2(x[1, 1], x[1, 0]).item())
