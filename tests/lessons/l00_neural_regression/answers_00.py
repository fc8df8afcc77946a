"""Lesson 00's exercises: the solution, the stub, and wrong answers as a student would write them."""

import math

import torch
from torch.distributions import Normal


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
