"""Lesson 08's exercises: right answers, stubs, and wrong ones as a student would write them."""

from math import log

import torch

from course_utils.lessons import l08_beyond_the_elbo  # noqa: F401 (makes the exercises)


def stub_1(log_w):
    return ...


def stub_2(log_w, alpha):
    raise NotImplementedError


def stub_3(log_w, slope, moved):
    return ...


def stub_4(betas, log_ratio):
    return ...


def shifted(log_w):
    top = log_w.max(1, keepdim=True).values
    return top[:, 0] + torch.log(torch.mean(torch.exp(log_w - top), 1))


def mean_of_logs(log_w):
    return torch.sum(log_w, 1) / log_w.size(1)


def no_log_K(log_w):
    return torch.logsumexp(log_w, dim=-1)


def over_points(log_w):
    return torch.logsumexp(log_w, dim=0) - log(log_w.size(0))


def number_of_points(log_w):
    return torch.logsumexp(log_w, dim=1) - log(len(log_w))


def exp_first(log_w):
    return torch.log(torch.sum(torch.exp(log_w), 1) / log_w.size(1))


def averaged(log_w):
    return torch.mean(shifted(log_w))


def renyi_in_order(log_w, alpha):
    if alpha == 1:
        return torch.sum(log_w, 0) / len(log_w)
    power = 1 - alpha
    return torch.logsumexp(power * log_w, 0) / power - log(log_w.size(0)) / power


def with_one(formula):
    def answer(log_w, alpha):
        return log_w.sum(0) / len(log_w) if alpha == 1 else formula(log_w, alpha)

    answer.__name__ = formula.__name__
    return answer


@with_one
def power_alpha(log_w, alpha):
    return (torch.logsumexp(alpha * log_w, 0) - log(len(log_w))) / (1 - alpha)


@with_one
def undivided(log_w, alpha):
    return torch.logsumexp((1 - alpha) * log_w, 0) - log(len(log_w))


@with_one
def summed(log_w, alpha):
    return torch.logsumexp((1 - alpha) * log_w, 0) / (1 - alpha)


@with_one
def always_the_elbo(log_w, alpha):
    return torch.mean((1 - alpha) * log_w, 0) / (1 - alpha)


@with_one
def underflowing(log_w, alpha):
    return torch.log(torch.mean(torch.exp(log_w) ** (1 - alpha), 0)) / (1 - alpha)


def divides_by_zero(log_w, alpha):
    power = torch.as_tensor(1.0 - alpha)
    return (torch.logsumexp(power * log_w, 0) - log(len(log_w))) / power


def weighted(log_w):
    w = torch.exp(log_w - log_w.max())
    return w / w.sum()


def squares_by_hand(log_w, slope, moved):
    return sum(a**2 * b * c for a, b, c in zip(weighted(log_w), slope, moved, strict=True))


def one_weight(log_w, slope, moved):
    return torch.sum(weighted(log_w) * slope * moved)


def normalised_again(log_w, slope, moved):
    squares = weighted(log_w) ** 2
    return torch.sum(squares / squares.sum() * slope * moved)


def raw_weights(log_w, slope, moved):
    return torch.sum(torch.exp(log_w) ** 2 * slope * moved)


def mean_of_paths(log_w, slope, moved):
    return torch.mean(weighted(log_w) ** 2 * slope * moved)


def ends_in_z(log_w, slope, moved):
    return torch.sum(weighted(log_w) ** 2 * slope)


def step_by_step(betas, log_ratio):
    total = torch.zeros_like(log_ratio[0])
    for t in range(1, len(betas)):
        total = total + (betas[t] - betas[t - 1]) * log_ratio[t - 1]
    return total


def after_the_move(betas, log_ratio):
    return torch.sum((betas[1:] - betas[:-1])[:, None] * log_ratio[1:], 0)


def whole_beta(betas, log_ratio):
    return torch.sum(betas[1:].unsqueeze(1) * log_ratio[:-1], 0)


def mean_over_steps(betas, log_ratio):
    return step_by_step(betas, log_ratio) / (len(betas) - 1)


def last_missing(betas, log_ratio):
    return step_by_step(betas[:-1], log_ratio[:-1])


def trapezoid(betas, log_ratio):
    width = (betas[1:] - betas[:-1])[:, None]
    return torch.sum(width * (log_ratio[1:] + log_ratio[:-1]) / 2, 0)


RIGHT = {"08.1": shifted, "08.2": renyi_in_order, "08.3": squares_by_hand, "08.4": step_by_step}
STUBS = {"08.1": stub_1, "08.2": stub_2, "08.3": stub_3, "08.4": stub_4}
WRONG = [
    ("08.1", mean_of_logs, "A mean of logarithms"),
    ("08.1", no_log_K, "subtract log K"),
    ("08.1", over_points, "A row is a data point"),
    ("08.1", number_of_points, "K is the number of columns"),
    ("08.1", exp_first, "0 in every float"),
    ("08.1", averaged, "One bound per data point"),
    ("08.2", power_alpha, "The power of w is 1 − α"),
    ("08.2", undivided, "1/(1 − α) is missing"),
    ("08.2", summed, "before you divide"),
    ("08.2", always_the_elbo, "every α is the ELBO"),
    ("08.2", underflowing, "0 in every float"),
    ("08.2", divides_by_zero, "At α = 1"),
    ("08.3", one_weight, "Its mean is another w̃"),
    ("08.3", normalised_again, "normalised again"),
    ("08.3", raw_weights, "not normalised"),
    ("08.3", mean_of_paths, "not a mean"),
    ("08.3", ends_in_z, "dz/dφ is missing"),
    ("08.4", after_the_move, "before the move"),
    ("08.4", whole_beta, "in place of the step"),
    ("08.4", mean_over_steps, "not their mean"),
    ("08.4", last_missing, "up to β = 1"),
    ("08.4", trapezoid, "no longer p(x)"),
]
