"""Lesson 09's exercises: right answers, stubs, and wrong ones as a student would write them."""

import math

import torch

from course_utils.lessons import l09_unseen_by_the_objective  # noqa: F401 (makes the exercises)


def stub_1(eigenvalues, sigma2, tau):
    return ...


def stub_2(eigenvalues, level):
    rate = ...
    error = ...
    return rate, error


def stub_4(radius, side):
    raise NotImplementedError


def stub_5(log_joint, log_q, baseline):
    return ...


def by_direction(eigenvalues, sigma2, tau):
    left = (1 - tau) * (eigenvalues - sigma2) + sigma2
    return 0.5 * torch.sum(torch.log(eigenvalues) - torch.log(left))


def no_half(eigenvalues, sigma2, tau):
    return torch.log(eigenvalues / ((1 - tau) * (eigenvalues - sigma2) + sigma2)).sum()


def rooted(eigenvalues, sigma2, tau):
    return by_direction(eigenvalues, math.sqrt(sigma2), tau)


def signal_for_variance(eigenvalues, sigma2, tau):
    return 0.5 * torch.log((eigenvalues + sigma2) / ((1 - tau) * eigenvalues + sigma2)).sum()


def in_bits(eigenvalues, sigma2, tau):
    return 0.5 * torch.log2(eigenvalues / ((1 - tau) * (eigenvalues - sigma2) + sigma2)).sum()


def root_of_tau(eigenvalues, sigma2, tau):
    return by_direction(eigenvalues, sigma2, math.sqrt(tau))


def upside_down(eigenvalues, sigma2, tau):
    left = (1 - tau) * (eigenvalues - sigma2) + sigma2
    return 0.5 * torch.log(left / eigenvalues).sum()


def share_of_noise(eigenvalues, sigma2, tau):
    return 0.5 * torch.log(eigenvalues / (tau * (eigenvalues - sigma2) + sigma2)).sum()


def hidden_forgotten(eigenvalues, sigma2, tau):
    return 0.5 * torch.log((tau * (eigenvalues - sigma2) + sigma2) / sigma2).sum()


def all_is_signal(eigenvalues, sigma2, tau):
    return 0.5 * torch.log(eigenvalues / ((1 - tau) * eigenvalues)).sum()


def filled_by_hand(eigenvalues, level):
    above = eigenvalues > level
    rate = 0.5 * torch.log(eigenvalues[above] / level).sum()
    return rate, above.sum() * level + eigenvalues[~above].sum()


def nothing_by_nothing(eigenvalues, level):
    left = torch.minimum(eigenvalues, torch.full_like(eigenvalues, level))
    return 0.5 * torch.log(eigenvalues / left).sum(), left.sum()


def negative_rates(eigenvalues, level):
    return 0.5 * torch.log(eigenvalues / level).sum(), filled_by_hand(eigenvalues, level)[1]


def discarded_only(eigenvalues, level):
    return filled_by_hand(eigenvalues, level)[0], eigenvalues[eigenvalues <= level].sum()


def coded_only(eigenvalues, level):
    return filled_by_hand(eigenvalues, level)[0], (eigenvalues > level).sum() * level


def level_everywhere(eigenvalues, level):
    rate = filled_by_hand(eigenvalues, level)[0]
    return rate, torch.full_like(eigenvalues, level).sum()


def whole_logarithm(eigenvalues, level):
    rate, error = filled_by_hand(eigenvalues, level)
    return 2 * rate, error


def water_in_bits(eigenvalues, level):
    rate, error = filled_by_hand(eigenvalues, level)
    return rate / math.log(2), error


def kept_over_level(eigenvalues, level):
    kept = torch.clamp(eigenvalues - level, min=0)
    return 0.5 * torch.log1p(kept).sum(), filled_by_hand(eigenvalues, level)[1]


def looped(radius, side, sees=lambda d, c: c < d):
    found = torch.zeros(side**2, side**2, dtype=torch.float64)
    for d in range(side**2):
        for c in range(side**2):
            near = abs(c // side - d // side) <= radius and abs(c % side - d % side) <= radius
            found[d, c] = near and sees(d, c)
    return found


def sees_itself(radius, side):
    return looped(radius, side, lambda d, c: c <= d)


def transposed(radius, side):
    return looped(radius, side, lambda d, c: c > d)


def by_column(radius, side):
    return looped(radius, side, lambda d, c: (c % side, c // side) < (d % side, d // side))


def along_the_row(radius, side):
    found = torch.zeros(side**2, side**2, dtype=torch.float64)
    for d in range(side**2):
        found[d, max(0, d - radius) : d] = 1
    return found


def diamond(radius, side):
    distance = lambda d, c: abs(c // side - d // side) + abs(c % side - d % side)  # noqa: E731
    return looped(radius, side, lambda d, c: c < d and distance(d, c) <= radius)


def whole_square(radius, side):
    return looped(radius, side, lambda d, c: True)


def held_in_a_block(log_joint, log_q, baseline):
    with torch.no_grad():
        advantage = log_joint - log_q - baseline
    return advantage * log_q


def reward_moves(log_joint, log_q, baseline):
    return log_q * (log_joint - log_q - baseline)


def likelihood_only(log_joint, log_q, baseline):
    return log_q * (log_joint.detach() - baseline)


def baseline_multiplies(log_joint, log_q, baseline):
    return baseline * log_q * (log_joint - log_q).detach()


def no_baseline(log_joint, log_q, baseline):
    return log_q * (log_joint - log_q).detach()


def as_a_loss(log_joint, log_q, baseline):
    return -held_in_a_block(log_joint, log_q, baseline)


def chance_for_its_log(log_joint, log_q, baseline):
    return torch.exp(log_q) * (log_joint - log_q - baseline).detach()


def trains_both(log_joint, log_q, baseline):
    return held_in_a_block(log_joint, log_q, baseline) + log_joint


RIGHT = {
    "09.1": by_direction,
    "09.2": filled_by_hand,
    "09.4": looped,
    "09.5": held_in_a_block,
}
STUBS = {"09.1": stub_1, "09.2": stub_2, "09.4": stub_4, "09.5": stub_5}
WRONG = [
    ("09.1", no_half, "A factor 2 too much"),
    ("09.1", rooted, "no root"),
    ("09.1", signal_for_variance, "the noise is in it"),
    ("09.1", in_bits, "In bits"),
    ("09.1", root_of_tau, "τ multiplies its variance"),
    ("09.1", upside_down, "Upside down"),
    ("09.1", share_of_noise, "stays in the noise"),
    ("09.1", hidden_forgotten, "still varies"),
    ("09.1", all_is_signal, "all of λ_i for signal"),
    ("09.2", nothing_by_nothing, "0/0 is no number"),
    ("09.2", negative_rates, "negative rate"),
    ("09.2", discarded_only, "of the directions left out"),
    ("09.2", coded_only, "of the directions coded"),
    ("09.2", level_everywhere, "more than its variance"),
    ("09.2", whole_logarithm, "twice too large"),
    ("09.2", water_in_bits, "In bits"),
    ("09.2", kept_over_level, "what the decoder keeps"),
    ("09.4", sees_itself, "sees itself"),
    ("09.4", transposed, "Transposed"),
    ("09.4", by_column, "Column by column"),
    ("09.4", along_the_row, "Distance in reading order"),
    ("09.4", diamond, "a diamond"),
    ("09.4", whole_square, "Later pixels are seen too"),
    ("09.5", reward_moves, "differentiated too"),
    ("09.5", likelihood_only, "−log q is missing"),
    ("09.5", baseline_multiplies, "is subtracted"),
    ("09.5", no_baseline, "is not used"),
    ("09.5", as_a_loss, "The sign of a loss"),
    ("09.5", chance_for_its_log, "not of q"),
    ("09.5", trains_both, "trains the decoder"),
]
