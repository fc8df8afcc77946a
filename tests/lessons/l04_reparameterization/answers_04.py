"""The exercises of lesson 04: right answers, the stubs, and wrong ones as a student would write them."""

import math

import torch
from torch.distributions import Normal

from course_utils.lessons.l04_reparameterization.estimators import cos_variances


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
        if better(*cos_variances(middle, mu, scale)):
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
