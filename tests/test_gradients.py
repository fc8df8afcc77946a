import math
import re

import pytest
import torch
from torch.distributions import (
    Bernoulli,
    Beta,
    Binomial,
    Categorical,
    Dirichlet,
    Exponential,
    Gamma,
    Geometric,
    Independent,
    Laplace,
    LogNormal,
    LowRankMultivariateNormal,
    MixtureSameFamily,
    Multinomial,
    MultivariateNormal,
    NegativeBinomial,
    Normal,
    OneHotCategorical,
    Poisson,
    RelaxedBernoulli,
    RelaxedOneHotCategorical,
    Uniform,
    kl_divergence,
)

from course_utils import gradients

S = 200_000


def double(*values):
    return torch.tensor(values if len(values) > 1 else values[0], dtype=torch.float64)


def square(z):
    return z**2


def first(z):
    return z[..., 0]


UNIT = Normal(double(1.0), double(1.0))
LINE = Normal(double(-0.5, 0.0, 2.0), double(0.5, 1.0, 1.5))
TILT = MultivariateNormal(double(0.5, -1.0), scale_tril=double([1.0, 0.0], [0.6, 0.8]))
PAIRS = Independent(Normal(double([0.5, -1.0], [1.0, 2.0]), double([1.0, 0.5], [2.0, 1.0])), 1)
PROBS = double(0.2, 0.3, 0.5)

# q, f, the exact gradient of E_q[f] in every parameter
CASES = {
    "normal": (UNIT, square, {"loc": 2.0, "scale": 2.0}),
    "three normals": (LINE, square, {"loc": 2 * LINE.loc, "scale": 2 * LINE.scale}),
    "normal, cosine": (
        UNIT,
        lambda z: (3 * z).cos(),
        {"loc": -3 * math.sin(3) * math.exp(-4.5), "scale": -9 * math.cos(3) * math.exp(-4.5)},
    ),
    "tilted": (
        TILT,
        lambda z: z[..., 0] * z[..., 1],
        {"loc": double(-1.0, 0.5), "scale_tril": double([0.6, 0.0], [1.0, 0.0])},
    ),
    "pairs": (
        PAIRS,
        lambda z: z.square().sum(-1),
        {"loc": 2 * PAIRS.base_dist.loc, "scale": 2 * PAIRS.base_dist.scale},
    ),
    "laplace": (Laplace(double(1.0), double(0.5)), square, {"loc": 2.0, "scale": 2.0}),
    "gamma": (
        Gamma(double(2.0), double(1.5)),
        square,
        {"concentration": 5 / 1.5**2, "rate": -12 / 1.5**3},
    ),
    "beta": (
        Beta(double(2.0), double(3.0)),
        lambda z: z,
        {"concentration1": 3 / 25, "concentration0": -2 / 25},
    ),
    "exponential": (Exponential(double(2.0)), square, {"rate": -4 / 8}),
    "log-normal": (
        LogNormal(double(0.3), double(0.5)),
        lambda z: z,
        {"loc": math.exp(0.425), "scale": 0.5 * math.exp(0.425)},
    ),
    "dirichlet": (
        Dirichlet(double(1.0, 2.0, 3.0)),
        first,
        {"concentration": double(5 / 36, -1 / 36, -1 / 36)},
    ),
    "low rank": (
        LowRankMultivariateNormal(double(1.0, 2.0), double([0.5], [-1.0]), double(0.3, 0.6)),
        lambda z: z.square().sum(-1),
        {
            "loc": double(2.0, 4.0),
            "cov_factor": double([1.0], [-2.0]),
            "cov_diag": double(1.0, 1.0),
        },
    ),
}
DISCRETE = {
    "bernoulli, logits": (
        Bernoulli(logits=double(0.5)),
        lambda z: (1 + z) ** 2,
        {"logits": 3 * torch.sigmoid(double(0.5)) * torch.sigmoid(double(-0.5))},
    ),
    "bernoulli, probs": (Bernoulli(double(0.3)), lambda z: (1 + z) ** 2, {"probs": 3.0}),
    "coins": (
        Independent(Bernoulli(double(0.3, 0.6)), 1),
        lambda z: z.prod(-1),
        {"probs": double(0.6, 0.3)},
    ),
    "categorical": (  # E[z] = p_1 + 2 p_2 for p normalised, so each gradient is value - mean
        Categorical(PROBS),
        lambda z: z,
        {"probs": double(0.0, 1.0, 2.0) - 1.3},
    ),
    "categorical, logits": (
        Categorical(logits=PROBS.log()),
        lambda z: z,
        {"logits": PROBS * (double(0.0, 1.0, 2.0) - 1.3)},
    ),
    "one-hot": (
        OneHotCategorical(PROBS),
        lambda z: z @ double(0.0, 1.0, 2.0),
        {"probs": double(0.0, 1.0, 2.0) - 1.3},
    ),
    "poisson": (Poisson(double(1.5)), square, {"rate": 4.0}),
    "geometric": (Geometric(double(0.4)), lambda z: z, {"probs": -1 / 0.16}),
    "binomial": (Binomial(5, double(0.3)), lambda z: z, {"probs": 5.0}),
    "negative binomial": (NegativeBinomial(4, double(0.3)), lambda z: z, {"probs": 4 / 0.49}),
    "multinomial": (Multinomial(4, double(0.3, 0.7)), first, {"probs": double(2.8, -1.2)}),
}


def errors(estimates, exact):
    """Distance of the mean from the truth in standard errors; 0 where nothing varies."""
    exact = torch.as_tensor(exact, dtype=torch.float64)
    miss = (estimates.mean(0) - exact).abs()
    standard = estimates.std(0) / len(estimates) ** 0.5
    return torch.where(miss < 1e-12, torch.zeros_like(miss), miss / standard)


def has_means(estimates, exact):
    assert estimates.keys() == exact.keys()
    for name, truth in exact.items():
        assert estimates[name].shape[1:] == torch.as_tensor(truth).shape
        assert (errors(estimates[name], truth) < 3).all(), name


# Means


@pytest.mark.parametrize("case", CASES)
def test_the_pathwise_mean_is_within_three_standard_errors(case):
    q, f, exact = CASES[case]
    has_means(gradients.pathwise(f, q, S), exact)


@pytest.mark.parametrize("case", CASES | DISCRETE)
def test_the_score_function_mean_is_within_three_standard_errors(case):
    q, f, exact = (CASES | DISCRETE)[case]
    has_means(gradients.score_function(f, q, S), exact)


@pytest.mark.parametrize("baseline", [2, -3.5, double(4.0)])
def test_a_baseline_keeps_the_mean(baseline):
    has_means(gradients.score_function(square, UNIT, S, baseline), {"loc": 2.0, "scale": 2.0})


# E_q[log N(z | 0.5, 2^2) - log q] for q = N(1, 1): minus the KL to N(0.5, 2^2)
TARGET = Normal(double(0.5), double(2.0))
ELBO = {"loc": -0.5 / 4, "scale": 1 - 1 / 4}


def test_the_exact_gradient_of_the_elbo_is_that_of_torchs_kl():
    loc, scale = double(1.0).requires_grad_(), double(1.0).requires_grad_()
    (-kl_divergence(Normal(loc, scale), TARGET)).backward()
    assert (loc.grad.item(), scale.grad.item()) == (ELBO["loc"], ELBO["scale"])


@pytest.mark.parametrize(
    "estimate",
    [
        lambda f, q: gradients.pathwise(f, q, S, entropy=True),
        lambda f, q: gradients.score_function(f, q, S, entropy=True),
        lambda f, q: gradients.score_function(f, q, S, baseline=-2.0, entropy=True),
        lambda f, q: gradients.sticking_the_landing(f, q, S),
    ],
    ids=["pathwise", "score function", "with a baseline", "sticking the landing"],
)
def test_with_entropy_the_mean_is_the_gradient_of_the_elbo(estimate):
    has_means(estimate(TARGET.log_prob, UNIT), ELBO)


def test_the_detached_gradient_has_mean_zero_where_the_truth_does_not():
    estimates = gradients.detached(TARGET.log_prob, UNIT, S)
    has_means(estimates, {"loc": 0.0, "scale": 0.0})
    for name, truth in ELBO.items():
        assert errors(estimates[name], truth) > 30


def test_a_jump_is_invisible_to_pathwise_and_seen_by_the_score_function():
    def step(z):
        return (1 + z.sign()) / 2

    assert not gradients.pathwise(step, UNIT, 100)["loc"].any()
    density = UNIT.log_prob(double(0.0)).exp()
    assert errors(gradients.score_function(step, UNIT, S)["loc"], density) < 3
    black_box = gradients.score_function(lambda z: z > 0, UNIT, S)["loc"]  # no gradient at all
    assert errors(black_box, density) < 3


def test_a_moving_support_is_invisible_to_the_score_function_and_seen_by_pathwise():
    q = Uniform(double(0.0), double(1.0))
    assert errors(gradients.pathwise(square, q, S)["high"], 2 / 3) < 3
    assert errors(gradients.score_function(square, q, S)["high"], -1 / 3) < 3


# Variances


@pytest.mark.parametrize(("mu", "s"), [(1.0, 1.0), (2.0, 0.5), (-0.5, 1.5)])
def test_the_variances_for_the_square_are_the_formulas(mu, s):
    q = Normal(double(mu), double(s))
    moving = gradients.pathwise(square, q, S)
    assert moving["loc"].var().item() == pytest.approx(4 * s**2, rel=0.1)
    assert moving["scale"].var().item() == pytest.approx(4 * mu**2 + 8 * s**2, rel=0.1)
    plain = mu**4 / s**2 + 14 * mu**2 + 15 * s**2
    for b in (0.0, mu**2 + s**2, mu**2 + 3 * s**2):
        fixed = gradients.score_function(square, q, S, baseline=b)["loc"]
        expected = plain + b * (b - 2 * (mu**2 + 3 * s**2)) / s**2
        assert fixed.var().item() == pytest.approx(expected, rel=0.1)


def test_at_mu_1_and_s_1_they_are_4_30_18_and_14():
    assert gradients.pathwise(square, UNIT, S)["loc"].var().item() == pytest.approx(4, rel=0.1)
    for b, expected in ((None, 30), (2.0, 18), (4.0, 14), (-10.0, 210)):
        fixed = gradients.score_function(square, UNIT, S, baseline=b)["loc"]
        assert fixed.var().item() == pytest.approx(expected, rel=0.1)


def test_a_cosine_turns_the_order_round():
    def cosine(z):
        return (8 * z).cos()

    assert gradients.pathwise(cosine, UNIT, S)["loc"].var().item() == pytest.approx(32, rel=0.1)
    fixed = gradients.score_function(cosine, UNIT, S)["loc"]
    assert fixed.var().item() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("dims", [1, 5, 30])
def test_other_dimensions_trouble_the_score_function_only(dims):
    one = torch.ones(dims, dtype=torch.float64)
    q, n = Independent(Normal(one, one), 1), dims - 1

    def total(z):
        return z.square().sum(-1)

    assert gradients.pathwise(total, q, S)["loc"][:, 0].var().item() == pytest.approx(4, rel=0.1)
    fixed = gradients.score_function(total, q, S)["loc"][:, 0]
    assert fixed.var().item() == pytest.approx(30 + 22 * n + 4 * n**2, rel=0.1)
    fixed = gradients.score_function(total, q, S, baseline=2.0 * dims)["loc"][:, 0]
    assert fixed.var().item() == pytest.approx(18 + 6 * n, rel=0.1)


def test_the_error_falls_as_one_over_the_root_of_S():
    estimates = gradients.pathwise(square, UNIT, S)["loc"] - 2
    for size in (10, 100, 1000):
        error = estimates.reshape(-1, size).mean(1).square().mean().sqrt().item()
        assert error == pytest.approx(2 / size**0.5, rel=0.15)


# Sticking the landing


@pytest.mark.parametrize("q", [UNIT, LINE, PAIRS], ids=["normal", "three normals", "pairs"])
def test_where_q_is_the_posterior_every_estimate_is_exactly_zero(q):
    for values in gradients.sticking_the_landing(lambda z: q.log_prob(z) + 3.7, q, 1000).values():
        assert values.shape[0] == 1000 and not values.any()


@pytest.mark.parametrize("case", ["tilted", "gamma", "laplace", "low rank"])
def test_where_q_is_the_posterior_every_estimate_is_zero_up_to_rounding(case):
    q = CASES[case][0]
    for values in gradients.sticking_the_landing(q.log_prob, q, 1000).values():
        assert values.abs().max() < 1e-10


def test_plain_pathwise_is_noisy_there():
    noise = gradients.pathwise(UNIT.log_prob, UNIT, S, entropy=True)
    has_means(noise, {"loc": 0.0, "scale": 0.0})
    assert noise["loc"].var().item() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("ratio", [0.25, 0.5, 1.0, 4.0])
def test_away_from_the_posterior_the_variances_are_the_formulas(ratio):
    v = 1 / 3
    s, target = (ratio * v) ** 0.5, Normal(double(1.5), double(v**0.5))
    q = Normal(double(0.0), double(s))
    plain = gradients.pathwise(target.log_prob, q, S, entropy=True)["loc"].var().item()
    stuck = gradients.sticking_the_landing(target.log_prob, q, S)["loc"].var().item()
    assert plain == pytest.approx(s**2 / v**2, rel=0.1)
    assert stuck == pytest.approx((1 / s - s / v) ** 2, rel=0.1, abs=1e-20)


# Single samples


def record(f):
    """f, and the list into which it puts the samples it was given."""
    seen = []

    def recording(z):
        seen.append(z.detach())
        return f(z)

    return recording, seen


def test_each_pathwise_estimate_is_the_closed_form_of_its_sample():
    f, seen = record(square)
    estimates = gradients.pathwise(f, LINE, 50)
    (z,) = seen
    assert torch.allclose(estimates["loc"], 2 * z)
    assert torch.allclose(estimates["scale"], 2 * z * (z - LINE.loc) / LINE.scale)


@pytest.mark.parametrize("entropy", [False, True])
@pytest.mark.parametrize("baseline", [None, 0.7])
def test_each_score_function_estimate_is_the_closed_form_of_its_sample(baseline, entropy):
    f, seen = record(square)
    estimates = gradients.score_function(f, LINE, 50, baseline, entropy)
    (z,) = seen
    reward = z**2 - (baseline or 0) - (LINE.log_prob(z) if entropy else 0)
    miss, s = z - LINE.loc, LINE.scale
    assert torch.allclose(estimates["loc"], reward * miss / s**2)
    assert torch.allclose(estimates["scale"], reward * (miss**2 - s**2) / s**3)


def test_each_detached_estimate_is_minus_the_score_of_its_sample():
    f, seen = record(square)
    estimates = gradients.detached(f, LINE, 50)
    (z,) = seen
    miss, s = z - LINE.loc, LINE.scale
    assert torch.allclose(estimates["loc"], -miss / s**2)
    assert torch.allclose(estimates["scale"], -(miss**2 - s**2) / s**3)


def test_sticking_the_landing_is_pathwise_without_the_score():
    f, seen = record(TARGET.log_prob)
    torch.manual_seed(1)
    stuck = gradients.sticking_the_landing(f, UNIT, 50)
    torch.manual_seed(1)
    plain = gradients.pathwise(f, UNIT, 50, entropy=True)
    z, again = seen
    assert z.equal(again)
    assert torch.allclose(stuck["loc"], plain["loc"] + (z - 1))
    assert torch.allclose(stuck["scale"], plain["scale"] + ((z - 1) ** 2 - 1))


@pytest.mark.parametrize("entropy", [False, True])
@pytest.mark.parametrize("case", ["three normals", "tilted", "pairs"])
def test_the_pathwise_mean_is_autograds_through_rsample(case, entropy):
    q, f, _ = CASES[case]
    torch.manual_seed(2)
    estimates = gradients.pathwise(f, q, 40, entropy)
    base = q.base_dist if isinstance(q, Independent) else q
    leaves = {name: getattr(base, name).clone().requires_grad_() for name in estimates}
    again = type(base)(**leaves)
    again = Independent(again, 1) if isinstance(q, Independent) else again
    torch.manual_seed(2)
    z = again.rsample((40,))
    value = f(z) - (again.log_prob(z) if entropy else 0)
    for estimate, leaf in zip(
        estimates.values(), torch.autograd.grad(value.sum(), list(leaves.values())), strict=True
    ):
        leaf = leaf.tril() if case == "tilted" and leaf.ndim == 2 else leaf
        assert torch.allclose(estimate.sum(0), leaf)


def test_above_the_diagonal_of_a_cholesky_factor_there_is_no_gradient():
    for estimate in (
        gradients.pathwise,
        gradients.score_function,
        gradients.detached,
        gradients.sticking_the_landing,
    ):
        assert not estimate(first, TILT, 20)["scale_tril"].triu(1).any()


def test_a_baseline_takes_off_that_much_of_the_score():
    def draw(baseline):
        torch.manual_seed(3)
        return gradients.score_function(square, UNIT, 30, baseline)["loc"]

    score = draw(0.0) - draw(1.0)
    assert torch.allclose(draw(2.5), draw(None) - 2.5 * score)
    each = torch.linspace(0, 1, 30, dtype=torch.float64)
    assert torch.allclose(draw(each), draw(None) - each * score)
    assert draw(double(2.5).requires_grad_()).equal(draw(2.5))


def test_the_reward_is_detached():
    """An f that carries a gradient of its own, and that of q in it, change nothing."""
    weight = double(3.0).requires_grad_()
    torch.manual_seed(4)
    plain = gradients.score_function(lambda z: 3 * z, UNIT, 20, entropy=True)
    torch.manual_seed(4)
    weighted = gradients.score_function(lambda z: weight * z, UNIT, 20, entropy=True)
    assert plain["loc"].equal(weighted["loc"]) and weight.grad is None
    assert not plain["loc"].requires_grad


# Shapes, types, randomness


@pytest.mark.parametrize("batch", [(), (3,), (3, 4)])
@pytest.mark.parametrize("event", [(), (2,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_gradient_per_sample_in_the_shape_and_dtype_of_its_parameter(batch, event, dtype):
    zero = torch.zeros((*batch, *event), dtype=dtype)
    q = Normal(zero, zero + 1)
    q = Independent(q, 1) if event else q

    def f(z):
        assert z.shape == (5, *batch, *event)
        return z.square().sum(-1) if event else z**2

    for estimate in (
        gradients.pathwise,
        gradients.score_function,
        gradients.detached,
        gradients.sticking_the_landing,
    ):
        for values in estimate(f, q, 5).values():
            assert values.shape == (5, *batch, *event) and values.dtype == dtype


@pytest.mark.parametrize("estimate", [gradients.pathwise, gradients.score_function])
def test_batches_of_full_covariances(estimate):
    factor = double([1.0, 0.0], [0.6, 0.8]).expand(3, 2, 2)
    q = MultivariateNormal(torch.zeros(3, 2, dtype=torch.float64), scale_tril=factor)
    estimates = estimate(lambda z: z[..., 0] * z[..., 1], q, S)
    assert estimates["loc"].shape == (S, 3, 2) and estimates["scale_tril"].shape == (S, 3, 2, 2)
    exact = double([0.6, 0.0], [1.0, 0.0])
    assert (errors(estimates["scale_tril"], exact.expand(3, 2, 2)) < 3.5).all()


def test_a_covariance_is_differentiated_in_its_cholesky_factor():
    q = MultivariateNormal(torch.zeros(2), covariance_matrix=torch.eye(2))
    assert set(gradients.pathwise(first, q, 3)) == {"loc", "scale_tril"}


@pytest.mark.parametrize("name", ["probs", "logits"])
@pytest.mark.parametrize(
    "make",
    [
        Bernoulli,
        Geometric,
        lambda **given: Binomial(3, **given),
        lambda **given: NegativeBinomial(3, **given),
        lambda **given: Categorical(**{k: v.expand(2) for k, v in given.items()}),
        lambda **given: OneHotCategorical(**{k: v.expand(2) for k, v in given.items()}),
        lambda **given: Multinomial(3, **{k: v.expand(2) for k, v in given.items()}),
        lambda **given: RelaxedBernoulli(torch.tensor(0.5), **given),
        lambda **given: RelaxedOneHotCategorical(
            torch.tensor(0.5), **{k: v.expand(2) for k, v in given.items()}
        ),
    ],
)
def test_probs_or_logits_whichever_q_was_made_from(make, name):
    for peek in ("", "probs", "logits"):  # the other one is derived when it is first asked for
        q = make(**{name: torch.tensor(0.4)})
        getattr(q, peek, None)
        f = (lambda z: z[..., 0]) if q.event_shape else square
        assert set(gradients.score_function(f, q, 3)) == {name}


def test_a_temperature_is_kept():
    q = RelaxedBernoulli(torch.tensor(0.5), probs=torch.tensor(0.3))
    torch.manual_seed(5)
    kept = gradients.pathwise(lambda z: z, q, 20)["probs"]
    cold = RelaxedBernoulli(torch.tensor(0.1), probs=torch.tensor(0.3))
    torch.manual_seed(5)
    assert not kept.equal(gradients.pathwise(lambda z: z, cold, 20)["probs"])


def test_a_relaxed_coin_by_its_logit_moves_as_the_formula_says():
    q = RelaxedBernoulli(double(0.5), logits=double(0.3))
    torch.manual_seed(5)
    moved = gradients.pathwise(lambda z: z, q, 20)["logits"]
    torch.manual_seed(5)
    z = q.expand([20]).sample()
    assert moved.allclose(z * (1 - z) / 0.5)  # z = sigmoid((logit + noise) / temperature)


def test_whole_numbers_are_welcome_as_rewards():
    has_means(gradients.score_function(lambda z: z.long(), Poisson(double(1.5)), S), {"rate": 1.0})


def test_a_constant_has_gradient_zero():
    for estimate in (gradients.pathwise, gradients.score_function):
        estimates = estimate(lambda z: torch.zeros_like(z), UNIT, 4)
        assert estimates["loc"].shape == (4,) and not estimates["loc"].any()


def test_q_is_left_alone():
    loc = double(1.0).requires_grad_()
    q = Normal(loc, double(1.0))
    gradients.pathwise(square, q, 5)
    assert loc.grad is None and loc.requires_grad and q.loc is not None


ALL = {
    "pathwise": gradients.pathwise,
    "score_function": gradients.score_function,
    "detached": gradients.detached,
    "sticking_the_landing": gradients.sticking_the_landing,
}
each = pytest.mark.parametrize("estimate", ALL.values(), ids=ALL)


@each
def test_the_seed_decides(estimate):
    torch.manual_seed(6)
    one = estimate(square, UNIT, 10)["loc"]
    assert not estimate(square, UNIT, 10)["loc"].equal(one)
    torch.manual_seed(6)
    assert estimate(square, UNIT, 10)["loc"].equal(one)


# Bad input


@pytest.mark.parametrize("case", DISCRETE)
def test_without_rsample_the_message_says_so_and_names_the_way_out(case):
    q, f, _ = DISCRETE[case]
    base = q.base_dist if isinstance(q, Independent) else q
    says = f"q of type {type(base).__name__} has no rsample.*use score_function"
    for estimate in (gradients.pathwise, gradients.sticking_the_landing):
        with pytest.raises(NotImplementedError, match=says):
            estimate(f, q, 3)


@each
@pytest.mark.parametrize("bad", [0, -1, 1.5, "3", None])
def test_num_samples_must_be_a_count(estimate, bad):
    with pytest.raises((ValueError, TypeError), match="num_samples"):
        estimate(square, UNIT, bad)


@each
@pytest.mark.parametrize("bad", [3, None, "normal", Normal], ids=str)
def test_q_must_be_a_distribution(estimate, bad):
    with pytest.raises(TypeError, match=r"\bq must be"):
        estimate(square, bad, 3)


@each
def test_q_must_have_parameters(estimate):
    mixture = MixtureSameFamily(Categorical(PROBS), Normal(torch.zeros(3), torch.ones(3)))
    with pytest.raises(TypeError, match="q of type MixtureSameFamily has no parameters"):
        estimate(square, mixture, 3)


@each
def test_f_must_be_a_function(estimate):
    with pytest.raises(TypeError, match=r"\bf must be"):
        estimate(3.0, UNIT, 3)


@each
@pytest.mark.parametrize(
    "f",
    [lambda z: z.sum(), lambda z: z[None], lambda z: 1.0, lambda z: None, lambda z: z[:2]],
    ids=["a number", "too many dimensions", "a float", "nothing", "too few"],
)
def test_f_must_return_one_value_per_sample(estimate, f):
    with pytest.raises(ValueError, match=re.escape("f must return shape (S, *batch) = (3,), got")):
        estimate(f, UNIT, 3)


@each
def test_f_must_sum_over_the_event(estimate):
    with pytest.raises(ValueError, match=re.escape("= (3, 2), got (3, 2, 2)")):
        estimate(square, PAIRS, 3)


@each
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_f_must_be_finite(estimate, bad):
    with pytest.raises(ValueError, match=re.escape("f(z) must be finite")):
        estimate(lambda z: z + bad, UNIT, 3)


@pytest.mark.parametrize(
    "bad", [math.nan, math.inf, "2", torch.zeros(3, 1), torch.zeros(2), torch.zeros(3, 3)], ids=str
)
def test_a_baseline_must_be_finite_and_fit(bad):
    with pytest.raises((ValueError, TypeError), match="baseline must"):
        gradients.score_function(square, UNIT, 3, bad)
