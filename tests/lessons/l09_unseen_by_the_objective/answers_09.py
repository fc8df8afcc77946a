"""Lesson 09's exercises: right answers, stubs, and wrong ones as a student would write them."""

import math

import torch

from course_utils.lessons import l09_unseen_by_the_objective  # noqa: F401 (makes the exercises)


def stub_1(eigenvalues, sigma2, tau):
    return ...


def stub_2(eigenvalues, budget):
    level = ...
    error = ...
    return level, error


def stub_4(radius, side):
    raise NotImplementedError


def stub_5(log_joint, log_q):
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


def direction_by_direction(eigenvalues, budget):
    """The closed form for the m largest, for the m that fits."""
    values = eigenvalues.sort(descending=True).values
    values = values[values > 0]
    for m in range(len(values), 0, -1):
        level = torch.exp((values[:m].log().sum() - 2 * budget) / m)
        if values[m - 1] >= level:
            return level, m * level + values[m:].sum()


def level_by_bisection(eigenvalues, rate, budget):
    low, high = 1e-12, float(eigenvalues.max())
    for _ in range(90):
        middle = 0.5 * (low + high)
        if rate(middle) < budget:
            high = middle
        else:
            low = middle
    return middle


def evenly(eigenvalues, budget):
    errors = eigenvalues / math.exp(2 * budget / len(eigenvalues))
    return max(errors), sum(errors)


def lost(eigenvalues, level):
    return torch.minimum(eigenvalues, torch.full_like(eigenvalues, level)).sum()


def negative_rates(eigenvalues, budget):
    rate = lambda s: 0.5 * torch.log(eigenvalues / s).sum()  # noqa: E731
    level = level_by_bisection(eigenvalues, rate, budget)
    return level, lost(eigenvalues, level)


def whole_logarithm(eigenvalues, budget):
    level = direction_by_direction(eigenvalues, budget / 2)[0]
    return level, lost(eigenvalues, level)


def water_in_bits(eigenvalues, budget):
    return direction_by_direction(eigenvalues, budget * math.log(2))


def kept_over_level(eigenvalues, budget):
    rate = lambda s: 0.5 * torch.log1p(torch.clamp(eigenvalues - s, min=0)).sum()  # noqa: E731
    level = level_by_bisection(eigenvalues, rate, budget)
    return level, lost(eigenvalues, level)


def discarded_only(eigenvalues, budget):
    level, _ = direction_by_direction(eigenvalues, budget)
    return level, eigenvalues[eigenvalues < level].sum()


def coded_only(eigenvalues, budget):
    level, _ = direction_by_direction(eigenvalues, budget)
    return level, level * torch.sum(eigenvalues > level)


def level_everywhere(eigenvalues, budget):
    level, _ = direction_by_direction(eigenvalues, budget)
    return level, level * eigenvalues.numel()


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


def held_in_a_block(log_joint, log_q):
    S = log_q.shape[0]
    with torch.no_grad():
        reward = log_joint - log_q
        advantage = S / (S - 1) * (reward - reward.mean(dim=0, keepdim=True))
    return torch.mean(advantage * log_q, dim=0)


def as_given(log_joint, log_q):
    reward = log_joint - log_q
    baseline = reward.mean()
    return ((reward - baseline) * log_q).mean(0)


def only_held(log_joint, log_q):
    reward = (log_joint - log_q).detach()
    return ((reward - reward.mean()) * log_q).mean(0)


def own_included(log_joint, log_q):
    reward = (log_joint - log_q).detach()
    return ((reward - reward.mean(0)) * log_q).mean(0)


def over_all_draws(log_joint, log_q):
    reward = (log_joint - log_q).detach()
    baseline = torch.stack([reward.sum(0) - one for one in reward]) / len(reward)
    return ((reward - baseline) * log_q).mean(0)


def reward_moves(log_joint, log_q):
    reward = log_joint - log_q
    baseline = (reward.sum(0) - reward) / (len(reward) - 1)
    return ((reward - baseline) * log_q).mean(0)


def likelihood_only(log_joint, log_q):
    reward = log_joint.detach()
    baseline = (reward.sum(0) - reward) / (len(reward) - 1)
    return ((reward - baseline) * log_q).mean(0)


def no_baseline(log_joint, log_q):
    return ((log_joint - log_q).detach() * log_q).mean(0)


def as_a_loss(log_joint, log_q):
    return -held_in_a_block(log_joint, log_q)


def summed(log_joint, log_q):
    return log_q.shape[0] * held_in_a_block(log_joint, log_q)


def trains_both(log_joint, log_q):
    return held_in_a_block(log_joint, log_q) + log_joint.mean(0)


RIGHT = {
    "09.1": by_direction,
    "09.3": direction_by_direction,
    "09.2": looped,
    "09.6": held_in_a_block,
}
STUBS = {"09.1": stub_1, "09.3": stub_2, "09.2": stub_4, "09.6": stub_5}
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
    ("09.3", evenly, "The same nats for all"),
    ("09.3", negative_rates, "negative rate"),
    ("09.3", whole_logarithm, "twice too large"),
    ("09.3", water_in_bits, "in bits"),
    ("09.3", kept_over_level, "what the decoder keeps"),
    ("09.3", discarded_only, "of the directions left out"),
    ("09.3", coded_only, "of the directions coded"),
    ("09.3", level_everywhere, "more than its variance"),
    ("09.2", sees_itself, "sees itself"),
    ("09.2", transposed, "Transposed"),
    ("09.2", by_column, "Column by column"),
    ("09.2", along_the_row, "Distance in reading order"),
    ("09.2", diamond, "a diamond"),
    ("09.2", whole_square, "Later pixels are seen too"),
    ("09.6", as_given, "the one given"),
    ("09.6", only_held, "One baseline an image"),
    ("09.6", own_included, "in its own baseline"),
    ("09.6", over_all_draws, "you divide by S"),
    ("09.6", reward_moves, "differentiated too"),
    ("09.6", likelihood_only, "−log q is missing"),
    ("09.6", no_baseline, "without a baseline"),
    ("09.6", as_a_loss, "The sign of a loss"),
    ("09.6", summed, "S times"),
    ("09.6", trains_both, "trains the decoder"),
]
