"""Lesson 00's exercises: the solution, the stub, and wrong answers as a student would write them."""

import math

import torch
from torch.distributions import Normal


def stub_1(f, t, h):
    return (f(...) - f(...)) / ...


def stub_2(x, mean, sigma2):
    raise NotImplementedError


def stub_3(scales):
    raise NotImplementedError


def stub_4(features):
    raise NotImplementedError


def stub_5(curvature, keep):
    raise NotImplementedError


def stub_6(z, share, sigma2):
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


def half_a_root(x, mean, sigma2):
    return (x - mean) ** 2 / (2 * sigma2) + 0.5 * torch.log(2 * torch.pi * torch.sqrt(sigma2))


def variance_for_scale_in_log(x, mean, sigma2):
    return (x - mean) ** 2 / (2 * sigma2) + math.log(math.sqrt(2 * math.pi)) + torch.log(sigma2)


def likelihood(x, mean, sigma2):
    return Normal(mean, sigma2.sqrt()).log_prob(x)


def averaged(x, mean, sigma2):
    return torch.mean((x - mean) ** 2 / (2 * sigma2) + 0.5 * math.log(2 * math.pi * sigma2))


def summed(x, mean, sigma2):
    return -Normal(mean, sigma2.sqrt()).log_prob(x).sum()


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


def one_less(features):
    H = 2 * features.T @ features / (features.shape[0] - 1)
    return 2 / torch.linalg.eigvalsh(H)[-1]


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
    "00.1": lambda f, t, h: 0.5 * (f(t + h) / h - f(t - h) / h),
    "00.2": lambda x, mean, sigma2: -Normal(mean, sigma2.sqrt()).log_prob(x),
    "00.3": lambda scales: Normal(0.0, scales).entropy().mean(),
    "00.4": lambda features: len(features) / torch.linalg.svdvals(features)[0] ** 2,
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
    ("00.2", half_a_root, "the root is taken once"),
    ("00.2", variance_for_scale_in_log, "half of its logarithm"),
    ("00.3", scale_as_variance, "square them"),
    ("00.3", one_variance, "the same variance"),
    ("00.3", mean_width, "averaged the widths"),
    ("00.3", entropies_summed, "the sum over the points"),
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
    ("00.4", one_less, "N − 1"),
    ("00.5", no_momentum, "without momentum"),
    ("00.5", steady_slope, "steady slope"),
    ("00.5", wrong_side, "wrong side"),
    ("00.5", half_the_rate, "Half of it"),
    ("00.5", curvature_twice, "λ enters once"),
    ("00.6", likelier_branch, "likelier branch"),
    ("00.6", one_branch, "The other branch counts"),
    ("00.6", noise_alone, "noise alone"),
    ("00.6", noise_forgotten, "σ² is missing"),
    ("00.6", second_moment, "squared mean"),
    ("00.6", scale_added, "not with its standard deviation"),
]
