import math

import pytest
import torch
from torch.distributions import Normal

from course_utils import gradients
from course_utils.kit import Explorer
from course_utils.lessons import l04_reparameterization as lesson

# --- Exercises: the solution, the stub, and wrong answers as a student would write them -----


def stub_1(slope, mu, scale, eps):
    z = ...
    return slope(z) * ..., slope(z) * ...


def stub_2(log_joint, mu, scale, z):
    raise NotImplementedError


def stub_3(reward, score):
    raise NotImplementedError


def stub_4(mu, scale):
    raise NotImplementedError


def pathwise_from_torch(slope, mu, scale, eps):
    z = torch.add(eps * scale, mu)
    return slope(z) * torch.ones_like(eps), eps * slope(z)


def variance_for_scale(slope, mu, scale, eps):
    z = mu + eps * scale * scale
    return slope(z) * 1, slope(z) * eps


def root_of_scale(slope, mu, scale, eps):
    z = mu + math.sqrt(scale) * eps
    return slope(z), eps * slope(z)


def no_chain_rule(slope, mu, scale, eps):
    z = mu + scale * eps
    return slope(z) * 1, slope(z) * 1


def slope_at_noise(slope, mu, scale, eps):
    return slope(eps), eps * slope(eps)


def averaged(slope, mu, scale, eps):
    z = mu + scale * eps
    return torch.mean(slope(z)), torch.mean(slope(z) * eps)


def times_z(slope, mu, scale, eps):
    z = mu + scale * eps
    return slope(z), z * slope(z)


def times_scale(slope, mu, scale, eps):
    z = mu + scale * eps
    return slope(z), scale * slope(z)


def elbo_by_autograd(log_joint, mu, scale, z, detach=True):
    own = torch.full_like(z, mu).requires_grad_()
    log_q = Normal(own, scale).log_prob(z)
    reward = log_joint(z) - log_q
    reward = reward.detach() if detach else reward
    return torch.autograd.grad((reward * log_q).sum(), own)[0]


def reward_not_detached(log_joint, mu, scale, z):
    return elbo_by_autograd(log_joint, mu, scale, z, detach=False)


def averaged_score(log_joint, mu, scale, z):
    return elbo_by_autograd(log_joint, mu, scale, z).mean()


def reward_only(log_joint, mu, scale, z):
    return log_joint(z) - Normal(mu, scale).log_prob(z)


def turned_round(log_joint, mu, scale, z):
    return (log_joint(z) - Normal(mu, scale).log_prob(z)) * (mu - z) / scale**2


def score_over_scale(log_joint, mu, scale, z):
    return (log_joint(z) - Normal(mu, scale).log_prob(z)) * (z - mu) / scale


def no_entropy(log_joint, mu, scale, z):
    return log_joint(z) * (z - mu) / scale**2


def kept_the_second_term(log_joint, mu, scale, z):
    score = (z - mu) / scale**2
    return (log_joint(z) - Normal(mu, scale).log_prob(z)) * score - score


def z_held_fixed(log_joint, mu, scale, z):
    own = torch.full_like(z, mu).requires_grad_()
    value = log_joint(z) - Normal(own, scale).log_prob(z)
    return torch.autograd.grad(value.sum(), own)[0]


def mean_reward(reward, score):
    return reward.sum() / len(reward)


def not_squared(reward, score):
    return (reward * score).sum() / score.sum()


def not_divided(reward, score):
    return torch.mean(reward * score * score)


def one_factor_missing(reward, score):
    return torch.mean(reward * score) / torch.mean(score * score)


def by_covariance(reward, score):
    pair = torch.stack([reward * score, score])
    return pair.cov()[0, 1] / pair.cov()[1, 1]


def by_size(reward, score):
    return (reward * score.abs()).sum() / score.abs().sum()


def bisect(mu, scale, better=lambda path, score: path < score, end=None):
    low, high = 1e-9, end or 2 / scale
    while high - low > 1e-9:
        middle = (low + high) / 2
        if better(*lesson.cos_variances(middle, mu, scale)):
            low = middle
        else:
            high = middle
    return high


def rule_of_thumb(mu, scale):
    return 1 / scale


def without_units(mu, scale):
    return bisect(mu, scale) * scale


def squared(mu, scale):
    return bisect(mu, scale) ** 2 * scale**2


def wrong_half(mu, scale):
    return bisect(mu, scale, better=lambda path, score: path > score)


def without_scale(mu, scale):
    return bisect(mu, scale, end=2)


def too_near(mu, scale):
    return bisect(mu, scale, end=2 * scale)


def variance_as_scale(mu, scale):
    return bisect(mu, scale * scale)


RIGHT = {
    "04.1": pathwise_from_torch,
    "04.2": elbo_by_autograd,
    "04.3": lambda reward, score: (reward * score * score).sum() / score.pow(2).sum(),
    "04.4": bisect,
}
STUBS = {"04.1": stub_1, "04.2": stub_2, "04.3": stub_3, "04.4": stub_4}
WRONG = [
    ("04.1", variance_for_scale, "You squared"),
    ("04.1", root_of_scale, "You took a square root"),
    ("04.1", no_chain_rule, "the factor ∂z/∂s = ε"),
    ("04.1", slope_at_noise, "not at ε"),
    ("04.1", averaged, "one gradient per sample"),
    ("04.1", times_z, "that is ε, not z"),
    ("04.1", times_scale, "∂z/∂ε = s"),
    ("04.2", reward_not_detached, "not detached"),
    ("04.2", averaged_score, "one gradient per sample"),
    ("04.2", reward_only, "the reward alone"),
    ("04.2", turned_round, "sign is turned round"),
    ("04.2", score_over_scale, "The score has s²"),
    ("04.2", no_entropy, "log p(x, z) − log q(z)"),
    ("04.2", kept_the_second_term, "baseline of 1 in disguise"),
    ("04.2", z_held_fixed, "with z held fixed"),
    ("04.3", mean_reward, "the usual choice"),
    ("04.3", not_squared, "never divide by it"),
    ("04.3", not_divided, "Divide by the mean squared score"),
    ("04.3", one_factor_missing, "One factor of the score is missing"),
    ("04.3", by_covariance, "allows for the mean score"),
    ("04.3", by_size, "not their absolute values"),
    ("04.4", rule_of_thumb, "rule of thumb"),
    ("04.4", without_units, "without units"),
    ("04.4", squared, "That is k² s²"),
    ("04.4", wrong_half, "runs to an end"),
    ("04.4", variance_as_scale, "You passed scale²"),
    ("04.4", without_scale, "between 0 and 2."),
    ("04.4", too_near, "between 0 and 2s"),
]


# --- The references, against quadrature and the tested estimators -----------------------------


def under(mu, scale):
    """A grid, and the average under N(mu, scale^2) of values on it."""
    z = torch.linspace(mu - 12 * scale, mu + 12 * scale, 20_001, dtype=torch.float64)
    density = Normal(torch.tensor(mu, dtype=torch.float64), scale).log_prob(z).exp()
    return z, lambda values: torch.trapezoid(density * values, z).item()


def quadrature(h, slope, mu, scale, b=0.0):
    """Mean and variance of both estimators of the gradient in mu."""
    z, average = under(mu, scale)
    moved, weighed = slope(z), (h(z) - b) * (z - mu) / scale**2
    mean = average(moved)
    assert average(weighed) == pytest.approx(mean, abs=1e-8)
    return mean, average(moved**2) - mean**2, average(weighed**2) - mean**2


@pytest.mark.parametrize(("mu", "scale"), [(1.0, 1.0), (0.0, 0.7), (-1.3, 2.0)])
def test_the_variances_are_those_of_quadrature(mu, scale):
    _, *exact = quadrature(lambda z: z**2, lambda z: 2 * z, mu, scale)
    assert lesson.square_variances(mu, scale) == pytest.approx(exact, rel=1e-9)
    for k in (0.1, 1.0, 2.5, 8.0):
        _, *exact = quadrature(
            lambda z, k=k: (k * z).cos(), lambda z, k=k: -k * (k * z).sin(), mu, scale
        )
        assert lesson.cos_variances(k, mu, scale) == pytest.approx(exact, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("k", [0, 1, 2, 4, 8])
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0])
def test_what_the_histograms_are_labelled_with_is_exact_and_the_best_baseline_best(k, scale):
    def h(z):
        return (k * z).cos() if k else z**2

    def slope(z):
        return -k * (k * z).sin() if k else 2 * z

    labelled = [lesson._exact(k, scale, baseline) for baseline in (0, 1, 2)]
    z, average = under(1.0, scale)
    assert [row[1] for row in labelled] == pytest.approx(
        [0, average(h(z)), average(h(z) * (z - 1) ** 2) / scale**2], abs=1e-9
    )
    for gradient, b, moved, weighed in labelled:
        exact = quadrature(h, slope, 1.0, scale, b)
        assert (gradient, moved, weighed) == pytest.approx(exact, rel=1e-8, abs=1e-9)
    assert labelled[2][3] <= min(row[3] for row in labelled) + 1e-12


def test_the_mean_of_h_is_not_always_a_good_baseline():
    variances = [lesson._exact(4, 0.3, baseline)[3] for baseline in (0, 1)]
    assert [round(v, 1) for v in variances] == [3.6, 5.7]


def test_pathwise_and_score_function_are_the_maths_layers():
    def log_joint(z):
        return -((z - 2) ** 2)

    seen = []
    q = Normal(torch.tensor(0.5, dtype=torch.float64), 1.25)
    theirs = gradients.pathwise(lambda z: seen.append(z.detach()) or z.sin(), q, 40)
    eps = (seen[0] - 0.5) / 1.25
    ours = lesson.pathwise(torch.cos, 0.5, 1.25, eps)
    torch.testing.assert_close(ours, (theirs["loc"], theirs["scale"]))
    seen.clear()
    theirs = gradients.score_function(
        lambda z: seen.append(z) or log_joint(z), q, 40, entropy=True
    )["loc"]
    torch.testing.assert_close(lesson.score_function(log_joint, 0.5, 1.25, seen[0]), theirs)


def test_no_other_baseline_is_better_than_the_best():
    torch.manual_seed(0)
    eps = torch.randn(200_000, dtype=torch.float64)
    reward = (1 + eps) ** 2
    b = lesson.best_baseline(reward, eps)
    assert abs(b - 4) < 0.1
    second = [((reward - c) * eps).square().mean() for c in (b - 0.1, b, b + 0.1)]
    assert second[1] < second[0] and second[1] < second[2]


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_the_crossing_is_between_its_two_extremes_for_every_mean(scale):
    for mu in torch.linspace(-3, 3, 25).tolist():
        k = lesson.crossing(mu * scale, scale)
        path, score = lesson.cos_variances(k, mu * scale, scale)
        assert path == pytest.approx(score, rel=1e-6)
        assert 0.851 < k * scale < 1.1095


# --- What the text and the explorers say ------------------------------------------------------


def test_the_step_explorer_has_the_estimators_as_its_limit():
    explorer = lesson.explore_step()
    for draw in (1, 2, 9):
        near, at = (explorer.frame(draw=draw, step=step, scale=0.8) for step in (1e-6, 0.0))
        for panel in ("moved", "weighed"):
            assert near[panel].split("slope")[1] == at[panel].split("slope")[1]


@pytest.mark.parametrize(("step", "scale"), [(0.4, 1.0), (-0.6, 0.8), (0.0, 0.4)])
def test_the_spreads_shown_are_those_of_many_draws(step, scale):
    torch.manual_seed(0)
    eps = torch.randn(100_000, 9, dtype=torch.float64)
    z = 1 + scale * eps
    weights = (Normal(1 + step, scale).log_prob(z) - Normal(1.0, scale).log_prob(z)).exp()
    if step:
        slopes = [((z + step) ** 2 - z**2) / step, (weights - 1) * z**2 / step]
    else:
        slopes = [2 * z, z**2 * eps / scale]
    frame = lesson.explore_step().frame(draw=3, step=step, scale=scale)
    for panel, values in zip(("moved", "weighed"), slopes, strict=True):
        shown = float(frame[panel].split("sd over draws ")[1])
        assert values.mean(1).std().item() == pytest.approx(shown, rel=0.03)


def test_twenty_draws_of_the_nine_differ_and_reweighting_scatters_more():
    explorer = lesson.explore_step()
    slopes = []
    for draw in range(1, 21):
        frame = explorer.frame(draw=draw, step=0.4, scale=1.0)
        texts = [frame[panel].split("slope ")[1] for panel in ("moved", "weighed")]
        slopes.append([float(text.replace(",", " ").split()[0]) for text in texts])
    assert len(set(map(tuple, slopes))) == 20
    moved, weighed = torch.tensor(slopes).std(0)
    assert moved.item() == pytest.approx(0.67, rel=0.4) and weighed > 2 * moved


def test_every_step_is_of_mu_and_the_weights_are_density_ratios():
    frame = lesson.explore_step().frame(draw=1, step=0.4, scale=0.7)
    old, new = (torch.as_tensor(frame[name][0]) for name in ("before", "after"))
    torch.testing.assert_close(new, old + 0.4)
    ratio = (Normal(1.4, 0.7).log_prob(old) - Normal(1.0, 0.7).log_prob(old)).exp()
    torch.testing.assert_close(torch.as_tensor(frame["bars"])[:, 1, 1], ratio, rtol=1e-5, atol=0)


@pytest.mark.parametrize("dims", [1, 2, 8])
def test_the_variances_in_many_dimensions_are_those_of_the_text(dims):
    torch.manual_seed(0)
    z = 1 + torch.randn(400_000, dims, dtype=torch.float64)
    h, n = z.square().sum(1), dims - 1
    assert (h * (z[:, 0] - 1)).var().item() == pytest.approx(30 + 22 * n + 4 * n**2, rel=0.05)
    centred = (h - 2 * dims) * (z[:, 0] - 1)
    assert centred.var().item() == pytest.approx(18 + 6 * n, rel=0.05)


POSTERIOR = Normal(torch.tensor(1.5, dtype=torch.float64), torch.tensor(1 / 3).double().sqrt())


@pytest.fixture(scope="module")
def walks() -> tuple[torch.Tensor, torch.Tensor]:
    """Right and wrong climbs as in the notebook, but shorter: (41, 1000, 2) each."""
    torch.manual_seed(0)

    def climb(estimate, **options):
        state = torch.tensor([0.0, 1.0], dtype=torch.float64).repeat(1000, 1)
        path = [state]
        for _ in range(40):
            mean, scale = state.T
            slopes = estimate(POSTERIOR.log_prob, Normal(mean, scale), 1, **options)
            step = (0.1 * scale * slopes["scale"][0]).exp()
            state = torch.stack([mean + 0.1 * slopes["loc"][0], scale * step], 1)
            path.append(state)
        return torch.stack(path)

    return climb(gradients.pathwise, entropy=True), climb(gradients.detached)


def test_the_wrong_gradient_walks_as_far_as_chance_takes_it(walks):
    log_scale = walks[1][..., 1].log()
    for steps in (10, 40):
        assert log_scale[steps].std().item() == pytest.approx(0.1 * (2 * steps) ** 0.5, rel=0.1)
        assert abs(log_scale[steps].mean()) < 3 * 0.1 * (2 * steps / 1000) ** 0.5


def test_the_explorers_gaps_are_the_kl_and_its_loss_is_above_the_floor_on_average(walks):
    explorer = lesson.explore_descent(*walks, POSTERIOR, -4.637)
    first = explorer.frame(step=0, share=0.5)["gap"].split()
    assert [float(first[i].strip(",")) for i in (-3, -1)] == [3.83, 3.83]
    losses = [explorer.frame(step=40, share=share)["right_loss"][1] for share in lesson.SHARES]
    late = torch.tensor([loss[-1] for loss in losses])
    assert 4.5 < late.mean() < 5.0


def test_the_descent_opens_on_the_median_run(walks):
    explorer = lesson.explore_descent(*walks, POSTERIOR, -4.637)
    assert explorer.values["share"] == 0.5
    ends = torch.distributions.kl_divergence(Normal(*walks[1][-1].unbind(-1)), POSTERIOR)
    for share in lesson.SHARES:
        gap = float(explorer.frame(step=40, share=share)["gap"].split()[-1])
        assert (ends < gap).double().mean().item() == pytest.approx(share, abs=0.02)


def test_a_running_mean_is_of_what_there_is():
    values = torch.arange(6, dtype=torch.float64)[:, None]
    expected = torch.tensor([0, 0.5, 1, 2, 3, 4]).double()[:, None]
    torch.testing.assert_close(lesson._running_mean(values, 3), expected)


# --- Explorers --------------------------------------------------------------------------------

NAMES = ["step", "variance", "descent"]


@pytest.fixture(scope="module")
def explorers(walks) -> dict[str, Explorer]:
    return {
        "step": lesson.explore_step(),
        "variance": lesson.explore_variance(),
        "descent": lesson.explore_descent(*walks, POSTERIOR, -4.637),
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_corner_is_a_frame_with_numbers_and_a_description(explorers, name):
    explorer = explorers[name]
    corners = explorer.corners()
    assert len(corners) >= 4
    for corner in [*corners, *explorer.filmstrip]:
        frame = explorer.frame(**corner)
        alt = frame.pop("alt")
        assert len(alt) > 100 and "nan" not in alt and "inf" not in alt
        for artist, value in frame.items():
            if isinstance(value, str) or any(isinstance(v, str) for v in value):
                assert "nan" not in str(value)
            elif artist not in {"ratio", "right_loss", "wrong_loss"}:  # these may leave the axes
                assert all(torch.as_tensor(v).isfinite().all() for v in value)


@pytest.mark.parametrize("name", NAMES)
def test_every_still_shows_the_default_and_the_filmstrip(explorers, name):
    explorer = explorers[name]
    assert explorer.still().count("<img alt=") == 1 + len(explorer.filmstrip)


@pytest.mark.parametrize("name", NAMES)
def test_moving_a_control_redraws_without_an_error(explorers, name):
    explorer = explorers[name]
    for corner in explorer.corners():
        for control, value in corner.items():
            explorer.controls[control].value = value
        assert explorer.error is None


def test_histograms_hold_every_sample_inside_the_axis():
    frame = lesson.explore_variance().frame(k=8, scale=1.0, baseline=0)
    for name, side in (("moved", 1), ("weighed", -1)):
        outline = torch.as_tensor(frame[name])
        assert (side * outline[:, 1]).min() == 0 and (side * outline[:, 1]).max() == 1


# --- Questions and figures --------------------------------------------------------------------


def test_every_question_has_one_right_answer(walks):
    predictions = [
        lesson.predict_step(),
        lesson.predict_variance(),
        lesson.predict_descent(*walks, POSTERIOR, -4.637),
    ]
    for poll in [lesson.recall(k) for k in (1, 2, 3)] + [p.poll for p in predictions]:
        assert sum(option.right for option in poll.options) == 1


def test_figures_describe_themselves_with_numbers():
    for picture in (lesson.plot_error(), lesson.plot_dimension()):
        assert len(picture.alt) > 100 and any(c.isdigit() for c in picture.alt)
