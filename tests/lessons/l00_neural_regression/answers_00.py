"""Lesson 00's exercises: the solution, the stub, and wrong answers as a student would write them."""

import math

import torch
from torch.distributions import Normal


def stub_1(f, t, h):
    raise NotImplementedError


def stub_2(residuals):
    raise NotImplementedError


def stub_3(scales):
    raise NotImplementedError


def stub_4(lr, factors):
    raise NotImplementedError


def stub_5(curvature, keep):
    raise NotImplementedError


def stub_6(z, share, sigma2):
    raise NotImplementedError


def forward(f, t, h):
    slope = f(t + h) - f(t)
    return slope / h


def step_of_two(f, t, h):
    return 0.5 * (forward(f, t, h) + (f(t + 2 * h) - f(t + h)) / h)


def central(f, t, h):
    return (f(t + h) - f(t - h)) / (2 * h)


def twice(f, t, h):
    return (4 * f(t + h) - f(t + 2 * h) - 3 * f(t)) / h


def precedence(f, t, h):
    return (4 * f(t + h) - f(t + 2 * h) - 3 * f(t)) / 2 * h


def turned_round(f, t, h):
    return (3 * f(t) - 4 * f(t + h) + f(t + 2 * h)) / (2 * h)


def other_end(f, t, h):
    return (1.5 * f(t + 2 * h) - 2 * f(t + h) + 0.5 * f(t)) / h


def wrong_way_round(f, t, h):
    return 2 * step_of_two(f, t, h) - forward(f, t, h)


def thirds(f, t, h):
    return (4 * forward(f, t, h) - forward(f, t, 2 * h)) / 3


def edge(f, t, h):
    return 2 * forward(f, t, h) - step_of_two(f, t, h)


def laplace(residuals, b=None):
    b = residuals.abs().mean() if b is None else b
    return (residuals.abs() / b + torch.log(2 * b)).mean()


def without_one(residuals):
    return math.log(2 * residuals.abs().mean())


def without_two(residuals):
    b = residuals.abs().mean()
    return (residuals.abs() / b + b.log()).mean()


def gaussian(residuals):
    return -Normal(0, residuals.square().mean().sqrt()).log_prob(residuals).mean()


def same_variance(residuals):
    return laplace(residuals, residuals.square().mean().sqrt() / math.sqrt(2))


def root_mean_square(residuals):
    return laplace(residuals, residuals.square().mean().sqrt())


def median_width(residuals):
    return laplace(residuals, residuals.abs().median())


def standard_deviation(residuals):
    return laplace(residuals, residuals.std())


def no_best_width(residuals):
    return residuals.abs().mean() + math.log(2)


def own_widths(residuals):
    return 1 + torch.log(2 * residuals.abs()).mean()


def likelihood(residuals):
    return -laplace(residuals)


def summed(residuals):
    return laplace(residuals) * len(residuals)


def scale_as_variance(scales):
    return torch.mean(0.5 * torch.log(2 * math.pi * math.e * scales))


def one_variance(scales):
    return 0.5 * torch.log(2 * math.pi * math.e * (scales**2).mean())


def mean_width(scales):
    return Normal(0.0, scales.mean()).entropy()


def without_e(scales):
    return 0.5 * torch.log(2 * torch.pi * scales**2).mean()


def whole_log(scales):
    return torch.log(2 * torch.pi * math.e * scales**2).mean()


def bits(scales):
    return Normal(0.0, scales).entropy().mean() / math.log(2)


def sign(scales):
    return -(0.5 + 0.5 * math.log(2 * math.pi) + scales.log()).mean()


def entropies_summed(scales):
    return Normal(0.0, scales).entropy().sum()


def squared_error(scales):
    return (scales * scales).mean()


def rates(lr, factors, limit=2.0):
    curvatures = sorted((1 - factors) / lr)
    return limit / curvatures[-1], 2 / (curvatures[0] + curvatures[-1])


def sign_dropped(lr, factors):
    return rates(lr, factors.abs())


def rate_forgotten(lr, factors):
    return rates(1, factors)


def sign_turned(lr, factors):
    return rates(lr, -factors)


def flattest(lr, factors):
    return 2 * lr / (1 - factors.max()), rates(lr, factors)[1]


def half_the_limit(lr, factors):
    return rates(lr, factors, limit=1)


def no_rates(lr, factors):
    limit, fastest = rates(lr, factors)
    return 2 / limit, 1 / fastest


def steep_alone(lr, factors):
    return rates(lr, factors)[0], rates(lr, factors)[0] / 2


def flat_alone(lr, factors):
    return rates(lr, factors)[0], lr / (1 - factors.max())


def mean_curvature(lr, factors):
    return rates(lr, factors)[0], lr / (1 - factors).mean()


def half_the_fastest(lr, factors):
    return rates(lr, factors)[0], rates(lr, factors)[1] / 2


def other_order(lr, factors):
    limit, fastest = rates(lr, factors)
    return fastest, limit


def momentum(curvature, keep):
    return (2 + 2 * keep) / curvature


def no_momentum(curvature, keep):
    return 2 / curvature


def steady_slope(curvature, keep):
    return 2 / curvature * (1 - keep)


def wrong_side(curvature, keep):
    return 2 / curvature / (1 + keep)


def half_the_rate(curvature, keep):
    return (1 + keep) / curvature


def curvature_twice(curvature, keep):
    return 2 * (1 + keep) / curvature / curvature


def two_branches(z, share, sigma2):
    mean = share * z.sin() - (1 - share) * z.sin()
    return mean, 4 * share * (1 - share) * z.sin() ** 2 + sigma2


def branch_and_noise(z, share, sigma2):
    return torch.sin(z), sigma2 * torch.ones_like(z)


def branch_and_its_error(z, share, sigma2):
    return z.sin(), sigma2 + (1 - share) * (2 * z.sin()) ** 2


def share_and_noise(z, share, sigma2):
    return share * z.sin(), sigma2 * torch.ones_like(z)


def sides_one_apart(z, share, sigma2):
    return two_branches(z, share, sigma2)[0], share * (1 - share) * z.sin() ** 2 + sigma2


def coin_with_zero(z, share, sigma2):
    mean = share * z.sin()
    return mean, share * z.sin() ** 2 - mean**2 + sigma2


def likelier_branch(z, share, sigma2):
    return z.sin(), two_branches(z, share, sigma2)[1]


def one_branch(z, share, sigma2):
    return share * torch.sin(z), two_branches(z, share, sigma2)[1]


def noise_alone(z, share, sigma2):
    return two_branches(z, share, sigma2)[0], torch.full_like(z, sigma2)


def noise_forgotten(z, share, sigma2):
    return two_branches(z, share, sigma2)[0], 4 * share * (1 - share) * z.sin() ** 2


def second_moment(z, share, sigma2):
    return two_branches(z, share, sigma2)[0], z.sin() ** 2 + sigma2


def scale_added(z, share, sigma2):
    return two_branches(z, share, sigma2**0.5)


RIGHT = {
    "00.1": edge,
    "00.2": laplace,
    "00.3": lambda scales: Normal(0.0, scales).entropy().mean(),
    "00.4": rates,
    "00.5": momentum,
    "00.6": two_branches,
}
STUBS = {
    "00.1": stub_1,
    "00.2": stub_2,
    "00.3": stub_3,
    "00.4": stub_4,
    "00.5": stub_5,
    "00.6": stub_6,
}
WRONG = [
    ("00.1", forward, "forward difference again"),
    ("00.1", step_of_two, "the step 2h"),
    ("00.1", central, "f has no value"),
    ("00.1", twice, "Twice too large"),
    ("00.1", precedence, "/ (2 * h)"),
    ("00.1", turned_round, "sign"),
    ("00.1", other_end, "the other end"),
    ("00.1", wrong_way_round, "wrong way round"),
    ("00.1", thirds, "falls with h²"),
    ("00.2", without_one, "The 1 is missing"),
    ("00.2", without_two, "The 2 of"),
    ("00.2", gaussian, "the Gaussian's score"),
    ("00.2", same_variance, "the residuals' variance"),
    ("00.2", root_mean_square, "root mean square"),
    ("00.2", median_width, "a median"),
    ("00.2", standard_deviation, "standard deviation"),
    ("00.2", no_best_width, "b = 1"),
    ("00.2", own_widths, "its own b"),
    ("00.2", likelihood, "turn the sign"),
    ("00.2", summed, "the sum over the points"),
    ("00.3", scale_as_variance, "square them"),
    ("00.3", one_variance, "the same variance"),
    ("00.3", mean_width, "averaged the widths"),
    ("00.3", entropies_summed, "the sum over the points"),
    ("00.3", without_e, "The e is missing"),
    ("00.3", whole_log, "The ½ is missing"),
    ("00.3", bits, "in bits"),
    ("00.3", sign, "The sign is turned"),
    ("00.3", squared_error, "floor of the squared error"),
    ("00.4", sign_dropped, "dropped the sign"),
    ("00.4", rate_forgotten, "αλ, not λ"),
    ("00.4", sign_turned, "the sign is turned"),
    ("00.4", flattest, "flattest direction"),
    ("00.4", half_the_limit, "Half the limit"),
    ("00.4", no_rates, "Those are curvatures"),
    ("00.4", steep_alone, "too careful"),
    ("00.4", flat_alone, "flat direction alone"),
    ("00.4", mean_curvature, "two extreme curvatures"),
    ("00.4", half_the_fastest, "half of it"),
    ("00.4", other_order, "in the other order"),
    ("00.5", no_momentum, "without momentum"),
    ("00.5", steady_slope, "steady slope"),
    ("00.5", wrong_side, "wrong side"),
    ("00.5", half_the_rate, "Half of it"),
    ("00.5", curvature_twice, "λ enters once"),
    ("00.6", branch_and_noise, "one branch and its noise"),
    ("00.6", branch_and_its_error, "a smaller one is possible"),
    ("00.6", share_and_noise, "The mean has both branches"),
    ("00.6", coin_with_zero, "between sin z and 0"),
    ("00.6", likelier_branch, "likelier branch"),
    ("00.6", one_branch, "The other branch counts"),
    ("00.6", sides_one_apart, "lie 2 sin z apart"),
    ("00.6", noise_alone, "noise alone"),
    ("00.6", noise_forgotten, "σ² is missing"),
    ("00.6", second_moment, "squared mean"),
    ("00.6", scale_added, "not with its standard deviation"),
]
