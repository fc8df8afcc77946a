import math

import pytest
import torch
from torch import nn
from torch.distributions import Normal

from course_utils import data, training
from course_utils.kit import Explorer
from course_utils.lessons import l00_neural_regression as lesson

# --- Exercises: the solution, the stub, and wrong answers as a student would write them -----


def stub_1(f, t, h):
    return (f(...) - f(...)) / ...


def stub_2(x, mean, sigma2):
    return 0.5 * ... + 0.5 * ...


def stub_3(scale):
    raise NotImplementedError


def stub_4(features):
    raise NotImplementedError


def forward(f, t, h):
    slope = f(t + h) - f(t)
    return slope / h


def backward(f, t, h):
    return (f(t) - f(t - h)) / h


def run_too_short(f, t, h):
    right, left = f(t + h), f(t - h)
    return (right - left) / h


def precedence(f, t, h):
    return (f(t + h) - f(t - h)) / 2 * h


def turned_round(f, t, h):
    return (f(t - h) - f(t + h)) / (2 * h)


def added(f, t, h):
    return (f(t + h) + f(t - h)) / (2 * h)


def variance_as_scale(x, mean, sigma2):
    return -Normal(mean, sigma2).log_prob(x)


def square_alone(x, mean, sigma2):
    return (x - mean) ** 2 / (2 * sigma2)


def without_two_pi(x, mean, sigma2):
    return 0.5 * (x - mean) ** 2 / sigma2 + torch.log(sigma2.sqrt())


def log_not_halved(x, mean, sigma2):
    return (x - mean) ** 2 / (2 * sigma2) + math.log(2 * math.pi * sigma2)


def square_not_halved(x, mean, sigma2):
    return (x - mean) ** 2 / sigma2 + 0.5 * torch.log(2 * torch.pi * sigma2)


def likelihood(x, mean, sigma2):
    return Normal(mean, sigma2.sqrt()).log_prob(x)


def averaged(x, mean, sigma2):
    return torch.mean((x - mean) ** 2 / (2 * sigma2) + 0.5 * math.log(2 * math.pi * sigma2))


def summed(x, mean, sigma2):
    return -Normal(mean, sigma2.sqrt()).log_prob(x).sum()


def scale_as_variance(scale):
    return 0.5 * math.log(2 * math.pi * math.e * scale)


def without_e(scale):
    return 0.5 * torch.log(2 * torch.pi * scale**2)


def whole_log(scale):
    return torch.log(2 * torch.pi * math.e * scale**2)


def bits(scale):
    return 0.5 * math.log2(2 * math.pi * math.e * scale**2)


def sign(scale):
    return -(0.5 + 0.5 * math.log(2 * math.pi) + scale.log())


def squared_error(scale):
    return scale * scale


def hessian(features):
    return 2 * features.T @ features / len(features)


def no_factor_2(features):
    return 2 / torch.linalg.eigvalsh(features.T @ features / features.shape[0])[-1]


def sum_of_squares(features):
    return 2 / torch.linalg.eigvalsh(2 * features.T @ features).max()


def neither(features):
    return 2 / torch.linalg.svdvals(features)[0] ** 2


def one_over(features):
    return 1 / torch.linalg.eigvalsh(hessian(features))[-1]


def smallest(features):
    return 2 / torch.linalg.eigvalsh(hessian(features))[0]


def trace(features):
    return 2 / torch.trace(hessian(features))


def curvature(features):
    return torch.linalg.eigvalsh(hessian(features))[-1]


RIGHT = {
    "00.1": lambda f, t, h: 0.5 * (f(t + h) / h - f(t - h) / h),
    "00.2": lambda x, mean, sigma2: -Normal(mean, sigma2.sqrt()).log_prob(x),
    "00.3": lambda scale: Normal(0.0, scale).entropy(),
    "00.4": lambda features: len(features) / torch.linalg.svdvals(features)[0] ** 2,
}
STUBS = {"00.1": stub_1, "00.2": stub_2, "00.3": stub_3, "00.4": stub_4}
WRONG = [
    ("00.1", forward, "forward difference"),
    ("00.1", backward, "backward difference"),
    ("00.1", run_too_short, "distance of 2h"),
    ("00.1", precedence, "/ (2 * h)"),
    ("00.1", turned_round, "sign"),
    ("00.1", added, "minus, not plus"),
    ("00.2", variance_as_scale, "variance already"),
    ("00.2", square_alone, "½ log 2πσ² is missing"),
    ("00.2", without_two_pi, "2π is missing"),
    ("00.2", log_not_halved, "in front of the logarithm"),
    ("00.2", square_not_halved, "in front of the square"),
    ("00.2", likelihood, "turn the sign"),
    ("00.2", averaged, "the mean over the points"),
    ("00.2", summed, "the sum over the points"),
    ("00.3", scale_as_variance, "square it"),
    ("00.3", without_e, "The e is missing"),
    ("00.3", whole_log, "The ½ is missing"),
    ("00.3", bits, "in bits"),
    ("00.3", sign, "The sign is turned"),
    ("00.3", squared_error, "floor of the squared error"),
    ("00.4", no_factor_2, "Twice too large"),
    ("00.4", sum_of_squares, "factor N"),
    ("00.4", neither, "Hessian ΦᵀΦ"),
    ("00.4", one_over, "Half the limit"),
    ("00.4", smallest, "smallest eigenvalue"),
    ("00.4", trace, "trace"),
    ("00.4", curvature, "λ_max itself"),
]


# --- The references ---------------------------------------------------------------------------


def test_central_difference_is_exact_for_parabolas_and_of_second_order():
    t = torch.linspace(-2, 2, 5, dtype=torch.float64)
    torch.testing.assert_close(lesson.central_difference(lambda t: 3 * t**2, t, 0.5), 6 * t)
    coarse, fine = (lesson.central_difference(torch.sin, t, h) - t.cos() for h in (0.02, 0.01))
    torch.testing.assert_close(coarse / fine, torch.full_like(t, 4.0), rtol=1e-3, atol=0)


def test_gaussian_nll_is_the_distributions():
    x, mean, sigma2 = torch.randn(7, 1), torch.randn(7, 1), torch.tensor(0.3)
    expected = -Normal(mean, sigma2.sqrt()).log_prob(x)
    torch.testing.assert_close(lesson.gaussian_nll(x, mean, sigma2), expected)


def test_floor_in_nats_is_the_entropy_and_zero_at_the_stated_scale():
    scale = torch.tensor([0.1, 0.242, 3.0])
    torch.testing.assert_close(lesson.floor_in_nats(scale), Normal(0.0, scale).entropy())
    zero = lesson.floor_in_nats(torch.tensor(1 / math.sqrt(2 * math.pi * math.e)))
    assert abs(zero) < 1e-6


@pytest.mark.parametrize("factor", [0.99, 1.01])
def test_descent_converges_below_the_largest_stable_rate_and_not_above(factor):
    features = torch.randn(50, 3, dtype=torch.float64)
    lr = factor * lesson.largest_stable_lr(features).item()
    curvature = 2 * features.T @ features / len(features)
    best, start = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    last = lesson.descend(curvature, best, start, lr, 1000)[-1].norm()
    assert last < 1e-6 if factor < 1 else last > 1e6


# --- What the text and the explorers say ------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rounding_and_truncation_bound_the_difference_quotient(dtype):
    unit = torch.finfo(dtype).eps / 2
    steps = [10 ** (-k / 4) for k in range(0, 61)]
    for h in steps:
        truncation = math.expm1(h) / h - 1 - h / 2  # beyond the first term, h/2
        assert lesson.difference_error(h, dtype)[1] <= h / 2 + truncation + 3.5 * unit / h + unit
    best = min(steps, key=lambda h: lesson.difference_error(h, dtype)[1])
    assert 0.2 < best / math.sqrt(6 * unit) < 5
    assert lesson.autograd_error(dtype) <= unit


def test_loss_is_noise_plus_miss():
    sample = data.sine(200_000, seed=5)
    x, g = sample.x, 0.9 * sample.z
    expected = 0.1**2 + (sample.z.sin() - g).square().mean()
    assert abs((x - g).square().mean() - expected) < 1e-3


def test_nll_is_smallest_when_the_variance_is_the_mse():
    x = torch.randn(1000, dtype=torch.float64)
    mse = x.square().mean()
    nll = [lesson.gaussian_nll(x, torch.zeros(()), s * mse).mean() for s in (0.99, 1, 1.01)]
    assert nll[1] < nll[0] and nll[1] < nll[2]
    torch.testing.assert_close(nll[1], 0.5 * (2 * math.pi * math.e * mse).log())


def mse(decoder: nn.Module, z: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return (x - decoder(z)).square().mean()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_twenty_passes_in_minibatches_come_within_one_per_cent_of_the_floor(seed):
    sample = data.sine(10_000)
    z, x = sample.z.float(), sample.x.float()
    torch.manual_seed(seed)
    decoder = nn.Sequential(nn.Linear(1, 20), nn.GELU(), nn.Linear(20, 1))
    settings = {"num_steps": 2000, "batch_size": 100, "lr": 0.03, "decay": True}
    training.fit(decoder, lambda z, x: mse(decoder, z, x), z, x, progress=False, **settings)
    floor = (x - z.sin()).square().mean()
    assert 0.99 < mse(decoder, z, x) / floor < 1.01


# --- Explorers --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def points() -> tuple[torch.Tensor, torch.Tensor]:
    sample = data.sine(10_000)
    return sample.z.float(), sample.x.float()


@pytest.fixture(scope="module")
def decoders() -> list[nn.Module]:
    torch.manual_seed(0)
    return [nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 1)) for _ in range(3)]


@pytest.fixture(scope="module")
def choices(points) -> tuple[torch.Tensor, ...]:
    """The arguments of explore_choices, from a shorter training than the lesson's."""
    test = data.sine(1000, seed=1)
    z, x = test.z.float(), test.x.float()
    inputs = torch.cat([lesson.GRID, z])
    return lesson.train_choices(*points, inputs, num_steps=200, every=50), *points, z, x


@pytest.fixture(scope="module")
def explorers(points, decoders, choices) -> dict[str, Explorer]:
    z, x = points
    features = torch.cat([z, z**3], 1).double()
    return {
        "step": lesson.explore_step(),
        "rate": lesson.explore_rate(features, x.double()),
        "choices": lesson.explore_choices(*choices),
        "beyond": lesson.explore_beyond(decoders, z, x),
    }


@pytest.mark.parametrize("name", ["step", "rate", "choices", "beyond"])
def test_every_corner_is_a_finite_frame_with_a_description(explorers, name):
    explorer = explorers[name]
    corners = explorer.corners()
    assert len(corners) >= 2
    for corner in [*corners, *explorer.filmstrip]:
        frame = explorer.frame(**corner)
        assert len(frame.pop("alt")) > 50
        for value in frame.values():
            if not isinstance(value, str) and not any(isinstance(v, str) for v in value):
                assert all(torch.as_tensor(v).isfinite().all() for v in value)


@pytest.mark.parametrize("name", ["step", "rate", "choices", "beyond"])
def test_every_still_shows_the_default_and_the_filmstrip(explorers, name):
    explorer = explorers[name]
    assert explorer.still().count("<img alt=") == 1 + len(explorer.filmstrip)


def test_the_exact_rates_are_those_of_the_descent(explorers):
    frame = explorers["rate"].frame(lr=0.05, num_steps=80)
    for measured, exact in (("flat", "exact_flat"), ("steep", "exact_steep")):
        t, errors = frame[measured]
        early = errors > 1e-12  # below, rounding takes over
        torch.testing.assert_close(errors[early], frame[exact][1][t][early], rtol=1e-2, atol=0)


def test_the_rate_question_has_the_numbers_of_the_data():
    sample = data.sine(10_000)
    features = torch.cat([sample.z, sample.z**3], 1)
    curvature = torch.linalg.eigvalsh(2 * features.T @ features / len(features))
    assert [round(v, 2) for v in curvature.tolist()] == [0.74, 31.9]
    assert abs(lesson.largest_stable_lr(features) - 0.063) < 5e-4
    assert abs(4 / curvature.sum() - 0.123) < 5e-4


def test_the_question_of_what_lies_beyond_has_the_range_of_the_data(points):
    z, _ = points
    assert (round(z.min().item(), 1), round(z.max().item(), 1)) == (-3.6, 3.4)


def test_no_choice_beats_the_sine_and_sigmoid_under_sgd_is_far_from_it(points):
    test = data.sine(10_000, seed=2)
    z, x = test.z.float(), test.x.float()
    last = lesson.train_choices(*points, z, every=1000)[-1]
    assert last.shape == (4, 2, 4, 10_000, 1)
    average, error = lesson.mean_and_error((last - x).square() - (z.sin() - x).square())
    assert (average / error).min() > -3
    assert (average[0, :, 3] > 0.02).all()
    # What is measured is noise plus miss, up to the cross term's chance.
    miss = (last - z.sin()).square().mean((-2, -1))
    assert ((average - miss).abs() < 4 * 2 * 0.1 * (miss / len(z)).sqrt()).all()


def test_the_choices_show_measured_errors_with_their_bars(explorers, choices):
    predictions, _, _, z, x = choices
    frame = explorers["choices"].frame(activation="tanh", optimizer="SGD, α = 0.1", layers=2)
    squares = (predictions[:, 0, 1, 2, len(lesson.GRID) :, 0] - x[:, 0]).square()  # (T, M)
    score, error = squares.mean(1), squares.std(1) / len(x) ** 0.5
    torch.testing.assert_close(frame["score"][1], score)
    bars = torch.as_tensor(frame["bars"])
    torch.testing.assert_close(bars[:, 0, 1].float(), score - 2 * error)
    torch.testing.assert_close(bars[:, 1, 1].float(), score + 2 * error)
    assert f"{score[-1]:.4f} ± {2 * error[-1]:.4f}" in frame["end_label"]
    assert f"the sine itself scores {(x - z.sin()).square().mean():.4f}" in frame["alt"]


def test_networks_trained_side_by_side_are_networks_trained_alone(points):
    z, x = points
    grid = torch.linspace(-2, 2, 5)[:, None]
    fits = lesson.train_choices(z, x, grid, num_steps=100, every=100)[-1]
    torch.manual_seed(0)
    first, second, last = nn.Linear(1, 20), nn.Linear(20, 20), nn.Linear(20, 1)
    alone = nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), last)
    optimizer = torch.optim.Adam(alone.parameters(), lr=0.03)
    for step, rows in enumerate(torch.randperm(len(z)).split(100)):
        optimizer.param_groups[0]["lr"] = 0.03 * (1 + math.cos(math.pi * step / 100)) / 2
        optimizer.zero_grad()
        mse(alone, z[rows], x[rows]).backward()
        optimizer.step()
    torch.testing.assert_close(fits[3, 1, 2], alone(grid).detach(), rtol=0, atol=1e-3)


# --- Questions and figures --------------------------------------------------------------------


def test_every_question_has_one_right_answer(points, decoders):
    z, x = points
    polls = [lesson.recall(k) for k in (1, 2, 3)] + [lesson.poll_perfect(), lesson.poll_few()]
    features = torch.cat([z, z**3], 1).double()
    predictions = [
        lesson.predict_step(),
        lesson.predict_rate(features, x.double()),
        lesson.predict_beyond(decoders, z, x),
    ]
    for poll in polls + [prediction.poll for prediction in predictions]:
        assert sum(option.right for option in poll.options) == 1


def test_figures_describe_themselves_with_numbers(points, decoders):
    z, x = points
    pictures = [
        lesson.plot_data(z, x),
        lesson.plot_fit(z, x, decoders[0], "Before training"),
        lesson.plot_training([0.4, 0.1, 0.011], floor=0.01),
        lesson.plot_density(scale=0.1),
        lesson.plot_few(z[:20], x[:20], decoders[0], [0.1, 0.001], [0.1, 0.02], every=20),
    ]
    for picture in pictures:
        assert len(picture.alt) > 50 and any(c.isdigit() for c in picture.alt)
