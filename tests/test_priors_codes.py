"""Rate, decoders of pixels and discrete codes against enumeration, quadrature and other formulas."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Categorical, MultivariateNormal, OneHotCategorical, kl_divergence

from course_utils import data, deep, gradients, mixture, ppca
from course_utils.priors import categorical, made, rate

few = settings(deadline=None, max_examples=30, derandomize=True)
DOUBLE = {"dtype": torch.float64}


# --- The slider --------------------------------------------------------------------------------


def some_ppca(seed: int, D: int = 5, H: int = 2) -> ppca.PPCA:
    torch.manual_seed(seed)
    return ppca.PPCA(torch.randn(D, H, **DOUBLE), torch.randn(D, **DOUBLE), 0.1 + seed % 7 / 5)


@few
@given(seed=st.integers(0, 10_000), tau=st.floats(0, 1))
def test_rate_and_distortion_add_up_to_the_evidence(seed, tau):
    model = some_ppca(seed)
    hidden, x = rate.Invisible(model, tau), 3 * torch.randn(4, 5, **DOUBLE)
    total = hidden.rate(x) + hidden.distortion(x)
    torch.testing.assert_close(total, -model.log_evidence(x), rtol=1e-9, atol=1e-9)


@few
@given(seed=st.integers(0, 10_000), tau=st.floats(0, 1))
def test_the_code_is_that_of_the_joint_gaussian(seed, tau):
    """Conditioning the joint of (z, x), and its mutual information by three determinants."""
    model = some_ppca(seed)
    hidden, x = rate.Invisible(model, tau), torch.randn(3, 5, **DOUBLE)
    A = tau**0.5 * model.W
    C = A @ A.T + hidden.likelihood(torch.zeros(2, **DOUBLE)).covariance_matrix
    torch.testing.assert_close(C, model.W @ model.W.T + model.sigma2 * torch.eye(5, **DOUBLE))
    q = hidden.posterior(x)
    torch.testing.assert_close(q.mean, torch.linalg.solve(C, (x - model.mu).T).T @ A)
    left = torch.eye(2, **DOUBLE) - A.T @ torch.linalg.solve(C, A)
    torch.testing.assert_close(q.covariance_matrix[0], left, rtol=1e-7, atol=1e-9)
    assert hidden.information() == pytest.approx(-left.logdet().item() / 2, abs=1e-9)
    prior = MultivariateNormal(torch.zeros(2, **DOUBLE), torch.eye(2, **DOUBLE))
    torch.testing.assert_close(hidden.rate(x), kl_divergence(q, prior))


def test_distortion_is_what_samples_say():
    hidden, x = rate.Invisible(some_ppca(3), 0.6), torch.randn(2, 5, **DOUBLE)
    draws = -hidden.likelihood(hidden.posterior(x).sample((20_000,))).log_prob(x)
    error = draws.std(0) / 20_000**0.5
    assert ((draws.mean(0) - hidden.distortion(x)).abs() < 4 * error).all()


def test_the_mean_rate_of_the_fitted_data_is_the_information():
    x = data.digits().train
    model = ppca.fit(x, 5)
    for tau in (0.0, 0.25, 0.9, 1.0):
        hidden = rate.Invisible(model, tau)
        assert hidden.rate(x).mean().item() == pytest.approx(hidden.information(), abs=1e-9)


@pytest.mark.parametrize("tau", [-0.1, 1.1, math.nan])
def test_a_share_outside_0_to_1_is_named(tau):
    with pytest.raises(ValueError, match="tau must be between 0 and 1"):
        rate.Invisible(some_ppca(0), tau)


# --- Reverse water-filling ----------------------------------------------------------------------


@few
@given(seed=st.integers(0, 10_000), level=st.floats(0.01, 3))
def test_no_other_allocation_of_the_error_is_cheaper(seed, level):
    torch.manual_seed(seed)
    values = torch.rand(6, **DOUBLE) * 2 + 1e-3
    best = rate.water_filling(values, level)
    share = torch.rand(200, 6, **DOUBLE)  # errors d_i <= lambda_i with the same sum
    errors = share / share.sum(1, keepdim=True) * best.error
    allowed = (errors <= values).all(1)
    rates = (values / errors).log().sum(1) / 2
    assert (rates[allowed] >= best.rate - 1e-9).all()
    kept = values.clamp(max=level)  # its own allocation
    assert best.rate == pytest.approx((values / kept).log().sum().item() / 2)
    assert best.error == pytest.approx(kept.sum().item())


@few
@given(level=st.floats(0.05, 1.5))
def test_the_slope_is_minus_one_over_twice_the_level(level):
    values = torch.tensor([2.0, 1.7, 0.8, 0.3], **DOUBLE)
    low, high = (rate.water_filling(values, level * (1 + d)) for d in (-1e-6, 1e-6))
    if high.error - low.error > 1e-9:
        slope = (high.rate - low.rate) / (high.error - low.error)
        assert slope == pytest.approx(-1 / (2 * level), rel=1e-3)


def test_no_direction_may_have_a_negative_variance():
    with pytest.raises(ValueError, match="eigenvalues must not be below 0"):
        rate.water_filling(torch.tensor([1.0, -0.1]), 0.5)


# --- Pixels that see pixels -----------------------------------------------------------------------


@pytest.mark.parametrize(("radius", "side"), [(0, 3), (1, 3), (1, 4), (2, 4), (9, 3), (1, 1)])
def test_the_window_by_brute_force(radius, side):
    mask = made.window(radius, side)
    for d, c in itertools.product(range(side**2), repeat=2):
        (r, k), (r2, k2) = divmod(d, side), divmod(c, side)
        sees = c < d and abs(r - r2) <= radius and abs(k - k2) <= radius
        assert mask[d, c] == sees


def small(masks) -> made.Made:
    """3 x 3 pixels, all its weights at random."""
    torch.manual_seed(0)
    model = made.Made(2, masks, (4,)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    return model


MASKS = {
    "nothing": [made.window(0, 3)],
    "near": [made.window(1, 3)],
    "all": [made.window(3, 3)],
    "deep": made.full(20, 9),
}
EVERY = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], **DOUBLE)] * 9)


@pytest.mark.parametrize("name", MASKS)
def test_all_images_together_have_probability_one(name):
    model, z = small(MASKS[name]), torch.randn(5, 2, **DOUBLE)
    total = model(z).log_prob(EVERY[:, None]).logsumexp(0)
    torch.testing.assert_close(total, torch.zeros(5, **DOUBLE), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["near", "all", "deep"])
def test_a_pixel_hears_of_those_it_sees_and_of_no_other(name):
    model, x = small(MASKS[name]), (torch.rand(1, 9, **DOUBLE) > 0.5).double()
    heard = torch.autograd.functional.jacobian(lambda x: model.pixels(x)[0], x)[:, 0] != 0
    allowed = made.window(1 if name == "near" else 3, 3).bool()
    assert torch.equal(heard & ~allowed, torch.zeros_like(heard))
    if name != "deep":  # whose hidden units have corners at which some are deaf
        assert torch.equal(heard, allowed)


def test_samples_come_as_often_as_log_prob_says():
    torch.manual_seed(0)
    model = small(MASKS["near"])
    p = model(torch.zeros(2, **DOUBLE))
    x = p.sample((20_000,))
    assert x.shape == (20_000, 9)
    number = (x @ 2 ** torch.arange(8, -1, -1).double()).long()  # its row in EVERY
    share, chance = number.bincount(minlength=512) / 20_000, p.log_prob(EVERY).exp()
    assert ((share - chance).abs() < 5 * (chance / 20_000).sqrt() + 1e-4).all()


def test_its_evidence_by_quadrature_is_a_mean_over_the_prior():
    torch.manual_seed(0)
    model, x = small(MASKS["deep"]), EVERY[::100]
    z = torch.randn(40_000, 1, 2, **DOUBLE)
    drawn = model(z).log_prob(x).exp()
    error = drawn.std(0) / 40_000**0.5
    axis = torch.linspace(-6, 6, 81, **DOUBLE)
    assert (
        (deep.log_evidence(x, model, (axis, axis)).exp() - drawn.mean(0)).abs() < 4 * error
    ).all()


def test_images_must_be_black_and_white():
    with pytest.raises(ValueError, match="x must be binary"):
        small(MASKS["near"]).check(torch.full((1, 9), 0.5, **DOUBLE))


@pytest.mark.parametrize("masks", [[], [torch.ones(4, 9), torch.ones(8, 4)]])
def test_masks_lead_from_pixels_to_pixels(masks):
    with pytest.raises(ValueError, match="masks must lead"):
        made.Made(2, masks)


# --- A discrete code ------------------------------------------------------------------------------


def classes() -> tuple[deep.Decoder, mixture.BernoulliMixture, torch.Tensor]:
    """A decoder of four classes, the same as a mixture, and six images of nine pixels."""
    torch.manual_seed(0)
    decoder = deep.Decoder(4, 9, (), "bernoulli", prior=categorical.uniform(4)).double()
    means = decoder(torch.eye(4, **DOUBLE)).mean.detach()
    return decoder, mixture.BernoulliMixture(torch.full((4,), 0.25, **DOUBLE), means), EVERY[3:9]


def test_a_discrete_vae_is_a_mixture():
    decoder, same, x = classes()
    joint = categorical.log_joint(x, decoder)
    torch.testing.assert_close(joint, same.log_joint(x), rtol=1e-6, atol=1e-6)
    q = OneHotCategorical(logits=same.posterior(x).logits)
    reached = categorical.elbo(x, q, decoder)
    torch.testing.assert_close(reached, same.log_evidence(x), rtol=1e-6, atol=1e-6)
    worse = OneHotCategorical(logits=torch.randn(6, 4, **DOUBLE))
    gap = kl_divergence(Categorical(logits=worse.logits), same.posterior(x))
    reached = categorical.elbo(x, worse, decoder)
    torch.testing.assert_close(reached, same.log_evidence(x) - gap, rtol=1e-6, atol=1e-6)


def test_the_encoder_gives_chances():
    q = categorical.Encoder(9, 4, (5,)).double()(EVERY[:3])
    assert (q.batch_shape, q.event_shape) == ((3,), (4,))
    torch.testing.assert_close(q.probs.sum(1), torch.ones(3, **DOUBLE))


VALUES = torch.tensor([-3.0, 1.0, 4.0], **DOUBLE)


def of_class(z: torch.Tensor) -> torch.Tensor:
    return z @ VALUES


def exact(q: OneHotCategorical, entropy: bool) -> torch.Tensor:
    """d/d logits of sum_k q_k [f_k - log q_k]."""
    logits = q.logits.clone().requires_grad_()
    chances = logits.softmax(0)
    mean = (chances * (VALUES - (chances.log() if entropy else 0))).sum()
    return torch.autograd.grad(mean, logits)[0]


@pytest.mark.parametrize("entropy", [False, True])
@pytest.mark.parametrize("S", [2, 4])
def test_leave_one_out_has_the_exact_mean(entropy, S):
    torch.manual_seed(0)
    q = OneHotCategorical(logits=torch.tensor([0.3, -0.5, 0.1], **DOUBLE))
    means = gradients.leave_one_out(of_class, q.expand((3000,)), S, entropy)["logits"].mean(0)
    error = means.std(0) / 3000**0.5
    assert ((means.mean(0) - exact(q, entropy)).abs() < 4 * error).all()


def test_leave_one_out_needs_another():
    q = OneHotCategorical(logits=torch.zeros(3, **DOUBLE))
    with pytest.raises(ValueError, match="num_samples must be at least 2"):
        gradients.leave_one_out(of_class, q, 1)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 5.0])
def test_gumbel_softmax_of_two_classes_by_quadrature(temperature):
    """The difference of two Gumbels is logistic, so z_1 = sigmoid((l_1 - l_2 + noise) / t)."""
    torch.manual_seed(0)
    logits = torch.tensor([0.4, -0.2], **DOUBLE)
    drawn = gradients.gumbel_softmax(
        lambda z: z[..., 0] ** 2, OneHotCategorical(logits=logits), 40_000, temperature
    )["logits"]
    noise = torch.linspace(-40, 40, 20_001, **DOUBLE)
    density = 1 / (2 * (noise / 2).cosh()) ** 2
    first = ((0.6 + noise) / temperature).sigmoid()
    slope = torch.trapezoid(density * 2 * first**2 * (1 - first) / temperature, noise)
    off = drawn.mean(0) - torch.stack([slope, -slope])
    assert (off.abs() < 4 * drawn.std(0) / 200).all()
